"""Motion that no body makes is refused, and real motion is not."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support.motions import UNITS, planted

from sensorium import errors
from sensorium.percepts.imu import IMU
from sensorium.samples import sample, sample_names

G, DEG = 9.80665, math.pi / 180
WINDOW = 128  # samples, 2.56 s


def recordings() -> list[NDArray[np.float64]]:
    """Return the real recordings that come with the package, in m/s^2 and rad/s."""
    found = [sample(name) for name in sample_names("imu")]
    return [each.samples.astype(np.float64) for each in found if isinstance(each, IMU)]


def refused(samples: NDArray[np.float64], **units: Any) -> str | None:
    """Return why samples at 50 Hz are refused, if they are."""
    try:
        IMU(samples, rate=50, **{**UNITS, **units})
    except errors.UnitError as error:
        return str(error)
    return None


def test_real_motion_is_not_refused() -> None:
    """In stretches of 2.56 s, with gravity and without it, at five strengths."""
    count = 0
    for samples in recordings():
        for start in range(0, len(samples) - WINDOW + 1, WINDOW // 2):
            part = samples[start : start + WINDOW]
            bare = part - np.r_[part[:, :3].mean(0), 0, 0, 0]
            for strength in (0.5, 0.75, 1.0, 1.25, 1.5):
                moving = part.copy()
                moving[:, :3] = part[:, :3].mean(0) + strength * bare[:, :3]
                assert refused(moving) is None
                assert refused(bare * strength) is None
                count += 2
    assert count >= 100


@pytest.mark.parametrize(
    ("spoil", "units", "message"),
    [
        (lambda s: s[:, [3, 4, 5, 0, 1, 2]], {}, "before gyroscope"),
        (lambda s: s / [G, G, G, 1, 1, 1], {}, 'looks like "g"'),
        (lambda s: s, {"accel": "g"}, r'looks like "m/s\^2"'),
        (lambda s: s * np.r_[[64 / G] * 3, [1] * 3], {}, "at most 49"),
        (lambda s: np.c_[s[:, :3], np.tile([0.6, 0.0, 0.8], (len(s), 1))], {}, "look like gravity"),
        (lambda s: np.c_[s[:, :3], np.tile([G * 0.6, 0, G * 0.8], (len(s), 1))], {}, "gravity"),
    ],
    ids=["gyro first", "g as m/s^2", "m/s^2 as g", "counts", "gravity in g", "gravity"],
)
def test_what_no_body_does_is_refused(spoil: Any, units: dict[str, Any], message: str) -> None:
    """Each way of getting it wrong, with what it looks like."""
    with pytest.raises(errors.UnitError, match=message):
        IMU(spoil(planted(300)), rate=100, **{**UNITS, **units})


def test_exchanged_sensors_are_found_in_real_motion() -> None:
    """In each of the recordings; g taken for m/s^2 in three of four, where it is not a run."""
    exchanged = [refused(each[:, [3, 4, 5, 0, 1, 2]]) for each in recordings()]
    assert all(exchanged)
    in_g = [refused(each / [G, G, G, 1, 1, 1]) for each in recordings()]
    assert sum(why is not None for why in in_g) >= 3


@pytest.mark.parametrize("value", [-999.0, -9999.0, 3.4e38, 32767.0])
def test_numbers_that_stand_for_no_reading_are_named(value: float) -> None:
    """With the rows that hold them."""
    samples = planted(300)
    samples[100:120] = value
    with pytest.raises(errors.UnitError, match=r"20 of 300 rows \(row 100, 101, 102, \.\.\.\)"):
        IMU(samples, rate=100, **UNITS)
    samples[100:120] = np.nan
    with pytest.raises(errors.NonFiniteError, match="row 100"):
        IMU(samples, rate=100, **UNITS)
