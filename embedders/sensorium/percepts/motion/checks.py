"""Motion that no body makes: units, columns and missing readings that the numbers give away.

The limits were tried on real recordings of phones and watches: of 228 stretches of 2.56 s, with
gravity and without, none is refused (`tests/percepts/motion/test_checks.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import Phrase, UnitError, listed
from sensorium.percepts.motion.columns import STANDARD_GRAVITY
from sensorium.percepts.motion.likely import likely_accel, likely_gyro
from sensorium.percepts.source import Array

MOST_ACCEL = 5 * STANDARD_GRAVITY  # m/s^2; a median beyond it is counts, or m/s^2 taken for g
MOST_GYRO = 40.0  # rad/s, 2300 deg/s; a median beyond it is degrees, or counts
GRAVITY_IN_G = (0.8, 1.3)  # median norm of an acceleration in g that gravity is part of
STEADY = 0.6  # of the median, the length of the mean: gravity is always there, motion is not
GRAVITY = (7.0, 12.0)  # m/s^2, length of the mean where gravity is part of it
NO_READING = (50 * STANDARD_GRAVITY, 100.0)  # m/s^2 and rad/s that no sensor of motion measures
SAME = 0.02  # of its mean, the deviation of the norm of gravity in g or m/s^2
FEWEST = 20  # rows that a mean, or a norm that never changes, is told from
TRUST = {"trust": True}
SURE = "if they are right as they are, {1}"
NO_COLUMNS: Mapping[str, Sequence[str | int]] = MappingProxyType({})
MOST_WAYS = 4
LISTED = 3  # rows that a message names


def check_motion(
    samples: Array,
    canonical: NDArray[np.float32],
    *,
    accel: object,
    columns: Mapping[str, Sequence[str | int]] = NO_COLUMNS,
) -> None:
    """Check samples as they came, and in our units, against what bodies do.

    Args:
        samples: Shape `(T, 6)`, as they came.
        canonical: The same in m/s^2 and rad/s.
        accel: Unit of the acceleration, as it was stated.
        columns: Columns of the file that each sensor was taken from, as `columns=` names them.
    Raises:
        UnitError: The unit looks wrong, the sensors look exchanged, or rows hold no reading.
    """
    norms = _norms(samples[:, :3]), _norms(samples[:, 3:])
    sizes = _norms(canonical[:, :3]), _norms(canonical[:, 3:])
    _check_accel(samples, float(np.median(norms[0])), accel)
    _check_order(canonical, columns)
    _check_turning(norms[1], columns)
    _check_size(samples, *(float(np.median(each)) for each in sizes))
    _check_rows(samples, *sizes)


def no_reading(canonical: Array) -> NDArray[np.bool_]:
    """Return which rows `(T, 6)`, in m/s^2 and rad/s, hold what no sensor of motion measures."""
    accel, gyro = _norms(canonical[:, :3]), _norms(canonical[:, 3:])
    return (accel > NO_READING[0]) | (gyro > NO_READING[1])


def _norms(vectors: Array) -> NDArray[np.float64]:
    """Return the lengths of vectors `(T, 3)`."""
    x, y, z = (vectors[:, axis].astype(np.float64) for axis in range(3))
    lengths: NDArray[np.float64] = np.sqrt(x * x + y * y + z * z)
    return lengths


def _check_accel(samples: Array, median: float, accel: object) -> None:
    if accel == "g" and median * STANDARD_GRAVITY > MOST_ACCEL:
        guess = next((unit for unit in likely_accel(samples) if isinstance(unit, str)), "m/s^2")
    elif accel == "m/s^2" and _is_in_g(samples, median):
        guess = "g"
    else:
        return
    raise UnitError(
        Phrase(f"{{0}} for accelerations of {median:.2f} (median norm)", {"accel": accel}),
        f'the right unit: this looks like "{guess}"',
        Phrase(f"pass {{0}}; {SURE}", {"accel": guess}, TRUST),
    )


def _is_in_g(samples: Array, median: float) -> bool:
    """Return whether gravity is part of an acceleration, and about 1: without gravity, the mean
    of a motion is near 0.
    """
    mean = float(np.linalg.norm(samples[:, :3].astype(np.float64).mean(0)))
    return GRAVITY_IN_G[0] < median < GRAVITY_IN_G[1] and mean > STEADY * median


def _check_order(
    canonical: NDArray[np.float32], columns: Mapping[str, Sequence[str | int]]
) -> None:
    """Check that gravity is in the acceleration, and not in the rotation."""
    accel, gyro = (
        float(np.linalg.norm(part.mean(0, dtype=np.float64))) for part in np.hsplit(canonical, 2)
    )
    low, high = GRAVITY
    if len(canonical) >= FEWEST and low < gyro < high and not low < accel < high:
        remedy = Phrase(
            f"exchange them: samples[:, [3, 4, 5, 0, 1, 2]]; {SURE.replace('1', '0')}", TRUST
        )
        if {"accel", "gyro"} <= columns.keys():
            others = {"accel": list(columns["gyro"]), "gyro": list(columns["accel"])}
            remedy = Phrase(f"exchange them: {{0}}; {SURE}", {"columns": others}, TRUST)
        raise UnitError(
            f"motion that turns by {gyro:.1f} rad/s on average, as gravity pulls by 9.8 m/s^2",
            "accelerometer x y z before gyroscope x y z",
            remedy,
        )


def _check_turning(norms: NDArray[np.float64], columns: Mapping[str, Sequence[str | int]]) -> None:
    """Check that what is said to be rotation is not gravity, whose norm never changes."""
    mean = float(norms.mean())
    if len(norms) < FEWEST or float(norms.std()) > SAME * mean:
        return
    if any(abs(mean / one - 1) < SAME for one in (1.0, STANDARD_GRAVITY)):
        without: dict[str, Any] = {"gyro": "none"}
        if columns:
            without["columns"] = {k: list(names) for k, names in columns.items() if k != "gyro"}
        raise UnitError(
            f"motion that turns by {mean:.3f} in every row, about whatever axis",
            "the samples of a gyroscope; these look like gravity",
            Phrase(
                f"name the columns of the gyroscope, or leave these out: {{0}}; {SURE}",
                without,
                TRUST,
            ),
        )


def _check_size(samples: Array, accel: float, gyro: float) -> None:
    """Check for counts of a sensor, and for degrees taken for radians."""
    ways: list[dict[str, Any]] = []
    if accel > MOST_ACCEL:
        ways = [{"accel": unit} for unit in likely_accel(samples)]
    if gyro > MOST_GYRO:
        told = [{"gyro": unit} for unit in likely_gyro(samples)]
        ways = [{**one, **other} for one in ways or [{}] for other in told]
    if ways:
        shown = ways[:MOST_WAYS]
        raise UnitError(
            f"motion whose median is {accel:.3g} m/s^2 and {gyro:.3g} rad/s",
            f"at most {MOST_ACCEL:.0f} m/s^2 and {MOST_GYRO:g} rad/s",
            Phrase(f"pass {listed(shown)}; {SURE.replace('1', str(len(shown)))}", *shown, TRUST),
        )


def _check_rows(samples: Array, accel: NDArray[np.float64], gyro: NDArray[np.float64]) -> None:
    """Check for numbers that stand for no reading, such as -999."""
    rows = np.flatnonzero((accel > NO_READING[0]) | (gyro > NO_READING[1]))
    if len(rows):
        shown = ", ".join(str(row) for row in rows[:LISTED])
        values = np.unique(samples[rows])
        value = f"{values[0]:g}" if len(values) == 1 else f"up to {np.abs(values).max():g}"
        raise UnitError(
            f"motion of {value} in {len(rows)} of {len(samples)} rows (row {shown}"
            f"{', ...' if len(rows) > LISTED else ''})",
            f"at most {NO_READING[0]:.0f} m/s^2 and {NO_READING[1]:g} rad/s",
            Phrase(
                f"pass {{0}} to leave out rows without a reading; {SURE}",
                {"invalid": _numbers(samples, accel, gyro)},
                TRUST,
            ),
        )


def _numbers(
    samples: Array, accel: NDArray[np.float64], gyro: NDArray[np.float64]
) -> float | list[float]:
    """Return the numbers, few if they are few, by which rows are beyond what sensors measure."""
    found: set[float] = set()
    for part, sizes, most in (
        (samples[:, :3], accel, NO_READING[0]),
        (samples[:, 3:], gyro, NO_READING[1]),
    ):
        rows = np.asarray(part)[sizes > most]
        found |= {float(row[int(np.abs(row).argmax())]) for row in rows}
    numbers = [int(each) if each.is_integer() else each for each in sorted(found)]
    return numbers[0] if len(numbers) == 1 else numbers
