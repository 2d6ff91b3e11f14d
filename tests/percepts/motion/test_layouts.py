"""What sensors, data sets and programs write around their rows, with one planted motion."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.motions import COLUMNS, UNITS, G, planted

from sensorium import errors
from sensorium.percepts import percept_from_dict
from sensorium.percepts.imu import IMU

MOTION = planted(300)
SECONDS = np.arange(300) / 100
NAMES = ",".join(COLUMNS)


def rows(*columns: Any, sep: str = ",") -> list[str]:
    cells = np.column_stack([np.asarray(each, float) for each in columns])
    return [sep.join(f"{cell:.9g}" for cell in row) for row in cells]


PLAIN = rows(SECONDS, MOTION)
SPACED = ["| " + " | ".join(row.split(",")) + " |" for row in PLAIN]
ACCEL = rows(MOTION[:, :3])
LAYOUTS: dict[str, tuple[list[str], dict[str, Any]]] = {
    "a rate above rows without times": (
        [
            "// Start: unknown",
            "// Update Rate: 100.0Hz",
            "// Low pass: 20 Hz",
            NAMES,
            *rows(MOTION),
        ],
        UNITS,
    ),
    "ticks of a tenth of a millisecond, by the rate above": (
        ["// Update Rate: 100.0Hz", f"SampleTimeFine,{NAMES}", *rows(SECONDS * 1e4 + 7e4, MOTION)],
        UNITS,
    ),
    "fine ticks of microseconds": (
        [f"SampleTimeFine,{NAMES}", *rows(SECONDS * 1e6, MOTION)],
        UNITS,
    ),
    "a rule below the names": (
        [
            "| " + f"t,{NAMES}".replace(",", " | ") + " |",
            "|---|---:|---|---|---|---|---|",
            *SPACED,
        ],
        UNITS,
    ),
    "units in full": (
        [
            "t,acc_x(G),acc_y(G),acc_z(G),rotation_x(radians/s),rotation_y(radians/s),"
            "rotation_z(radians/s)",
            *rows(SECONDS, MOTION[:, :3] / G, MOTION[:, 3:]),
        ],
        {},
    ),
    "rows that end with semicolons, some on one line": (
        [
            row + ";" + (PLAIN[i + 1] + ";" if i == 250 else "")
            for i, row in enumerate(PLAIN)
            if i != 251
        ],
        {"columns": {"time": 0, "accel": [1, 2, 3], "gyro": [4, 5, 6]}, **UNITS},
    ),
    "cells described in another list": (
        [
            json.dumps(
                {
                    "interval_ms": 10,
                    "sensors": [
                        {"name": "t", "units": "s"},
                        *({"name": f"acc{axis}", "units": "m/s2"} for axis in "XYZ"),
                        *({"name": f"gyr{axis}", "units": "rad/s"} for axis in "XYZ"),
                    ],
                    "values": np.column_stack([SECONDS, MOTION]).tolist(),
                }
            )
        ],
        {},
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_are_read(layout: str) -> None:
    """The planted motion and its times come out of every layout, also after a round trip."""
    lines, units = LAYOUTS[layout]
    read = IMU("\n".join(lines).encode(), **units)
    np.testing.assert_allclose(read.samples, MOTION, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(read.times, SECONDS, atol=1e-6)
    again = percept_from_dict(read.to_dict())
    assert again == read


def test_ticks_that_may_be_of_another_unit_are_refused() -> None:
    """And the remedy works."""
    content = "\n".join([f"SampleTimeFine,{NAMES}", *rows(SECONDS * 1e4, MOTION)]).encode()
    with pytest.raises(errors.TimeError, match="tenths of a millisecond") as caught:
        IMU(content, **UNITS)
    (way,) = caught.value.ways
    np.testing.assert_allclose(IMU(content, **way, **UNITS).times, SECONDS)


def test_a_rate_above_the_rows_is_checked_like_times() -> None:
    """Another rate of the caller is refused unless it is said to go before."""
    content = "\n".join([*LAYOUTS["a rate above rows without times"][0]]).encode()
    assert IMU(content, rate=100, **UNITS).rate == 100
    with pytest.raises(errors.UnitError, match='rate=50, clock="rate"'):
        IMU(content, rate=50, **UNITS)
    assert IMU(content, rate=50, clock="rate", **UNITS).rate == 50
    two = content.replace(b"Start: unknown", b"Sample rate 50 Hz")
    with pytest.raises(errors.UnitError, match="neither a rate"):
        IMU(two, **UNITS)


def test_windows_of_one_axis_are_no_recording(tmp_path: Path) -> None:
    """A file of one axis, a window a row, is not taken for samples."""
    path = tmp_path / "body_acc_x_train.txt"
    path.write_text("\n".join(rows(np.tile(MOTION[:128, 0], (20, 1)), sep="  ")))
    with pytest.raises(errors.PerceptShapeError, match="whose name says one axis"):
        IMU(path, rate=50, accel="g", gyro="none")
