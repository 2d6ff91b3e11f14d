"""Counts of 16 bits that were written without their signs: -1 as 65535."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from sensorium.percepts.source import Array

RANGE = 2**16
LOW, HIGH = RANGE // 4, RANGE * 3 // 4  # an axis that has numbers beyond both turns around
NOTE = "numbers from 32768 on are negative ones, written without their signs"


def with_signs(samples: Array, units: Mapping[str, object]) -> tuple[Array, dict[str, Any]]:
    """Give counts their signs, where an axis steps from 0 to 65535 and back.

    A sensor of so many bits measures both signs, so its numbers lie near both ends of the range and
    not between; what is centred on 32768 does not step so.

    Args:
        samples: Shape `(T, 6)`.
        units: Units of `"accel"` and `"gyro"`; a number, of one count, says that they are counts.
    Returns:
        The samples, and what the reading says of those that were changed.
    """
    said: dict[str, Any] = {}
    for place, sensor in enumerate(("accel", "gyro")):
        part = slice(3 * place, 3 * place + 3)
        if _is_count(units.get(sensor)) and _is_unsigned(samples[:, part]):
            samples = np.array(samples, np.float64)
            samples[:, part] -= RANGE * (samples[:, part] >= RANGE // 2)
            said[f"{sensor} counts"] = NOTE
    return samples, said


def _is_count(unit: object) -> bool:
    return isinstance(unit, numbers.Real) or (isinstance(unit, str) and unit[:1].isdigit())


def _is_unsigned(counts: Array) -> bool:
    if len(counts) < 2 or not np.isfinite(counts).all() or (counts != np.rint(counts)).any():
        return False
    least, greatest = counts.min(axis=0), counts.max(axis=0)
    if least.min() < 0 or greatest.max() >= RANGE:
        return False
    turns = np.abs(np.diff(counts.astype(np.float64), axis=0)).max(axis=0) > RANGE // 2
    return bool((turns & (least < LOW) & (greatest > HIGH)).any())
