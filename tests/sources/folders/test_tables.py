"""Tables of sensors in a folder: gravity, gaps, dates, and the ways in which apps write them."""

from __future__ import annotations

import gzip
import wave
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support import recorded_folders as folders
from tests.support.motions import G, planted
from tests.support.recorded_folders import BEGIN

from sensorium import sources
from sensorium.errors import TimeError
from sensorium.percepts import IMU, Audio


def motion(path: Path, **options: Any) -> IMU:
    """Open a folder with one motion."""
    [walk] = sources.open(path, modality="imu", **options)
    assert isinstance(walk, IMU)
    return walk


def apart(folder: Path, samples: Any, times: list[str], *, name: str = "t") -> Path:
    """Write an accelerometer and a gyroscope into tables of their own, units in their names."""
    header = f"{name},ax (m/s2),ay (m/s2),az (m/s2)"
    folders.table(folder / "acc.csv", header, times, samples[:, :3])
    header = f"{name},gx (rad/s),gy (rad/s),gz (rad/s)"
    folders.table(folder / "gyr.csv", header, times, samples[:, 3:])
    return folder


def test_gravity_that_is_held_already_is_not_added(tmp_path: Path) -> None:
    """A phone's accelerometer is with gravity, though gravity stands apart, too."""
    samples = planted(300)
    times = [f"{index / 100}" for index in range(300)]
    apart(tmp_path, samples, times)
    gravity = np.tile([0.5, 1.0, G], (300, 1))
    header = "t,gravity x (m/s2),gravity y (m/s2),gravity z (m/s2)"
    folders.table(tmp_path / "gravity.csv", header, times, gravity)
    walk = motion(tmp_path)
    np.testing.assert_allclose(walk.samples, samples, atol=1e-5)
    assert "gravity" not in walk.reading["accel"]
    header = "t," + ",".join(f"linear acceleration {axis} (m/s2)" for axis in "xyz")
    (tmp_path / "acc.csv").unlink()
    folders.table(tmp_path / "linear_acc.csv", header, times, samples[:, :3] - gravity)
    walk = motion(tmp_path)
    np.testing.assert_allclose(walk.samples, samples, atol=1e-5)
    assert "gravity x" in walk.reading["accel"]


def test_a_gap_of_one_sensor_is_a_gap(tmp_path: Path) -> None:
    """Nothing is interpolated over half a second without a rotation."""
    samples = planted(300)
    apart(tmp_path, samples, [f"{index / 100}" for index in range(300)])
    lines = (tmp_path / "gyr.csv").read_text().splitlines()
    folders.write(tmp_path / "gyr.csv", lines[:101] + lines[151:])
    walk = motion(tmp_path)
    assert len(walk.samples) == 250
    [gap] = walk.gaps
    assert (round(gap.start, 6), round(gap.end, 6)) == (0.99, 1.5)


def test_dates_in_words_are_moments(tmp_path: Path) -> None:
    """Over many blocks, and over midnight where only the time of day is written."""
    samples = np.tile(planted(500), (20, 1))
    moments = [BEGIN + timedelta(milliseconds=10 * index) for index in range(len(samples))]
    stamps = [f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z" for moment in moments]
    walk = motion(apart(tmp_path / "iso", samples, stamps, name="timestamp"), stretch=1000)
    np.testing.assert_allclose(walk.samples, samples, atol=1e-5)
    np.testing.assert_allclose(walk.times, np.arange(len(samples)) / 100, atol=1e-5)
    assert walk.at == BEGIN
    late = [moment.replace(hour=23, minute=59) for moment in moments[:4000]]
    stamps = [f"{moment:%H:%M:%S.%f}" for moment in late]
    since = [timedelta(milliseconds=10 * index) for index in range(6000)]
    stamps += [f"{BEGIN.replace(hour=0, minute=0, second=0) + each:%H:%M:%S.%f}" for each in since]
    walk = motion(apart(tmp_path / "night", samples, stamps, name="time"), stretch=1000)
    assert (walk.at, len(walk.samples)) == (None, len(samples))
    np.testing.assert_allclose(walk.times, np.arange(len(samples)) / 100, atol=1e-5)


def test_dates_that_may_be_read_in_two_ways_ask(tmp_path: Path) -> None:
    """And the order that is said is heeded."""
    stamps = [f"03/04/2026 10:00:{index // 100:02d}.{index % 100:02d}" for index in range(300)]
    apart(tmp_path, planted(300), stamps, name="time")
    with pytest.raises(TimeError, match=r'acc\.csv.*date_order="dmy"'):
        motion(tmp_path)
    at = motion(tmp_path, date_order="dmy").at
    assert at is not None
    assert (at.month, at.day) == (4, 3)


def test_phyphox_with_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    """As the app writes them where people count so."""
    samples = planted(200)
    folder = folders.phyphox(tmp_path, samples)
    for path in (*folder.glob("*.csv"), folder / "meta/time.csv"):
        text = path.read_text().replace("text, with", "text with")
        path.write_text(text.replace(",", ";").replace(".", ","))
    first, second = sources.open(folder)
    assert isinstance(first, IMU)
    assert (first.at, second.at) == (BEGIN, BEGIN + timedelta(seconds=11))
    np.testing.assert_allclose(first.samples, samples[:100], atol=1e-5)


def test_sound_starts_with_the_recording(tmp_path: Path) -> None:
    """The microphone of Sensor Logger is a part, at the moment its metadata says."""
    folder = folders.sensor_logger(tmp_path, planted(100), np.tile([0, 0, G], (100, 1)))
    with wave.open(str(folder / "Microphone.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(np.arange(8000, dtype="<i2").tobytes())
    [sound] = sources.open(folder, parts=["sound"])
    assert isinstance(sound, Audio)
    assert (sound.at, sound.duration) == (BEGIN, 1.0)
    assert sound.reading["at"] == "recording epoch time of Metadata.csv"


def test_packed_tables_are_read(tmp_path: Path) -> None:
    """With gzip, each by itself."""
    samples = planted(300)
    apart(tmp_path, samples, [f"{index / 100}" for index in range(300)])
    for path in list(tmp_path.iterdir()):
        (tmp_path / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    np.testing.assert_allclose(motion(tmp_path).samples, samples, atol=1e-5)


def test_seconds_and_nanoseconds_in_two_columns_are_one_time(tmp_path: Path) -> None:
    """As exports of robots have it; whole seconds alone would be packets."""
    samples = planted(300)
    begin = int(BEGIN.timestamp())
    times = [f"{begin + index // 100},{index % 100 * 10_000_000}" for index in range(300)]
    apart(tmp_path, samples, times, name="stamp.sec,stamp.nanosec")
    walk = motion(tmp_path)
    np.testing.assert_allclose(walk.samples, samples, atol=1e-5)
    np.testing.assert_allclose(walk.times, np.arange(300) / 100, atol=1e-6)
    assert walk.at == BEGIN.replace(microsecond=0)
