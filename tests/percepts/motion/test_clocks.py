"""Dates that may be read in two ways, and times in columns without a name."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support.motions import COLUMNS, UNITS, planted

from sensorium import errors
from sensorium.percepts import percept_from_dict
from sensorium.percepts.imu import IMU

MOTION = planted(200)
SECONDS = np.arange(200) / 100
CSV = [",".join(f"{each:.6f}" for each in row) for row in MOTION]
NAMES = ",".join(COLUMNS)


def dated(form: str, first: datetime, *, name: str = "time") -> bytes:
    moments = [(first + timedelta(seconds=float(each))).strftime(form) for each in SECONDS]
    rows = [f"{moment},{row}" for moment, row in zip(moments, CSV, strict=True)]
    return "\n".join([f"{name},{NAMES}", *rows]).encode()


NOON = datetime(2026, 4, 3, 12, tzinfo=timezone.utc)  # 3 April
MIDNIGHT = datetime(2026, 4, 3, 23, 59, 59, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("form", "first"),
    [
        ("%d/%m/%Y %H:%M:%S.%f", NOON.replace(day=13)),
        ("%m/%d/%Y %H:%M:%S.%f", NOON.replace(day=13)),
        ("%d/%m/%Y %H:%M:%S.%f", MIDNIGHT),
        ("%m/%d/%Y %H:%M:%S.%f", MIDNIGHT),
        ("%d-%m-%Y %H:%M:%S.%f", NOON.replace(day=4)),
        ("%d.%m.%Y %H:%M:%S.%f", NOON),
        ("%Y-%m-%d %H:%M:%S.%f UTC", NOON),
    ],
)
def test_dates_that_tell_their_order_are_read(form: str, first: datetime) -> None:
    """By a day beyond 12, by the day that follows, by points between; or both are the same."""
    read = IMU(dated(form, first), **UNITS)
    assert read.at == first
    np.testing.assert_allclose(read.times, SECONDS, atol=1e-6)


@pytest.mark.parametrize("form", ["%d/%m/%Y %H:%M:%S.%f", "%d-%m-%Y %I:%M:%S.%f %p"])
def test_dates_that_do_not_are_refused_until_somebody_says_it(form: str) -> None:
    """03/04 has two readings: an order, or a time of the caller, decides."""
    content = dated(form, NOON)
    with pytest.raises(errors.TimeError, match=r'03/04/2026 .*date_order="dmy" if 3 is the day'):
        IMU(content, **UNITS)
    said = IMU(content, date_order="dmy", **UNITS)
    assert said.at == NOON
    assert percept_from_dict(said.to_dict()) == said
    assert IMU(content, date_order="mdy", **UNITS).at == NOON.replace(month=3, day=4)
    assert IMU(content, at=NOON, **UNITS).at == NOON
    with pytest.raises(errors.PerceptValueError, match="date_order='ymd'"):
        IMU(content, date_order="ymd", **UNITS)


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "index"])
def test_an_index_of_moments_is_the_clock(name: str) -> None:
    """A first column of dates without a name, or with an odd one, dates the rows."""
    read = IMU(dated("%Y-%m-%d %H:%M:%S.%f", NOON, name=name), **UNITS)
    assert read.at == NOON
    np.testing.assert_allclose(read.times, SECONDS, atol=1e-6)


def indexed(index: NDArray[np.number]) -> bytes:
    """A table whose first column has no name."""
    rows = [f"{place},{row}" for place, row in zip(index.tolist(), CSV, strict=True)]
    return "\n".join([f",{NAMES}", *rows]).encode()


@pytest.mark.parametrize(
    "index", [SECONDS, 1_770_000_000 + SECONDS, 1_770_000_000_000 + np.arange(200) * 10]
)
def test_an_index_of_times_is_the_clock(index: NDArray[np.number]) -> None:
    """Seconds and milliseconds without a name are the times of the rows."""
    np.testing.assert_allclose(IMU(indexed(index), **UNITS).times, SECONDS, atol=1e-6)


@pytest.mark.parametrize("index", [np.arange(200), np.arange(1000, 1400, 2), np.arange(200) * 10])
def test_an_index_that_counts_rows_is_no_clock(index: NDArray[np.number]) -> None:
    """Whole numbers at even steps may count rows: a rate is needed, or the word of the caller."""
    content = indexed(index)
    with pytest.raises(errors.UnitError, match="neither a rate nor timestamps"):
        IMU(content, **UNITS)
    read = IMU(content, rate=100, **UNITS)
    np.testing.assert_allclose(read.samples, MOTION, atol=1e-5)
    said = IMU(content, columns={"time": 0}, time_unit="ms", **UNITS)
    assert len(said.samples) == 200


def test_names_in_two_rows_belong_together() -> None:
    """Sensors above, axes below: both rows name a column."""
    for above in ("time,Accelerometer,,,Gyroscope,,", ",accel,accel,accel,gyro,gyro,gyro"):
        rows = [f"{t:.2f},{row}" for t, row in zip(SECONDS, CSV, strict=True)]
        read = IMU("\n".join([above, "t,x,y,z,x,y,z", *rows]).encode(), **UNITS)
        np.testing.assert_allclose(read.samples, MOTION, atol=1e-5)
        np.testing.assert_allclose(read.times, SECONDS, atol=1e-6)


def timed(name: str, times: object) -> bytes:
    rows = [f"{time},{row}" for time, row in zip(np.asarray(times).tolist(), CSV, strict=True)]
    return "\n".join([f"{name},{NAMES}", *rows]).encode()


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("time (100ns)", np.arange(200) * 100_000),
        ("time_100ns", np.arange(200) * 100_000),
        ("time [10 us]", np.arange(200) * 1000),
        ("time (ticks)", np.arange(200) * 10),
        ("time (min)", SECONDS / 60),
    ],
)
def test_a_unit_of_times_that_is_not_known_is_no_other_unit(name: str, times: object) -> None:
    """The steps alone would say microseconds, or milliseconds: a rate of 10 Hz for 100 Hz."""
    with pytest.raises(errors.TimeError, match="counts in") as refused:
        IMU(timed(name, times), **UNITS)
    [way] = refused.value.ways
    np.testing.assert_allclose(IMU(timed(name, times), **UNITS, **way).times, SECONDS, atol=1e-6)


def test_the_rate_of_stamps_cut_to_seconds_is_that_of_whole_seconds() -> None:
    """Half a second, one second and half a second of 100 Hz have three stamps."""
    content = timed("time (s)", np.floor(SECONDS + 0.5))
    with pytest.raises(errors.TimeError, match="each later") as refused:
        IMU(content, **UNITS)
    assert [*refused.value.ways] == [{"rate": 100.0, "clock": "rate"}]


def test_the_last_row_first_is_sorted_and_given_no_rate() -> None:
    content = timed("time", SECONDS[::-1])
    with pytest.raises(errors.TimeError, match="each later") as refused:
        IMU(content, **UNITS)
    [way] = refused.value.ways
    read = IMU(content, **UNITS, **way)
    np.testing.assert_allclose(read.samples, MOTION[::-1], atol=1e-5)


def test_times_that_are_not_understood_are_named() -> None:
    days = [f"{46170.5 + second / 86400:.10f}" for second in SECONDS]
    with pytest.raises(errors.UnitError, match=r"the column 'time' \(46170.5, .*no unit of time"):
        IMU(timed("time", days), **UNITS)
