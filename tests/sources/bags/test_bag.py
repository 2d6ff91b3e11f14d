"""Recordings of robots, as rosbags writes them: which topics, from where, how far."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.bags import HUMBLE, KINDS, SECOND, START, Written, imu_messages, write_bag
from tests.support.motions import motion

from sensorium import sources
from sensorium.errors import (
    EmptyPerceptError,
    MediaDecodeError,
    PerceptError,
    PerceptFormatError,
    PerceptValueError,
    SourceNotFoundError,
    TimeError,
)
from sensorium.percepts import IMU

TEXT = HUMBLE.types["std_msgs/msg/String"]


def motions(path: Path, **options: Any) -> list[IMU]:
    found = list(sources.open(path, **options))
    walks = [percept for percept in found if isinstance(percept, IMU)]
    assert len(walks) == len(found)
    return walks


@pytest.mark.parametrize("kind", KINDS)
def test_motion_is_exact_in_every_kind_of_file(kind: str, tmp_path: Path) -> None:
    """The samples are those written, their times the stamps, and the reading says so."""
    samples = motion(300)
    path = write_bag(tmp_path, imu_messages(samples), kind)
    [walk] = motions(path)
    np.testing.assert_array_equal(walk.samples, samples.astype(np.float32))
    np.testing.assert_allclose(walk.times, np.arange(300) / 100, atol=1e-9)
    assert walk.at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)
    assert walk.uri == f"{path.as_uri()}#topic=/imu/data&log_time={START + 3_000_000}"
    assert walk.reading == {
        "topic": "/imu/data",
        "type": "sensor_msgs/Imu",
        "accel": "linear_acceleration [m/s^2]",
        "gyro": "angular_velocity [rad/s]",
        "time": "header.stamp",
        "messages": 300,
        "at": "header.stamp",
        "log_time": START + 3_000_000,
        "number": 1,
    }


def test_files_of_a_recording_without_its_folder(tmp_path: Path) -> None:
    """A storage file alone, and a folder whose metadata is lost, are read all the same."""
    for kind, suffix in (("mcap", "mcap"), ("sqlite3", "db3")):
        folder = tmp_path / kind
        folder.mkdir()
        path = write_bag(folder, imu_messages(motion(50)), kind)
        assert len(motions(path / f"run.{suffix}")) == 1
        (path / "metadata.yaml").unlink()
        assert len(motions(path)) == 1


def test_topics_are_chosen(tmp_path: Path) -> None:
    """All that are known by default; those named otherwise; others are listed in the error."""
    messages = [
        *imu_messages(motion(50, seed=1), topic="/left"),
        *imu_messages(motion(50, seed=2), topic="/right"),
        Written("/log", START, TEXT("hello")),
    ]
    path = write_bag(tmp_path, sorted(messages, key=lambda each: each.log_time))
    assert {walk.reading["topic"] for walk in motions(path)} == {"/left", "/right"}
    [right] = motions(path, topics=["/right"])
    np.testing.assert_array_equal(right.samples, motion(50, seed=2).astype(np.float32))
    with pytest.raises(PerceptFormatError, match=r"/up .* which has /left \(sensor_msgs/Imu\)"):
        motions(path, topics=["/up"])
    with pytest.raises(PerceptFormatError, match=r"/log \(std_msgs/String\)"):
        motions(path, topics=["/log"])


def test_a_recording_of_other_things_has_nothing_to_read(tmp_path: Path) -> None:
    """The error lists what is there and what could be read."""
    path = write_bag(tmp_path, [Written("/log", START, TEXT("hello"))])
    with pytest.raises(EmptyPerceptError, match=r"/log \(std_msgs/String\); needed .*Imu"):
        motions(path)


def test_stretches_end_at_pauses_and_when_they_are_long(tmp_path: Path) -> None:
    """No sample is lost or doubled; a pause of 2 s separates, one of 0.5 s is a gap."""
    samples = motion(400)
    first = imu_messages(samples[:100])
    second = imu_messages(samples[100:250], start=START + int(1.5 * SECOND))
    third = imu_messages(samples[250:], start=START + 5 * SECOND)
    path = write_bag(tmp_path, [*first, *second, *third])
    short, last = motions(path)
    assert (len(short.samples), len(last.samples), len(short.gaps)) == (250, 150, 1)
    pieces = motions(path, stretch=1.0)
    assert [len(piece.samples) for piece in pieces] == [100, 100, 50, 100, 50]
    np.testing.assert_array_equal(
        np.concatenate([piece.samples for piece in pieces]), samples.astype(np.float32)
    )


def test_a_message_alone_is_left_out(tmp_path: Path) -> None:
    """One sample is no motion; whoever asks is told, and the rest is read."""
    path = write_bag(
        tmp_path,
        [*imu_messages(motion(1)), *imu_messages(motion(50), start=START + 9 * SECOND)],
    )
    told: list[sources.MessageFailure] = []
    assert len(motions(path)) == 1
    assert len(motions(path, on_failure=told.append)) == 1
    assert [(each.topic, each.log_time) for each in told] == [("/imu/data", START + 3_000_000)]


def test_reading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """`skip` gives exactly the rest; `since` and `until` are log times."""
    path = write_bag(tmp_path, imu_messages(motion(500), late=0))
    every = motions(path, stretch=1.0)
    assert [walk.reading["number"] for walk in every] == [1, 2, 3, 4, 5]
    assert motions(path, stretch=1.0, skip=2) == every[2:]
    later = datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc) + timedelta(seconds=2)
    [middle] = motions(path, since=later, until=START + 3 * SECOND)
    assert middle.samples.tolist() == every[2].samples.tolist()
    assert middle.at == later
    [same] = motions(path, since=every[2].reading["log_time"], until=START + 3 * SECOND)
    assert same == middle


def test_progress_counts_the_messages_of_the_topics(tmp_path: Path) -> None:
    """It counts up to all of them and ends there; other topics do not count."""
    messages = [*imu_messages(motion(2500)), Written("/log", START + 60 * SECOND, TEXT("hello"))]
    told: list[tuple[int, int]] = []
    motions(write_bag(tmp_path, messages), progress=lambda done, total: told.append((done, total)))
    assert told == [(1000, 2500), (2000, 2500), (2500, 2500)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_recording_raises_our_errors_alone(kind: str, tmp_path: Path) -> None:
    """Wherever bytes are damaged or missing."""
    path = write_bag(tmp_path, imu_messages(motion(500)), kind)
    file = path if path.is_file() else next(f for f in path.iterdir() if f.stem == "run")
    whole = file.read_bytes()
    for place in np.linspace(0, len(whole) - 5000, 20).astype(int):
        file.write_bytes(whole[:place] + b"\xff" * 60 + whole[place + 60 :])
        with suppress(PerceptError):
            list(sources.bag(file, stretch=1.0))
        file.write_bytes(whole[:place])
        with pytest.raises(MediaDecodeError, match=r"if it was cut off, run: "):
            list(sources.bag(file))


def test_a_damaged_recording_gives_what_came_before(tmp_path: Path) -> None:
    """Also the stretch that had only begun."""
    file = write_bag(tmp_path, imu_messages(motion(20_000)), "ros1")
    whole = file.read_bytes()
    place = whole.rindex(b"sensor") - 200  # in the last chunk, before its last message
    file.write_bytes(whole[:place] + b"\xff" * 60 + whole[place + 60 :])
    walks = sources.bag(file, stretch=60)
    lengths = [next(walks).duration for _ in range(4)]
    assert lengths[:3] == pytest.approx([60, 60, 60])
    assert lengths[3] is not None
    assert 10 < lengths[3] < 20
    with pytest.raises(MediaDecodeError, match="rosbag reindex"):
        next(walks)


def test_wrong_arguments_fail_at_once(tmp_path: Path) -> None:
    """Before anything is read."""
    path = write_bag(tmp_path, imu_messages(motion(10)))
    wrong: list[Any] = ["/imu/data", {"/imu/data": "g"}, [], 3]
    for topics in wrong:
        with pytest.raises(PerceptFormatError, match="topics="):
            sources.bag(path, topics=topics)
    with pytest.raises(PerceptValueError, match="skip=-1"):
        sources.bag(path, skip=-1)
    with pytest.raises(PerceptValueError, match="stretch=0"):
        sources.bag(path, stretch=0)
    with pytest.raises(TimeError, match="since="):
        sources.bag(path, since=datetime(2024, 1, 1))
    with pytest.raises(SourceNotFoundError, match="nothing is"):
        sources.bag(tmp_path / "none.bag")
    with pytest.raises(PerceptFormatError, match="'topic'; needed options among limits"):
        sources.open(path, topic="/imu/data")
    with pytest.raises(PerceptFormatError, match="'acc'"):
        motions(path, topics={"/imu/data": {"acc": "g"}})


def test_a_message_of_another_layout_is_one_failure(tmp_path: Path) -> None:
    """Bytes that are not of the topic's type are left out of the motion, if somebody is told."""
    file = write_bag(tmp_path, imu_messages(motion(100))) / "run.mcap"
    whole = file.read_bytes()
    place = whole.index(b"sensor\x00", whole.index(b"sensor\x00") + 7) - 4  # length of a name
    file.write_bytes(whole[:place] + b"\xff\xff\xff\x7f" + whole[place + 4 :])
    told: list[sources.MessageFailure] = []
    [walk] = motions(file, on_failure=told.append)
    assert (len(walk.samples), len(told)) == (99, 1)
    with pytest.raises(MediaDecodeError, match="a message of /imu/data that is not"):
        motions(file)


def test_without_rosbags_the_line_to_type_is_said(tmp_path: Path) -> None:
    """One error, which names the extra; other files are opened all the same."""
    path = write_bag(tmp_path, imu_messages(motion(10)))
    (tmp_path / "a.txt").write_text("hello")
    code = (
        "import sys\nfor name in ('rosbags', 'rosbags.highlevel'): sys.modules[name] = None\n"
        "from sensorium import sources\nfrom sensorium.errors import MissingExtraError\n"
        f"print(len(list(sources.open({str(tmp_path / 'a.txt')!r}))))\n"
        f"try:\n    sources.open({str(path)!r})\n"
        "except MissingExtraError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("1\n")
    assert 'pip install "sensorium[bags]"' in done.stdout
