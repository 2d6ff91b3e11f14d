"""Messages of sensor_msgs/Imu: whose clock, which units, what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.bags import SECOND, START, Written, imu, imu_messages, write_bag
from tests.support.motions import G, motion

from sensorium import sources
from sensorium.errors import PerceptFormatError, PerceptShapeError, UnitError
from sensorium.percepts import IMU


def read_one(path: Path, **options: Any) -> IMU:
    [walk] = sources.open(path, **options)
    assert isinstance(walk, IMU)
    return walk


def restamped(stamps: list[int], *, late: int = 0, rate: float = 100.0) -> list[Written]:
    """Messages whose stamps are these, written at an even rate."""
    step = int(SECOND / rate)
    return [
        Written("/imu", START + late + index * step, imu(stamp, row))
        for index, (stamp, row) in enumerate(zip(stamps, motion(len(stamps)), strict=True))
    ]


def test_zero_stamps_leave_the_log_time(tmp_path: Path) -> None:
    """The times are those of writing, and the reading says so."""
    walk = read_one(write_bag(tmp_path, restamped([0] * 50)))
    np.testing.assert_allclose(walk.times, np.arange(50) / 100, atol=1e-9)
    assert walk.at is not None
    assert walk.at.timestamp() == START / SECOND
    assert walk.reading["time"] == "log time (the stamps are zero)"
    assert walk.reading["at"] == "log time (the stamps are zero)"


def test_stamps_since_the_start_of_the_robot(tmp_path: Path) -> None:
    """They are the times within the motion; the moment is that of writing."""
    stamps = [5 * SECOND + index * 20_000_000 for index in range(50)]
    walk = read_one(write_bag(tmp_path, restamped(stamps)))
    assert walk.rate == 50
    assert walk.at is not None
    assert walk.at.timestamp() == START / SECOND
    assert walk.reading["at"] == "log time (the stamps do not count from 1970)"


def test_a_simulation_has_no_moment(tmp_path: Path) -> None:
    """If neither clock counts from 1970, there is no `at`, and it is said."""
    messages = [each._replace(log_time=each.log_time - START) for each in restamped([0] * 50)]
    walk = read_one(write_bag(tmp_path, messages))
    assert walk.at is None
    assert walk.reading["at"].startswith("unknown")


def test_messages_out_of_order_are_sorted_and_repeated_ones_dropped(tmp_path: Path) -> None:
    """As a network may deliver them; the reading counts what was left out."""
    messages = imu_messages(motion(100), late=0)
    times = [each.log_time for each in messages]
    swapped = [*messages[:10], messages[11], messages[10], *messages[12:]]
    written = [each._replace(log_time=time) for each, time in zip(swapped, times, strict=True)]
    again = written[-1]._replace(log_time=written[-1].log_time + 1)
    walk = read_one(write_bag(tmp_path, [*written, again]))
    np.testing.assert_array_equal(walk.samples, motion(100).astype(np.float32))
    assert walk.reading["left_out"] == "1 repeated or not finite"


def test_packets_of_equal_stamps_are_spread(tmp_path: Path) -> None:
    """Three samples of one stamp lie evenly between it and the next one."""
    stamps = [START + index // 3 * 30_000_000 for index in range(60)]
    walk = read_one(write_bag(tmp_path, restamped(stamps)))
    np.testing.assert_allclose(walk.times, np.arange(60) / 100, atol=1e-9)
    assert walk.reading["time"] == "header.stamp, equal ones spread"


def test_rows_without_a_number_are_left_out(tmp_path: Path) -> None:
    """A NaN makes a row no reading; its time stays empty."""
    samples = motion(100)
    samples[50, 2] = np.nan
    walk = read_one(write_bag(tmp_path, imu_messages(samples)))
    assert len(walk.samples) == 99
    assert walk.times[50] == pytest.approx(0.51)
    assert walk.reading["left_out"] == "1 repeated or not finite"


def test_g_is_refused_and_the_remedy_works(tmp_path: Path) -> None:
    """Drivers that publish g, against the standard, are found at rest; the topic says it then."""
    still = np.tile([0, 0, 1, 0, 0, 0.001], (200, 1))
    path = write_bag(tmp_path, imu_messages(still, topic="/livox/imu"))
    with pytest.raises(UnitError, match=r'"g".*topics=\{"/livox/imu"') as refused:
        list(sources.open(path))
    assert 'accel="g"' in refused.value.remedy
    walk = read_one(path, topics={"/livox/imu": {"accel": "g"}})
    np.testing.assert_allclose(walk.samples[:, 2], G, rtol=1e-6)
    assert walk.reading["accel"] == "linear_acceleration [g]"


def test_a_rate_overrides_the_clock(tmp_path: Path) -> None:
    """For stamps that say nothing: all equal."""
    path = write_bag(tmp_path, restamped([START] * 50))
    walk = read_one(path, topics={"/imu": {"rate": 200}})
    assert (walk.rate, walk.reading["time"]) == (200, "rate=200")


@pytest.mark.parametrize("absent", ["linear_acceleration", "angular_velocity"])
def test_half_a_sensor_is_named(absent: str, tmp_path: Path) -> None:
    """A covariance of -1, or nothing but zeros, means that the sensor does not measure it."""
    marked = [
        each._replace(message=imu(each.log_time, row, absent=absent))
        for each, row in zip(imu_messages(motion(50)), motion(50), strict=True)
    ]
    zeros = motion(50)
    zeros[:, slice(0, 3) if absent == "linear_acceleration" else slice(3, 6)] = 0
    for number, messages in enumerate((marked, imu_messages(zeros))):
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(PerceptShapeError, match=f"without {absent}"):
            list(sources.open(write_bag(folder, messages)))


def apart(folder: Path, lost: slice = slice(0), rate: int = 250) -> Path:
    """A recording of 3 s whose accelerometer has 100 Hz, and a topic apart from the gyroscope."""
    accel, turn = np.zeros((300, 6)), np.zeros((3 * rate, 6))
    accel[:, :3] = motion(300)[:, :3]
    turn[:, 3:] = np.sin(np.arange(3 * rate)[:, None] / rate + np.arange(3))
    rotations = imu_messages(turn, topic="/gyro", rate=rate)
    del rotations[lost]
    messages = [*imu_messages(accel, topic="/accel"), *rotations]
    return write_bag(folder, sorted(messages, key=lambda each: each.log_time))


@pytest.mark.parametrize("stretch", [60.0, 0.75])
@pytest.mark.parametrize("rate", [30, 250])
def test_a_gyroscope_of_its_own_topic_is_joined(rate: int, stretch: float, tmp_path: Path) -> None:
    """At the times of the accelerometer, from the start of every stretch."""
    options = {"/accel": {"gyro_topic": "/gyro"}}
    walks = [
        walk
        for walk in sources.open(apart(tmp_path, rate=rate), topics=options, stretch=stretch)
        if isinstance(walk, IMU)
    ]
    for number, walk in enumerate(walks):
        assert walk.at is not None
        since = (walk.at.timestamp() - START / SECOND) + walk.times
        assert since[0] == pytest.approx(number * stretch, abs=1e-6)
        assert walk.duration == pytest.approx(min(stretch, 3 - since[0]), abs=1 / rate + 0.01)
        expected = np.sin(since[:, None] + np.arange(3))
        np.testing.assert_allclose(walk.samples[:, 3:], expected, atol=2e-4)
        rows = np.rint(since * 100).astype(int)
        np.testing.assert_array_equal(walk.samples[:, :3], motion(300)[rows, :3].astype(np.float32))
        assert walk.reading["gyro"] == "angular_velocity [rad/s] of /gyro, interpolated"


def test_where_the_gyroscope_pauses_nothing_is_invented(tmp_path: Path) -> None:
    """Half a second without a rotation is a gap of the motion; at its end, the motion ends."""
    options = {"/accel": {"gyro_topic": "/gyro"}}
    for number, lost in enumerate((slice(250, 375), slice(250, None))):
        folder = tmp_path / str(number)
        folder.mkdir()
        walk = read_one(apart(folder, lost), topics=options)
        assert "not finite" in walk.reading["left_out"]
        if lost.stop is None:
            assert walk.duration == pytest.approx(1.0, abs=0.02)
        else:
            [gap] = walk.gaps
            assert gap.end - gap.start == pytest.approx(0.5, abs=0.03)


def test_an_accelerometer_alone_is_taken_when_said(tmp_path: Path) -> None:
    """And the error of one that is not said names both ways out."""
    path = apart(tmp_path)
    with pytest.raises(PerceptShapeError, match=r'"gyro_topic": .*"gyro": "none"'):
        list(sources.open(path, topics=["/accel"]))
    walk = read_one(path, topics={"/accel": {"gyro": "none"}})
    assert not walk.has_gyro
    np.testing.assert_array_equal(walk.samples[:, :3], motion(300)[:, :3].astype(np.float32))
    with pytest.raises(PerceptFormatError, match="gyro_topic='/none'"):
        list(sources.open(path, topics={"/accel": {"gyro_topic": "/none"}}))
