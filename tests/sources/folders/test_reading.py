"""How folders are read: parts, options, where to go on, and what is wrong with them."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support import recorded_folders as folders
from tests.support.motions import G, planted
from tests.support.recorded_folders import BEGIN, START

from sensorium import sources
from sensorium.errors import (
    EmptyPerceptError,
    MediaDecodeError,
    PerceptError,
    PerceptFormatError,
    PerceptShapeError,
    PerceptValueError,
    SourceNotFoundError,
    SourceRefusedError,
    TimeError,
    UnitError,
)
from sensorium.percepts import IMU, Depth, Percept

METRES = np.linspace(0.5, 4.0, 12 * 16).reshape(12, 16)


def opened(path: Path, **options: Any) -> list[Percept]:
    return list(sources.open(path, **options))


def test_parts_are_chosen_with_their_options(tmp_path: Path) -> None:
    """Options of a part go before those of the folder, and both before the layout's own."""
    folder = folders.tum(tmp_path, METRES, planted(50)[:, :3])
    parts = {"depth": {"unit": 1 / 1000, "every": 0.3}, "rgb": None}
    found = opened(folder, parts=parts, every=0.5, fx=20)
    named = [percept.reading["part"] for percept in found]
    assert (named.count("depth"), named.count("rgb"), len(named)) == (4, 2, 6)
    depth = next(percept for percept in found if isinstance(percept, Depth))
    np.testing.assert_allclose(depth.metres(), METRES * 5, atol=1e-3)
    assert depth.reading["unit"] == "0.001"
    assert [percept.reading["part"] for percept in opened(folder, parts=["imu"])] == ["imu"]


def test_what_is_not_known_is_an_error(tmp_path: Path) -> None:
    """Options and parts that there are stand in the message."""
    folder = folders.tum(tmp_path, METRES, planted(50)[:, :3])
    with pytest.raises(PerceptFormatError, match="one that is there: depth, rgb, imu"):
        opened(folder, parts=["lidar"])
    with pytest.raises(PerceptFormatError, match=r'parts=\["depth", "rgb"\]|parts=\[\'depth'):
        opened(folder, parts="depth")
    with pytest.raises(PerceptFormatError, match=r"among .*every.*stretch"):
        opened(folder, evry=2)
    with pytest.raises(PerceptFormatError, match="the part 'rgb' with the option 'fx'"):
        opened(folder, parts={"rgb": {"fx": 20}})
    with pytest.raises(PerceptFormatError, match="every=-1"):
        opened(folder, every=-1)
    with pytest.raises(PerceptValueError, match="stretch=0"):
        opened(folder, stretch=0)
    with pytest.raises(PerceptFormatError, match="one that it has: tum"):
        opened(folder, layout="euroc")


def test_stretches_end_at_pauses_and_when_they_are_long(tmp_path: Path) -> None:
    """No sample is lost or doubled; a pause of 2 s separates, one of 0.5 s is a gap."""
    samples = planted(800)
    folder = folders.euroc(tmp_path, samples)
    times = np.array(folders.even(800, 200))
    times[200:] += 500_000_000
    times[600:] += 2_000_000_000
    path = folder / "mav0/imu0/data.csv"
    folders.table(path, folders.EUROC_HEADER, list(map(str, times)), samples[:, [3, 4, 5, 0, 1, 2]])
    first, second = opened(folder, parts=["imu0"])
    assert isinstance(first, IMU)
    assert isinstance(second, IMU)
    assert (len(first.samples), len(first.gaps), len(second.samples)) == (600, 1, 200)
    assert second.at is not None
    assert abs(second.at - BEGIN - timedelta(seconds=5.5)) <= timedelta(microseconds=1)
    pieces = [each for each in opened(folder, parts=["imu0"], stretch=0.8) if isinstance(each, IMU)]
    assert [len(piece.samples) for piece in pieces] == [160, 60, 160, 160, 60, 160, 40]
    together = np.concatenate([piece.samples for piece in pieces])
    np.testing.assert_allclose(together, samples, atol=1e-6)


def test_going_on_gives_the_rest(tmp_path: Path) -> None:
    """Whoever skips what was kept has the same percepts, with the same numbers; all is counted."""
    folder = folders.euroc(tmp_path, planted(400))
    told: list[tuple[int, int]] = []
    whole = opened(folder, every=0.1, stretch=0.5, progress=lambda *done: told.append(done))
    assert told[-1] == (432, 432)  # lines
    kept = whole[6].reading["number"]
    rest = opened(folder, every=0.1, stretch=0.5, skip=kept)
    assert rest == whole[7:]
    assert [each.reading["number"] for each in rest] == list(range(8, len(whole) + 1))


def test_a_picture_that_is_not_there_is_named(tmp_path: Path) -> None:
    """By default it stops the reading; whoever wants to be told goes on without it."""
    folder = folders.tum(tmp_path, METRES, planted(50)[:, :3])
    (folder / "rgb" / "1700000000.300000.png").unlink()
    with pytest.raises(SourceNotFoundError, match=r"line 7 of .*rgb\.txt.*1700000000\.300000\.png"):
        opened(folder, every=0, parts=["rgb"])
    told: list[sources.MessageFailure] = []
    found = opened(folder, every=0, parts=["rgb"], on_failure=told.append)
    assert len(found) == 9
    assert [(each.topic, each.log_time) for each in told] == [("rgb", START + 300_000_000)]


def test_a_packet_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A line of times without its file is no sample that could be left out without a word."""
    folder = folders.kitti(tmp_path, planted(20))
    (folder / "oxts/data/0000000007.txt").unlink()
    with pytest.raises(SourceNotFoundError, match=r"line 8 of .*timestamps.*0000000007\.txt"):
        opened(folder)
    folders.write(folder / "oxts/data/0000000007.txt", ["1 2 3"])
    with pytest.raises(PerceptShapeError, match="with 3 numbers; needed 30"):
        opened(folder)


def test_an_empty_list_says_what_to_do(tmp_path: Path) -> None:
    """And what it says works."""
    folder = folders.tum(tmp_path, METRES, planted(50)[:, :3])
    folders.write(folder / "rgb.txt", ["# color images", "# timestamp filename"])
    with pytest.raises(EmptyPerceptError, match=r"part 'rgb'.*parts=\[\.\.\.\]"):
        opened(folder, fx=20)
    assert len(opened(folder, parts=["depth", "imu"], fx=20)) == 2


def test_a_list_leads_nowhere_else(tmp_path: Path) -> None:
    """Names with .., absolute ones and links out of the folder are refused."""
    secret = folders.picture(tmp_path / "secret.png", folders.grey(1))
    folder = folders.tum(tmp_path / "in", METRES, planted(50)[:, :3])
    link = folder / "rgb" / "link.png"
    link.symlink_to(secret)
    for name in ("../secret.png", str(secret), "rgb/link.png"):
        folders.write(folder / "rgb.txt", [f"1700000000.0 {name}"])
        with pytest.raises(SourceRefusedError, match="outside of the folder"):
            opened(folder, roots=[folder])


def test_a_folder_of_two_layouts_asks_for_one(tmp_path: Path) -> None:
    """Each of those that the message names is then read."""
    folders.tum(tmp_path, METRES, planted(50)[:, :3])
    folders.euroc(tmp_path, planted(200))
    with pytest.raises(MediaDecodeError, match='layout="tum" or layout="euroc"'):
        opened(tmp_path)
    assert len(opened(tmp_path, layout="euroc", parts=["imu0"])) == 1
    assert len(opened(tmp_path, layout="tum", parts=["imu"])) == 1


def test_a_missing_gyroscope_has_to_be_said(tmp_path: Path) -> None:
    """Where the layout does not say that there is none."""
    folder = folders.sensor_logger(tmp_path, planted(100), np.tile([0, 0, G], (100, 1)))
    (folder / "Gyroscope.csv").unlink()
    with pytest.raises(PerceptShapeError, match=r'no gyroscope.*gyro="none"'):
        opened(folder, parts=["imu"])
    [walk] = opened(folder, parts=["imu"], gyro="none")
    assert isinstance(walk, IMU)
    assert not walk.has_gyro


def test_units_that_the_numbers_contradict_are_refused(tmp_path: Path) -> None:
    """With the part, and a remedy that works."""
    samples = planted(200)
    samples[:, :3] /= G
    folder = folders.euroc(tmp_path, samples, header="")
    with pytest.raises(UnitError, match=r'part imu0.*pass accel="g"'):
        opened(folder, parts=["imu0"])
    [walk] = opened(folder, parts={"imu0": {"accel": "g"}})
    assert isinstance(walk, IMU)
    np.testing.assert_allclose(walk.samples[:, :3], samples[:, :3] * G, atol=1e-5)


def test_ios_without_standard_units_asks_for_the_unit(tmp_path: Path) -> None:
    """The app says then that its accelerations are as the phone has them."""
    folder = folders.sensor_logger(tmp_path, planted(100), np.tile([0, 0, G], (100, 1)))
    text = (folder / "Metadata.csv").read_text().replace("android,true", "ios,false")
    (folder / "Metadata.csv").write_text(text)
    with pytest.raises(UnitError, match="without the unit of accel"):
        opened(folder, parts=["imu"])
    assert len(opened(folder, parts=["imu"], accel="m/s^2")) == 1


def test_sensors_without_a_time_in_common_are_refused(tmp_path: Path) -> None:
    """Tables of two recordings are not put together, nor left out without a word."""
    for name, column, start in (("acc", "a", 0), ("gyr", "g", 100)):
        header = ",".join(["t", *(f"{column}{axis}" for axis in "xyz")])
        stamps = [f"{start + index / 100}" for index in range(100)]
        folders.table(tmp_path / f"{name}.csv", header, stamps, planted(100)[:, :3])
    with pytest.raises(TimeError, match="no time in common"):
        opened(tmp_path, accel="m/s^2", gyro="rad/s")


def test_two_accelerometers_are_not_mixed(tmp_path: Path) -> None:
    """Which of them is meant is for the caller to say."""
    folder = folders.sensor_logger(tmp_path, planted(100), np.tile([0, 0, G], (100, 1)))
    content = (folder / "Accelerometer.csv").read_text()
    (folder / "acc_raw.csv").write_text(content)
    (folder / "TotalAcceleration.csv").unlink()
    with pytest.raises(PerceptShapeError, match="two sensors of one kind"):
        opened(folder, parts=["imu"])


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    """With the line; what came before is yielded first."""
    folder = folders.euroc(tmp_path, planted(30_000))
    path = folder / "mav0/imu0/data.csv"
    lines = path.read_text().splitlines()
    lines[28_000] = lines[28_000].replace(",", ",oops", 1)
    path.write_text("\n".join(lines))
    found: list[Percept] = []
    with pytest.raises(PerceptError, match="line 28001"):
        found.extend(iter_into(found, folder))
    assert len(found) == 2


def iter_into(found: list[Percept], folder: Path) -> list[Percept]:
    for percept in sources.open(folder, parts=["imu0"]):
        found.append(percept)
    return []


def test_memory_is_bounded(tmp_path: Path) -> None:
    """A table that is three times as long takes no more memory."""

    def peak(count: int) -> int:
        times = list(map(str, folders.even(count, 200)))
        samples = np.tile(planted(1000), (count // 1000, 1))[:, [3, 4, 5, 0, 1, 2]].round(3)
        path = tmp_path / str(count) / "imu0" / "data.csv"
        folders.table(path, folders.EUROC_HEADER, times, samples)
        tracemalloc.start()
        assert sum(1 for _ in sources.open(path.parent, stretch=5)) == count // 1000
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(45_000) < 1.2 * peak(15_000)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    """Of each layout; the other parts are there for who leaves it out, or wants to be told."""
    tum = folders.tum(tmp_path / "tum", METRES, planted(50)[:, :3])
    euroc = folders.euroc(tmp_path / "euroc", planted(200))
    kitti = folders.kitti(tmp_path / "kitti", planted(20))
    for path, name in ((tum / "rgb", "rgb.txt"), (kitti / "oxts", "timestamps.txt")):
        for picture in path.glob("*.png"):
            picture.rename(path / f"frame{picture.name[-10:]}")
        (path.parent / name if path.name == "rgb" else path / name).unlink()
        with pytest.raises(SourceNotFoundError, match=rf"{name}', which has its times"):
            opened(path.parent, fx=20)
    (euroc / "mav0/imu0/data.csv").unlink()
    with pytest.raises(SourceNotFoundError, match=r"imu0/data\.csv', which has its times"):
        opened(euroc)
    told: list[sources.MessageFailure] = []
    assert len(opened(tum, fx=20, on_failure=told.append)) == 2
    assert len(opened(euroc, on_failure=told.append)) == 2
    assert len(opened(kitti, parts=["image_02"])) == 2
    assert [each.topic for each in told] == ["rgb", "imu0"]


def test_pictures_of_tum_without_a_list_are_named_by_time(tmp_path: Path) -> None:
    """Their names are the stamps of the list that is lost."""
    folder = folders.tum(tmp_path, METRES, planted(50)[:, :3])
    whole = opened(folder, parts=["rgb"], every=0)
    (folder / "rgb.txt").unlink()
    assert opened(folder, parts=["rgb"], every=0) == whole
