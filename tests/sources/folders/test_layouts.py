"""Every layout of folders gives the planted values, units and moments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support import recorded_folders as folders
from tests.support.motions import G, planted
from tests.support.recorded_folders import BEGIN, SECOND, START

from sensorium import sources
from sensorium.errors import UnitError
from sensorium.percepts import IMU, Depth, Image, Percept
from sensorium.sources.folders.folder import FolderReader

METRES = np.linspace(0.5, 4.0, 12 * 16).reshape(12, 16)


def opened(path: Path, **options: Any) -> list[Percept]:
    """Open a folder; whatever it holds comes in order of time."""
    found = list(sources.open(path, **options))
    times = [percept.at for percept in found if percept.at is not None]
    assert times == sorted(times)
    assert [percept.reading["number"] for percept in found] == list(range(1, len(found) + 1))
    return found


def motion_of(percepts: Sequence[Percept]) -> IMU:
    """Return the only motion among percepts."""
    [walk] = [percept for percept in percepts if isinstance(percept, IMU)]
    return walk


def test_tum_has_pictures_depth_motion_and_poses(tmp_path: Path) -> None:
    """Maps have 5000 counts a metre; each picture has its time, and the pose at it."""
    samples = planted(100)
    folder = folders.tum(tmp_path / "any", METRES, samples[:, :3])
    found = opened(folder, every=0.2, fx=20)
    depths = [percept for percept in found if isinstance(percept, Depth)]
    photos = [percept for percept in found if isinstance(percept, Image)]
    assert len(depths) == len(photos) == 5
    np.testing.assert_allclose(depths[1].metres(), METRES + 2 / 5000, atol=1.01e-4)
    assert np.asarray(photos[2].picture())[0, 0].tolist() == [5, 5, 5]
    assert photos[2].at == BEGIN + timedelta(seconds=0.4)
    assert photos[2].uri == (folder / "rgb" / "1700000000.400000.png").as_uri()
    assert photos[2].reading["pose"] == {
        "position": [4.5, 2.0, -1.0],
        "orientation": [0.0, 0.0, 0.6, 0.8],
        "file": "groundtruth.txt",
        "age": 0.0,
    }
    assert depths[0].reading["unit"] == "1/5000 m (TUM RGB-D)"
    assert depths[0].reading["fx"] == "20"
    walk = motion_of(found)
    np.testing.assert_allclose(walk.samples[:, :3], samples[:, :3], atol=1e-6)
    assert (walk.has_gyro, walk.at, round(walk.rate, 3)) == (False, BEGIN, 100)
    assert walk.reading["accel"] == "ax ay az of accelerometer.txt [m/s^2]"


def test_tum_recommends_a_focal_length_for_its_own_size(tmp_path: Path) -> None:
    """525 pixels for 640 x 480, or what a calibration says; none for other sizes."""
    folder = folders.tum(tmp_path, np.full((480, 640), 1.5), planted(10)[:, :3])
    [depth] = opened(folder, parts=["depth"])
    assert isinstance(depth, Depth)
    assert (depth.fx, depth.reading["fx"][:3]) == (525, "525")
    assert depth.disparity()[0, 0] == pytest.approx(0.075 * 525 / 1.5)
    folders.write(folder / "calibration.txt", ["481.2 480 319.5 239.5"])
    [depth] = opened(folder, parts=["depth"])
    assert isinstance(depth, Depth)
    assert (depth.fx, depth.reading["fx"]) == (481.2, "481.2 of calibration.txt")


@pytest.mark.parametrize("header", [folders.EUROC_HEADER, ""], ids=["header", "bare"])
def test_euroc_has_the_gyroscope_first(header: str, tmp_path: Path) -> None:
    """With names of columns or without, from the recording, mav0, or the sensor's folder."""
    samples = planted(400)
    folder = folders.euroc(tmp_path / "any", samples, header=header)
    for place in (folder, folder / "mav0", folder / "mav0" / "imu0"):
        walk = motion_of(opened(place))
        np.testing.assert_allclose(walk.samples, samples, atol=1e-6)
        assert walk.at is not None
        assert abs(walk.at - BEGIN) <= timedelta(microseconds=1)
        assert walk.reading["part"] == "imu0"
        assert walk.uri == f"{(folder / 'mav0/imu0/data.csv').as_uri()}#time={START}"
    photos = [each for each in opened(folder) if isinstance(each, Image)]
    assert [photo.at for photo in photos] == [BEGIN, BEGIN + timedelta(seconds=1)]
    assert np.asarray(photos[1].picture())[0, 0].tolist() == [21, 21, 21]
    assert photos[1].reading["every"] == "1 s"
    assert len(opened(folder / "mav0" / "cam0", every=0)) == 30


def test_tum_vi_pictures_of_16_bits_are_pictures(tmp_path: Path) -> None:
    """The upper eight bits are shown; a table of poses says where the camera was."""
    folder = folders.euroc(tmp_path, planted(20))
    for path in (folder / "mav0" / "cam0" / "data").iterdir():
        folders.picture(path, np.full((8, 8), 200 * 256 + 7, np.uint16))
    header = "#timestamp [ns], p_RS_R_x [m], p_RS_R_y [m], p_RS_R_z [m], q_RS_w [], q_RS_x [], "
    poses = np.array([[1.5, 2.5, 3.5, 0.8, 0.0, 0.0, 0.6]])
    folders.table(
        folder / "mav0/mocap0/data.csv", f"{header}q_RS_y [], q_RS_z []", [str(START)], poses
    )
    first, *_ = [each for each in opened(folder) if isinstance(each, Image)]
    assert np.asarray(first.picture())[0, 0].tolist() == [200, 200, 200]
    assert first.reading["pose"]["position"] == [1.5, 2.5, 3.5]
    assert first.reading["pose"]["orientation"] == [0.0, 0.0, 0.6, 0.8]


def test_kitti_packets_are_motion_of_the_car(tmp_path: Path) -> None:
    """Numbers 12 to 14 and 18 to 20 of 30; the folder oxts alone is read, too."""
    samples = planted(40)
    folder = folders.kitti(tmp_path / "any", samples)
    for place in (folder, folder / "oxts"):
        walk = motion_of(opened(place))
        np.testing.assert_allclose(walk.samples, samples, atol=1e-6)
        np.testing.assert_allclose(walk.times, np.arange(40) / 10, atol=1e-9)
        assert walk.at == BEGIN
        assert walk.reading["accel"] == "ax ay az of oxts/data [m/s^2]"
        assert "UTC" in walk.reading["at"]
    photos = [each for each in opened(folder) if isinstance(each, Image)]
    assert [photo.at for photo in photos] == [BEGIN + timedelta(seconds=each) for each in range(4)]


def test_kitti_depth_has_256_counts_a_metre(tmp_path: Path) -> None:
    """A map is there for some pictures only; its number is that of the line with its time."""
    folder = folders.kitti(tmp_path, planted(8))
    maps = folder / "proj_depth" / "groundtruth" / "image_02"
    folders.picture(maps / "0000000005.png", np.rint(METRES * 256).astype(np.uint16))
    [depth] = opened(folder, parts={"depth/groundtruth/image_02": {"fx": 30}})
    assert isinstance(depth, Depth)
    np.testing.assert_allclose(depth.metres(), METRES, atol=1 / 500)
    assert depth.at == BEGIN + timedelta(seconds=0.5)


def test_empatica_has_64_counts_a_g(tmp_path: Path) -> None:
    """The first rows are the start and the rate; the other tables are named as passed over."""
    counts = np.rint(planted(200)[:, :3] / G * 64).astype(np.int64)
    [walk] = opened(folders.empatica(tmp_path, counts))
    assert isinstance(walk, IMU)
    np.testing.assert_allclose(walk.samples[:, :3], counts * G / 64, rtol=1e-6)
    assert (walk.rate, walk.at, walk.has_gyro) == (32, BEGIN, False)
    assert walk.reading["passed_over"] == "BVP.csv, EDA.csv, HR.csv, TEMP.csv, info.txt"


@pytest.mark.parametrize("total", [True, False])
def test_sensor_logger_adds_gravity_once(total: bool, tmp_path: Path) -> None:
    """Whether the total is there or only its parts; axes are z y x; pictures are named by time."""
    samples = planted(300)
    gravity = np.tile([0.5, 1.0, G], (300, 1))
    folder = folders.sensor_logger(tmp_path, samples, gravity)
    if not total:
        (folder / "TotalAcceleration.csv").unlink()
    found = opened(folder, every=3)
    walk = motion_of(found)
    np.testing.assert_allclose(walk.samples, samples, atol=1e-5)
    assert walk.at is not None
    assert abs(walk.at - BEGIN) <= timedelta(microseconds=1)
    assert "Magnetometer.csv" in walk.reading["passed_over"]
    photos = [each.at for each in found if isinstance(each, Image)]
    assert photos == [BEGIN, BEGIN + timedelta(seconds=4)]


def test_phyphox_has_the_moments_of_its_starts(tmp_path: Path) -> None:
    """The experiment's time stands still in a pause, and the phone's goes on."""
    samples = planted(400)
    first, second = opened(folders.phyphox(tmp_path, samples))
    assert isinstance(first, IMU)
    assert isinstance(second, IMU)
    assert (first.at, second.at) == (BEGIN, BEGIN + timedelta(seconds=12))
    both = np.concatenate([first.samples, second.samples])
    np.testing.assert_allclose(both, samples, atol=1e-5)
    assert first.reading["gyro"] == (
        "Gyroscope x (rad/s) Gyroscope y (rad/s) Gyroscope z (rad/s) of Gyroscope.csv [rad/s]"
    )


def test_tables_of_any_program_are_brought_onto_one_clock(tmp_path: Path) -> None:
    """The gyroscope is interpolated at the times of the accelerometer; units stand in the names."""
    times = np.arange(600) / 100
    wave = np.stack([np.sin(times), np.cos(times), times / 6], 1)
    accel = wave * [1, 2, 0] + [0, 0, G]
    stamps = [f"{START // SECOND + time:.4f}" for time in times]
    folders.table(tmp_path / "acc.csv", "epoch,ax (m/s2),ay (m/s2),az (m/s2)", stamps, accel)
    later = np.arange(1400) / 250 + 0.2
    turn = np.rad2deg(np.stack([np.sin(later), np.cos(later), later / 6], 1))
    stamps = [f"{START // SECOND + time:.4f}" for time in later]
    folders.table(tmp_path / "gyr.csv", "epoch,gx (deg/s),gy (deg/s),gz (deg/s)", stamps, turn)
    [walk] = opened(tmp_path)
    assert isinstance(walk, IMU)
    since = walk.times + 0.2
    np.testing.assert_allclose(walk.samples[:, 3], np.sin(since), atol=1e-4)
    np.testing.assert_allclose(walk.samples[:, 5], since / 6, atol=1e-4)
    assert walk.at == BEGIN + timedelta(seconds=0.2)
    assert walk.reading["left_out"] == "40 repeated or not finite"  # 20 at each end


def test_folders_of_other_things_are_no_recordings(tmp_path: Path) -> None:
    """Photos, notes, lists of names and tables that are a recording each, are opened one by one."""
    reader = FolderReader()
    for index in range(3):
        folders.picture(tmp_path / "photos" / f"{START + index}.png", folders.grey(index))
    folders.write(tmp_path / "photos" / "rgb.txt", ["My red green blue photos", "1 of 2"])
    folders.write(tmp_path / "photos" / "images.txt", ["1 one.jpg", "2 two.jpg"])
    folders.write(tmp_path / "photos" / "data.csv", ["name,place", "a,b"])
    assert not reader.matches(tmp_path / "photos", b"")
    header = "t,ax,ay,az,gx,gy,gz"
    for name in ("walk", "run"):
        stamps = [f"{index / 100}" for index in range(50)]
        folders.table(tmp_path / "walks" / f"{name}.csv", header, stamps, planted(50))
    assert not reader.matches(tmp_path / "walks", b"")
    assert not reader.matches(tmp_path / "photos" / "rgb.txt", b"")
    folders.write(tmp_path / "dates" / "timestamps.txt", ["03/04/2023 10:00:00"] * 2)
    (tmp_path / "dates" / "data").mkdir()  # of which month is not to be told
    assert not reader.matches(tmp_path / "dates", b"")
    (tmp_path / "empty").mkdir()
    assert not reader.matches(tmp_path / "empty", b"")


def test_names_say_whose_sensors_they_are(tmp_path: Path) -> None:
    """Each device, or walk, is a part of its own; tables need no header if their names tell it."""
    wrist, hip = planted(200), planted(200)[::-1]
    stamps = [f"{index / 100}" for index in range(200)]
    for whose, samples in (("wrist", wrist), ("hip", hip)):
        folders.table(tmp_path / f"{whose}_accelerometer.csv", "", stamps, samples[:, :3])
        folders.table(tmp_path / f"{whose}_gyro.csv", "", stamps, samples[:, 3:])
    found = opened(tmp_path, accel="m/s^2", gyro="rad/s")
    named = {each.reading["part"]: each for each in found if isinstance(each, IMU)}
    assert named.keys() == {"wrist", "hip"}
    np.testing.assert_allclose(named["wrist"].samples, wrist, atol=1e-5)
    np.testing.assert_allclose(named["hip"].samples, hip, atol=1e-5)


def test_other_lists_of_pictures_are_parts_by_their_names(tmp_path: Path) -> None:
    """A depth list beside no rgb.txt is of another data set, whose unit has to be said."""
    folder = folders.tum(tmp_path, METRES, planted(50)[:, :3])
    (folder / "rgb.txt").rename(folder / "color.txt")
    (folder / "accelerometer.txt").rename(folder / "d400_accelerometer.txt")
    with pytest.raises(UnitError, match="depth without a unit"):
        opened(folder, fx=20)
    found = opened(folder, fx=20, unit="mm", every=2)
    assert [each.reading["part"] for each in found] == ["color", "depth", "imu"]
    depth = next(each for each in found if isinstance(each, Depth))
    np.testing.assert_allclose(depth.metres(), METRES * 5, atol=1e-3)


def test_pictures_named_by_their_time_need_no_list(tmp_path: Path) -> None:
    """A camera of the ASL format whose data.csv is lost; one modality may be asked for."""
    folder = folders.euroc(tmp_path, planted(200))
    (folder / "mav0/cam0/data.csv").unlink()
    photos = opened(folder, modality="image")
    assert [photo.at for photo in photos] == [BEGIN, BEGIN + timedelta(seconds=1)]
    assert photos[0].reading["at"] == "the name of the picture"


def test_walks_read_folders_as_recordings(tmp_path: Path) -> None:
    """A walk over folders takes each for what it is; photos beside it are photos."""
    folders.euroc(tmp_path / "flight", planted(200))
    folders.picture(tmp_path / "photos" / "one.png", folders.grey(9))
    found = list(sources.walk(tmp_path, every=0.5))
    named = [each.reading.get("part") for each in found]
    assert sorted(map(str, named)) == ["None", "cam0", "cam0", "cam0", "imu0"]
