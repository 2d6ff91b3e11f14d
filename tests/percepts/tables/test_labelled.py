"""Lines of labels and numbers, as boards print them, with one planted motion."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support.motions import UNITS, planted

from sensorium import errors
from sensorium.percepts.imu import IMU

MOTION = planted(200)
SECONDS = np.arange(200) / 100
Row = NDArray[np.float64]


def stamp(seconds: float) -> str:
    return (datetime(2026, 1, 1, 23, 59, 59) + timedelta(seconds=seconds)).strftime("%H:%M:%S.%f")[
        :-3
    ]


FORMS: dict[str, Callable[[float, Row], str]] = {
    "colons": lambda t, r: (
        f"t:{t:.2f}, ax:{r[0]:.6f}, ay:{r[1]:.6f}, az:{r[2]:.6f}, "
        f"gx:{r[3]:.6f}, gy:{r[4]:.6f}, gz:{r[5]:.6f}"
    ),
    "equals": lambda t, r: (
        f"millis = {t * 1000:.0f} ax={r[0]:.6f} ay={r[1]:.6f} az={r[2]:.6f} "
        f"gx={r[3]:.6f} gy={r[4]:.6f} gz={r[5]:.6f}"
    ),
    "stamps": lambda t, r: (
        f"{stamp(t)} -> ax:{r[0]:.6f}\tay:{r[1]:.6f}\taz:{r[2]:.6f}\t"
        f"gx:{r[3]:.6f}\tgy:{r[4]:.6f}\tgz:{r[5]:.6f}"
    ),
    "several lines": lambda t, r: (
        f"{stamp(t)} -> Acceleration X: {r[0]:.6f}, Y: {r[1]:.6f}, Z: {r[2]:.6f} m/s^2\n"
        f"{stamp(t)} -> Rotation rate X: {r[3]:.6f}, Y: {r[4]:.6f}, Z: {r[5]:.6f} rad/s\n"
        f"{stamp(t)} -> Temperature: 24.5 degC\n"
    ),
    "headings": lambda t, r: (
        f"{t:.2f} Accel: X={r[0]:.6f} Y={r[1]:.6f} Z={r[2]:.6f} | "
        f"Gyro: X={r[3]:.6f} Y={r[4]:.6f} Z={r[5]:.6f}"
    ),
    "vectors": lambda t, r: (
        f"time: {t:.2f}; accel: [{r[0]:.6f}, {r[1]:.6f}, {r[2]:.6f}]; "
        f"gyro: ({r[3]:.6f} {r[4]:.6f} {r[5]:.6f})"
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_labels_tell_the_columns(form: str) -> None:
    """On one line or several, with stamps before and units behind; words at the start are none."""
    lines = [FORMS[form](t, row) for t, row in zip(SECONDS.tolist(), MOTION, strict=True)]
    read = IMU("\r\n".join(["MPU6050 found", *lines]).encode(), **UNITS)
    np.testing.assert_allclose(read.samples, MOTION, atol=1e-5)
    np.testing.assert_allclose(read.times, SECONDS, atol=1e-6)


def test_units_behind_the_numbers_are_believed() -> None:
    """`ax: 1 g` says the unit: another one is contradicted, an unknown one named."""
    lines = [
        f"{t:.2f}: ax: {r[0]} g, ay: {r[1]} g, az: {r[2]} g"
        for t, r in zip(SECONDS, MOTION, strict=True)
    ]
    lines = [f"t: {line.replace(': ax', ' ax')}" for line in lines]
    with pytest.raises(errors.UnitError, match='"g", as the column says'):
        IMU("\n".join(lines).encode(), accel="m/s^2", gyro="none")
    with pytest.raises(errors.UnitError, match="'furlongs'"):
        IMU("\n".join(lines).replace(" g", " furlongs").encode(), gyro="none")


@pytest.mark.parametrize(
    ("spoilt", "message"),
    [("0.5, 0.7", "line 51: numbers without labels"), ("ax:1, ax:2, ay:3", "line 51: a label")],
)
def test_lines_of_another_kind_are_named(spoilt: str, message: str) -> None:
    """A line that is no labelled line is refused with its number."""
    lines = [FORMS["colons"](t, row) for t, row in zip(SECONDS.tolist(), MOTION, strict=True)]
    lines[50] = spoilt
    with pytest.raises(errors.MediaDecodeError, match=message):
        IMU("\n".join(lines).encode(), **UNITS)


def test_a_torn_line_is_a_row_without_a_reading() -> None:
    """A line that ends too early loses its own row alone."""
    lines = [FORMS["colons"](t, row) for t, row in zip(SECONDS.tolist(), MOTION, strict=True)]
    lines[50] = lines[50][:40]
    read = IMU("\n".join(lines).encode(), **UNITS)
    assert len(read.samples) == 199
    np.testing.assert_allclose(read.samples, np.delete(MOTION, 50, 0), atol=1e-5)


def test_stamps_before_plain_rows_are_their_times() -> None:
    """With names that are stamped, without a stamp, or none."""
    rows = [
        f"{stamp(t)} -> " + ",".join(f"{each:.6f}" for each in row)
        for t, row in zip(SECONDS, MOTION, strict=True)
    ]
    for header in (f"{stamp(0)} -> ax,ay,az,gx,gy,gz", "ax,ay,az,gx,gy,gz"):
        read = IMU("\n".join([header, *rows]).encode(), **UNITS)
        np.testing.assert_allclose(read.samples, MOTION, atol=1e-5)
        np.testing.assert_allclose(read.times, SECONDS, atol=1e-6)
    columns = {"time": 0, "accel": [1, 2, 3], "gyro": [4, 5, 6]}
    read = IMU("\n".join(rows).encode(), columns=columns, **UNITS)
    np.testing.assert_allclose(read.times, SECONDS, atol=1e-6)
