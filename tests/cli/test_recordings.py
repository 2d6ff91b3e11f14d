"""`sensorium remember` of recordings of robots: each percept a memory of its own time."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.bags import (
    KINDS,
    SECOND,
    START,
    Written,
    image,
    imu_messages,
    odometry,
    write_bag,
)
from tests.support.command_line import DOG, run, run_json
from tests.support.motions import motion
from tests.support.recorded_folders import tum

from sensorium.cli.files import find_files
from sensorium.cli.recordings import read_recording
from sensorium.cli.remembering import share_of

DEPTH = "/camera/depth/image"


def recording(folder: Path, kind: str = "mcap") -> Path:
    """A motion of 3 s, and two depth maps without their camera."""
    folder.mkdir(exist_ok=True)
    maps = []
    for time in (START, START + SECOND):
        values = np.full((8, 8), 1000 + time % 7, np.uint16)
        maps.append(Written(DEPTH, time, image(values, "16UC1", stamp=time)))
    return write_bag(folder, [*imu_messages(motion(300)), *maps], kind)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_percept_becomes_a_memory(kind: str, tmp_path: Path) -> None:
    """At its own time; what is known is left as it is when the command runs again."""
    path = recording(tmp_path / "robot", kind)
    topics = ("--topic", "/imu/data", "--topic", f"{DEPTH} fx=30 every=0.5")
    done = run_json("remember", path, *topics, "--tag", "robot")
    assert (done["new"], done["failures"]) == (3, [])
    records = run_json("timeline", "--oldest-first")["records"]
    assert [each["at"][:19] for each in records] == [
        "2023-11-14T22:13:20",
        "2023-11-14T22:13:20",
        "2023-11-14T22:13:21",
    ]
    assert {each["reading"]["topic"] for each in done["records"]} == {"/imu/data", DEPTH}
    assert {each["dated_by"] for each in done["records"]} == {"the file's own times"}
    known = run("remember", path, *topics).stdout.splitlines()
    assert known == [
        f"{path.name}: 2 depth, 1 imu, at {datetime.fromtimestamp(START // SECOND):%Y-%m-%d %H:%M}",
        "3 known: 2 depth, 1 imu; left as they were",
    ]


def test_what_fails_is_said_in_the_words_of_the_command(tmp_path: Path) -> None:
    """And the rest is kept; the remedy works."""
    path = recording(tmp_path / "robot")
    done = run_json("remember", path, code=1)
    assert done["new"] == 1
    [failure] = done["failures"]
    assert failure["error"]["remedy"].startswith("pass fx=525, ")
    assert failure["error"]["remedy"].endswith(f': --topic "{DEPTH} option=value"')
    assert run_json("remember", path, "--topic", f"{DEPTH} fx=525")["new"] == 2


def test_a_pose_is_kept(tmp_path: Path) -> None:
    """Where a picture was seen from stands in the metadata, beside those of the command."""
    metres = np.linspace(1, 2, 48 * 64).reshape(48, 64)
    tum(tmp_path / "tum", metres, motion(200)[:, :3])
    run("remember", tmp_path / "tum", "--fx", "60", "--as", "depth", "--meta", "room=lab")
    [record] = run_json("timeline")["records"]
    assert record["metadata"]["pose"]["position"] == [0.5, 2.0, -1.0]
    assert record["metadata"]["room"] == "lab"


def test_progress_is_that_of_the_recording(tmp_path: Path) -> None:
    """Messages of one alone; among several files, the share of each."""
    path = recording(tmp_path / "robot")
    [found], _ = find_files([path])
    told: list[tuple[int, int]] = []
    options = {"topics": ["/imu/data"]}
    list(read_recording(found, options, print, lambda done, total: told.append((done, total))))
    assert told[-1] == (300, 300)
    shares: list[tuple[int, int | None]] = []
    share = share_of(lambda done, total: shares.append((done, total)), 1, 4)
    assert share is not None
    share(150, 300)
    assert shares == [(1500, 4000)]
    alone = share_of(lambda done, total: shares.append((done, total)), 0, 1)
    assert alone is not None
    alone(150, 300)
    assert shares[-1] == (150, 300)
    assert share_of(None, 0, 1) is None


def test_looking_says_what_is_in_it(tmp_path: Path) -> None:
    """Each topic with its number, times and units, and how much could not be read."""
    path = recording(tmp_path / "robot")
    [seen] = run_json("look", path, "--topic", "/imu/data", "--topic", f"{DEPTH} fx=30")["files"]
    motion_, depth = seen["parts"]["/imu/data"], seen["parts"][DEPTH]
    assert (motion_["modality"], motion_["count"], motion_["seconds"]) == ("imu", 1, 3.0)
    assert motion_["taken"]["accel"] == "linear_acceleration [m/s^2]"
    assert depth["count"] == 2
    assert [depth[end][:19] for end in ("first", "last")] == [
        "2023-11-14T22:13:20",
        "2023-11-14T22:13:21",
    ]
    [seen] = run_json("look", path, code=1)["files"]
    assert seen["failed"]["count"] == 2
    assert list(seen["parts"]) == ["/imu/data"]
    text = run("look", path, code=1).stdout
    assert "1 imu, 3.0 s, 2023-11-14" in text


def test_recordings_are_found_in_folders(tmp_path: Path) -> None:
    """Beside other files; a folder that is one recording is taken whole."""
    recording(tmp_path / "robot", "ros1")
    (tmp_path / "robot" / "dog.jpg").write_bytes(DOG.read_bytes())
    done = run_json("remember", tmp_path / "robot", "--topic", "/imu/data")
    assert (done["new"], done["failures"]) == (2, [])


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    """One id for many, one record of many, topics that are none."""
    path = recording(tmp_path / "robot")
    assert "--id" in run("remember", path, "--id", "one", code=2).stderr
    together = ["--together", "--topic", f"{DEPTH} fx=30", "--topic", "/imu/data"]
    assert "many observations" in run("remember", path, *together, code=1).stderr
    assert "no file here has topics" in run("remember", DOG, "--topic", "/imu", code=2).stderr
    assert "--topic" in run("remember", path, "--topic", "imu", code=2).stderr
    assert "which has /camera" in run("remember", path, "--topic", "/imu", code=1).stderr


def robot(folder: Path) -> Path:
    """Two pictures with depth maps near them, motion, and where the robot was."""
    folder.mkdir(exist_ok=True)
    near = SECOND // 50
    written = []
    for index, time in enumerate((START + SECOND, START + 2 * SECOND)):
        colours = np.full((8, 8, 3), 60 + index, np.uint8)
        depths = np.full((8, 8), 1000 + index, np.uint16)
        written += [
            Written("/colour", time, image(colours, "rgb8", stamp=time)),
            Written(DEPTH, time + near, image(depths, "16UC1", stamp=time + near)),
            Written("/odom", time, odometry((index, 2.0, 0.0), (0.0, 0.0, 0.0, 1.0), stamp=time)),
        ]
    messages = [*imu_messages(motion(400), late=0), *written]
    return write_bag(folder, sorted(messages, key=lambda each: each.log_time))


def test_what_belongs_together_is_one_memory(tmp_path: Path) -> None:
    """Picture, depth and motion of a moment, with the pose among the metadata; never doubled."""
    path = robot(tmp_path / "robot")
    topics = ("--topic", "/colour", "--topic", f"{DEPTH} fx=30", "--topic", "/imu/data")
    asked = ("--together-within", "0.05", "--pose", "/odom", *topics, "--meta", "run=7")
    done = run_json("remember", path, *asked)
    assert (done["new"], done["failures"]) == (2, [])
    first, second = run_json("timeline", "--oldest-first")["records"]
    assert first["modalities"] == ["depth", "image", "imu"]
    assert (first["at"][:19], second["at"][:19]) == ("2023-11-14T22:13:21", "2023-11-14T22:13:22")
    assert second["metadata"]["run"] == 7
    assert second["metadata"]["pose"]["position"] == [1.0, 2.0, 0.0]
    assert run_json("remember", path, *asked)["known"] == 2


def test_the_pose_of_single_percepts_is_kept(tmp_path: Path) -> None:
    """Without moments, too; the remedies of a wrong pose are options."""
    path = robot(tmp_path / "robot")
    run_json("remember", path, "--pose", "/odom", "--topic", "/colour")
    records = run_json("timeline", "--oldest-first")["records"]
    assert [each["metadata"]["pose"]["position"][0] for each in records] == [0.0, 1.0]
    assert "--together-within" in run("remember", path, "--around", "/colour", code=2).stderr
    done = run_json("remember", path, "--pose", "odom:a", code=1)
    assert done["failures"][0]["error"]["remedy"].startswith("write --pose /odom, or --pose ")


KILLED = """
import os, signal, sys
from sensorium.cli import app
from sensorium.mini import MiniEncoder

encode, batches = MiniEncoder.try_encode, []

def counted(self, percepts, /):
    batches.append(len(percepts))
    if len(batches) > 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return encode(self, percepts)

MiniEncoder.try_encode = counted
app(sys.argv[1:])
"""


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on(tmp_path: Path) -> None:
    """What was written before stays, and the same command again adds the rest, nothing twice."""
    (tmp_path / "robot").mkdir()
    stamps = [START + number * SECOND // 10 for number in range(60)]
    maps = [
        Written(DEPTH, stamp, image(np.full((8, 8), 900 + i, np.uint16), "16UC1", stamp=stamp))
        for i, stamp in enumerate(stamps)
    ]
    path = write_bag(tmp_path / "robot", maps, "ros1")
    asked = ("remember", str(path), "--topic", f"{DEPTH} fx=30")
    cut = subprocess.run([sys.executable, "-c", KILLED, *asked], capture_output=True, check=False)
    assert cut.returncode == -signal.SIGKILL
    kept = run_json("stats")["records"]
    assert 0 < kept < 60
    done = run_json(*asked)
    assert (done["known"], done["new"]) == (kept, 60 - kept)
    records = run_json("timeline", "--limit", "100")["records"]
    assert len({each["at"] for each in records}) == len(records) == 60


def test_a_run_that_was_cut_short_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same command again encodes what is missing, and nothing twice."""
    from sensorium.mini import MiniEncoder

    path = recording(tmp_path / "robot")
    asked = (path, "--topic", f"{DEPTH} fx=30")
    whole = run_json("remember", *asked, "--topic", "/imu/data", "--memory", str(tmp_path / "all"))
    run_json("remember", *asked)
    encoded: list[int] = []
    encode = MiniEncoder.try_encode

    def counted(self: MiniEncoder, percepts: Any, /) -> Any:
        encoded.append(len(percepts))
        return encode(self, percepts)

    monkeypatch.setattr(MiniEncoder, "try_encode", counted)
    done = run_json("remember", *asked, "--topic", "/imu/data")
    assert (done["new"], done["known"], sum(encoded)) == (1, 2, 1)
    assert {each["id"] for each in done["records"]} == {each["id"] for each in whole["records"]}
