"""Fill holes in a map from what surrounds them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import EmptyPerceptError

NEAR, FAR = 0.75, 0.25  # weights of a coarse pixel's own and its neighbour's value, bilinear by 2


def fill_holes(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fill NaN smoothly from the surrounding valid values.

    Halves the map until a level has no holes (each coarse pixel is the mean of its valid ones),
    then goes back up, filling holes by bilinear interpolation of the level above. Time and memory
    are proportional to the number of pixels.

    Args:
        values: Shape (H, W), NaN where there is a hole. Not modified.
    Returns:
        A new map of the same shape and dtype; valid pixels are exactly as they were, and filled
        ones lie within their range.
    Raises:
        EmptyPerceptError: Every pixel is a hole.
    """
    valid = ~np.isnan(values)
    if not valid.any():
        raise EmptyPerceptError(
            f"a map of {values.size} pixels that are all holes",
            "at least one valid pixel",
            "leave this percept out",
        )
    if valid.all():
        return values.copy()
    filled = _fill(np.where(valid, values, 0).astype(np.float64), valid)
    return np.where(valid, values, filled).astype(values.dtype)


def _fill(values: NDArray[np.float64], valid: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Fill the pixels that are not `valid`, whose `values` are 0; at least one is valid."""
    if valid.all():
        return values
    height, width = values.shape
    even = ((0, height % 2), (0, width % 2))
    total = _sum_of_fours(np.pad(values, even))
    count = _sum_of_fours(np.pad(valid, even).astype(np.float64))
    coarse = _fill(total / np.maximum(count, 1), count > 0)
    smooth = _double(_double(coarse).T).T[:height, :width]
    return np.where(valid, values, smooth)


def _sum_of_fours(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Halve both sides of an even-sized map, adding each 2 x 2 pixels."""
    rows = values[0::2] + values[1::2]
    return rows[:, 0::2] + rows[:, 1::2]


def _double(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Double the number of rows by linear interpolation between row centres."""
    above = np.concatenate([values[:1], values[:-1]])
    below = np.concatenate([values[1:], values[-1:]])
    doubled = np.empty((2 * len(values), values.shape[1]))
    doubled[0::2] = NEAR * values + FAR * above
    doubled[1::2] = NEAR * values + FAR * below
    return doubled
