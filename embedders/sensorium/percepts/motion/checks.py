"""Motion that no body makes: units, columns and missing readings that the numbers give away.

The limits were tried on real recordings of phones and watches: of 228 stretches of 2.56 s, with
gravity and without, none is refused (`tests/percepts/motion/test_checks.py`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import UnitError
from sensorium.percepts.motion.columns import STANDARD_GRAVITY
from sensorium.percepts.source import Array

MOST_ACCEL = 5 * STANDARD_GRAVITY  # m/s^2; a median beyond it is counts, or m/s^2 taken for g
MOST_GYRO = 40.0  # rad/s, 2300 deg/s; a median beyond it is degrees, or counts
GRAVITY_IN_G = (0.8, 1.3)  # median norm of an acceleration in g that gravity is part of
STEADY = 0.6  # of the median, the length of the mean: gravity is always there, motion is not
GRAVITY = (7.0, 12.0)  # m/s^2, length of the mean where gravity is part of it
NO_READING = (50 * STANDARD_GRAVITY, 100.0)  # m/s^2 and rad/s that no sensor of motion measures
SAME = 0.02  # of its mean, the deviation of the norm of gravity in g or m/s^2
FEWEST = 20  # rows that a mean, or a norm that never changes, is told from
LISTED = 3  # rows that a message names


def check_motion(samples: Array, canonical: NDArray[np.float32], accel: object) -> None:
    """Check samples as they came, and in our units, against what bodies do.

    Args:
        samples: Shape `(T, 6)`, as they came.
        canonical: The same in m/s^2 and rad/s.
        accel: Unit of the acceleration, as it was stated.
    Raises:
        UnitError: The unit looks wrong, the sensors look exchanged, or rows hold no reading.
    """
    norms = _norms(samples[:, :3]), _norms(samples[:, 3:])
    sizes = _norms(canonical[:, :3]), _norms(canonical[:, 3:])
    _check_accel(samples, float(np.median(norms[0])), accel)
    _check_order(canonical)
    _check_turning(norms[1])
    _check_size(*(float(np.median(each)) for each in sizes))
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
        guess, remedy = "m/s^2", "convert the samples"
    elif accel == "m/s^2" and _is_in_g(samples, median):
        guess = "g"
        remedy = f'if it really is m/s^2, divide it by {STANDARD_GRAVITY} and pass accel="g"'
    else:
        return
    raise UnitError(
        f'accel="{accel}" for accelerations of {median:.2f} (median norm)',
        f'the right unit: this looks like "{guess}"',
        f'pass accel="{guess}", or {remedy}',
    )


def _is_in_g(samples: Array, median: float) -> bool:
    """Return whether gravity is part of an acceleration, and about 1: without gravity, the mean
    of a motion is near 0.
    """
    mean = float(np.linalg.norm(samples[:, :3].astype(np.float64).mean(0)))
    return GRAVITY_IN_G[0] < median < GRAVITY_IN_G[1] and mean > STEADY * median


def _check_order(canonical: NDArray[np.float32]) -> None:
    """Check that gravity is in the acceleration, and not in the rotation."""
    accel, gyro = (
        float(np.linalg.norm(part.mean(0, dtype=np.float64))) for part in np.hsplit(canonical, 2)
    )
    low, high = GRAVITY
    if len(canonical) >= FEWEST and low < gyro < high and not low < accel < high:
        raise UnitError(
            f"motion that turns by {gyro:.1f} rad/s on average, as gravity pulls by 9.8 m/s^2",
            "accelerometer x y z before gyroscope x y z",
            "exchange them: samples[:, [3, 4, 5, 0, 1, 2]]; or name the columns of the file",
        )


def _check_turning(norms: NDArray[np.float64]) -> None:
    """Check that what is said to be rotation is not gravity, whose norm never changes."""
    mean = float(norms.mean())
    if len(norms) < FEWEST or float(norms.std()) > SAME * mean:
        return
    if any(abs(mean / one - 1) < SAME for one in (1.0, STANDARD_GRAVITY)):
        raise UnitError(
            f"motion that turns by {mean:.3f} in every row, about whatever axis",
            "the samples of a gyroscope; these look like gravity",
            "name the columns of the gyroscope: columns={'accel': [...], 'gyro': [...]}",
        )


def _check_size(accel: float, gyro: float) -> None:
    """Check for counts of a sensor, and for degrees taken for radians."""
    if accel > MOST_ACCEL or gyro > MOST_GYRO:
        raise UnitError(
            f"motion whose median is {accel:.3g} m/s^2 and {gyro:.3g} rad/s",
            f"at most {MOST_ACCEL:.0f} m/s^2 and {MOST_GYRO:g} rad/s",
            'multiply raw counts by the sensor\'s scale; pass gyro="deg/s" for degrees; '
            "put accelerometer columns before gyroscope columns",
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
            "leave out rows without a reading (empty their cells), and keep the others' times",
        )
