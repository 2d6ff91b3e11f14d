"""Signs that the numbers of a map are not what they are said to be.

Each test looks at stored whole numbers and finds a kind of file whose values are plausible but
wrong. docs/maps.md has how often each was right on files of known kinds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sensorium.percepts.maps.counts import ROTATED, ROTATION, SWAPPED, as_words
from sensorium.percepts.source import Array

ROWS = 96  # of a map that are looked at, as many do not say more
FEWEST = 256  # pixels that say something of a map
RANGE_BITS = 13  # of Android's DEPTH16, below three bits of confidence
# How many times smoother a map must be when it is read with these bits
SMOOTHER: Mapping[int | str, float] = {SWAPPED: 3.0, RANGE_BITS: 2.0}
LEAST_BAND = 4  # of the eight confidences: from here on, no camera measures in millimetres
MOST = 0.99  # of the pixels
FEWEST_VALUES = 32  # different numbers that all are multiples of eight
GAP = 1 / 16  # of the greatest number; from the second greatest to it
BEYOND = 100  # times the second greatest
FEWEST_MARKED = 4  # pixels, as a measurement does not come again to the last bit
SENTINELS = (65_535.0, 65_504.0)  # the greatest of 16-bit whole numbers and of half floats


def doubted_bits(array: Array, *, millimetres: bool) -> int | str | None:
    """Return the `bits` of `Counts` with which a map becomes a scene that it is not as it is.

    Args:
        array: Stored numbers, (H, W); 0 where there is a hole.
        millimetres: Whether they are said to be millimetres, which cameras keep in other ways.
    Returns:
        `"sun-rgbd"` if all numbers are multiples of eight and of nothing more; 13 if the map is
        smoother without its upper three bits, or nearly all pixels have the same large ones;
        `"swapped"` if it is noise but for the order of bytes; `None` if nothing is odd.
    """
    words = as_words(array[:: max(1, len(array) // ROWS)])
    if words is None or np.count_nonzero(words) < FEWEST:
        return None
    if millimetres and _is_rotated(words):
        return ROTATED
    if millimetres and _is_beyond(words):
        return RANGE_BITS
    readings: dict[int | str, NDArray[np.uint16]] = {SWAPPED: words.byteswap()}
    if millimetres:
        readings[RANGE_BITS] = words & np.uint16((1 << RANGE_BITS) - 1)
    rough = {bits: roughness(reading) for bits, reading in readings.items()}
    best = min(rough, key=lambda bits: rough[bits])
    return best if roughness(words) > SMOOTHER[best] * rough[best] else None


def _is_rotated(words: NDArray[np.uint16]) -> bool:
    measured = words[words > 0]
    step = 1 << ROTATION
    whole = measured[measured % step == 0]
    if whole.size < MOST * measured.size:
        return False
    values = np.unique(whole)
    return values.size >= FEWEST_VALUES and int(np.gcd.reduce(values)) == step


def _is_beyond(words: NDArray[np.uint16]) -> bool:
    pixels = np.bincount(words[words > 0] >> np.uint16(RANGE_BITS), minlength=LEAST_BAND + 1)
    return bool(pixels[LEAST_BAND:].max() >= MOST * pixels.sum())


def lone_maximum(array: Array) -> float | None:
    """Return the greatest number if it is a type's maximum and far from all others.

    Of floats, it is any number that several pixels have and that is far beyond all others: what a
    renderer or a camera writes where nothing is.
    """
    if array.size < FEWEST:
        return None
    limits = {*SENTINELS}
    if array.dtype.kind in "iu":
        limits.add(float(np.iinfo(array.dtype).max))
    finite = array[np.isfinite(array)] if array.dtype.kind == "f" else array
    if not finite.size:
        return None
    greatest = float(finite.max())
    if greatest not in limits and array.dtype.kind != "f":
        return None
    others = finite[finite < finite.max()]
    if greatest not in limits:
        marked = finite.size - others.size
        beyond = others.size and 0 < float(others.max()) * BEYOND < greatest
        return greatest if beyond and marked >= FEWEST_MARKED else None
    far = others.size and greatest - float(others.max()) > GAP * greatest
    return greatest if far else None


def roughness(words: NDArray[np.uint16]) -> float:
    """Return the mean step between neighbours in a row over the spread; infinity where all is one.

    Zeros are holes and do not count. Noise has about 1, a scene less than 0.2.
    """
    values = words.astype(np.float64)
    pairs = (words[:, 1:] > 0) & (words[:, :-1] > 0)
    steps = np.abs(np.diff(values, axis=1))[pairs]
    spread = float(values[words > 0].std()) if steps.size else 0.0
    return float(steps.mean()) / spread if spread > 0 else math.inf
