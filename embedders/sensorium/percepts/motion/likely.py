"""Units that the numbers of a motion suggest: gravity is 9.8 m/s^2, however it is counted."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from sensorium.percepts.motion.columns import ACCEL_UNITS, GYRO_UNITS, STANDARD_GRAVITY
from sensorium.percepts.source import Array

NEAR = 0.35  # of a unit's gravity, by which the median of a motion may differ
CLOSE = 0.1  # of it, by which no other unit is as likely
SCALES = [2**power for power in range(5, 16)]  # counts of one g, as sensors have them
CALM, WILD = 8.0, 40.0  # rad/s; a median above is likely, or surely, degrees
COUNTED = (131.0, 65.5, 32.8, 16.4)  # counts of one deg/s, as sensors have them


def likely_accel(samples: Array) -> list[str | float]:
    """Return units of an acceleration with which it is about gravity, the likeliest first.

    A number of counts that no sensor is known for gives the scale that makes gravity of them.

    Args:
        samples: Shape `(T, 6)`, of which the first three columns are in that unit.
    """
    norms = np.linalg.norm(samples[:, :3].astype(np.float64), axis=1)
    median = float(np.median(norms[np.isfinite(norms)])) if np.isfinite(norms).any() else 0.0
    if median <= 0:
        return ["m/s^2", "g"]
    found: Mapping[str, float] = {unit: STANDARD_GRAVITY / one for unit, one in ACCEL_UNITS.items()}
    found = {**found, **{f"{STANDARD_GRAVITY}/{scale}": float(scale) for scale in SCALES}}
    away = {unit: abs(math.log(median / gravity)) for unit, gravity in found.items()}
    ranked = sorted(away, key=lambda unit: away[unit])
    near = [unit for unit in ranked if away[unit] < math.log1p(NEAR)]
    if not near:
        return [float(f"{STANDARD_GRAVITY / median:.4g}")] if median > 2 else ["m/s^2", "g"]
    close = [unit for unit in near if away[unit] < away[near[0]] + CLOSE]
    return list(close[:3])


def likely_gyro(samples: Array) -> list[str | float]:
    """Return units of a rotation rate with which a body may turn so fast.

    Args:
        samples: Shape `(T, 6)`, of which the last three columns are in that unit.
    """
    norms = np.linalg.norm(samples[:, 3:].astype(np.float64), axis=1)
    median = float(np.median(norms[np.isfinite(norms)])) if np.isfinite(norms).any() else 0.0
    degree = GYRO_UNITS["deg/s"]
    if median * degree > WILD:
        counted = [f"{degree:.7g}/{scale:g}" for scale in COUNTED]
        return ["mdeg/s", *counted]
    if median > WILD:
        return ["deg/s"]
    return ["deg/s", "rad/s"] if median > CALM else ["rad/s", "deg/s"]
