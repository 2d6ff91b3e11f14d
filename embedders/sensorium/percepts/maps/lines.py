"""Text in which each line is a whole map, as programs for small thermal cameras write it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sensorium.errors import PerceptShapeError, Phrase
from sensorium.percepts.source import Array
from sensorium.percepts.tables.cells import is_moment

SENSORS = (  # (height, width) of cameras whose maps are written on lines
    *((8, 8), (12, 16), (16, 16), (24, 32), (32, 32), (60, 80), (62, 80), (120, 160)),
)
CLOSER = 0.7  # of the step to a number half a row away, the one to the number below
TYPE = "float64"


def check_lines(matrix: Array, labels: Sequence[str], name: str) -> None:
    """Check that lines are rows of one map, and not a map each.

    They are maps if times stand before them, or if the numbers one row of a known camera away are
    closer than those half a row away, which in a row of pixels are the nearer ones.

    Args:
        matrix: The numbers of the lines, `(N, D)`.
        labels: The first cell of each line.
        name: Name of the file, for messages.
    Raises:
        PerceptShapeError: They are.
    """
    count, length = matrix.shape
    sides = [(height, width) for height, width in SENSORS if height * width == length]
    timed = bool(labels) and all(is_moment(each) and ":" in each for each in labels)
    if not timed and not (sides and _is_folded(matrix, sides[0][1])):
        return
    rows = {"shape": (count, length), "dtype": TYPE}
    remedy: str = Phrase("if the lines are rows of pixels, pass {0}", rows)
    if sides:
        way = {"shape": sides[0], "dtype": TYPE, "frame": 0}
        remedy = Phrase(
            f"say which line, from 0 to {count - 1}: {{0}}; if lines are rows of pixels, {{1}}",
            way,
            rows,
        )
    raise PerceptShapeError(
        f"{name} with {count} lines of {length} numbers, each of which looks like a whole map",
        "one map",
        remedy,
    )


def of_lines(matrix: Array, shape: tuple[int, int], name: str) -> Array:
    """Return the map of each line, `(N, H, W)`.

    Raises:
        PerceptShapeError: A line has another number of pixels.
    """
    if matrix.shape == shape:
        return matrix
    if matrix.shape[1] != shape[0] * shape[1]:
        raise PerceptShapeError(
            f"{name} with {len(matrix)} lines of {matrix.shape[1]} numbers",
            f"{shape[0]} x {shape[1]} numbers a line, or {shape[0]} lines of {shape[1]}",
            Phrase("leave it out: {0}", {"shape": None, "dtype": None}),
        )
    return matrix.reshape(-1, *shape)


def _is_folded(matrix: Array, width: int) -> bool:
    """Return whether lines hold rows of `width` pixels one behind the other."""
    near, far = (_step(matrix, lag) for lag in (width, width // 2))
    return near < CLOSER * far


def _step(matrix: Array, lag: int) -> float:
    """Return the mean step between numbers so far apart in a line; 0 where none is told."""
    with np.errstate(invalid="ignore"):  # between infinities
        steps = np.abs(matrix[:, lag:] - matrix[:, :-lag])
    told = steps[np.isfinite(steps)]
    return float(told.mean()) if told.size else 0.0
