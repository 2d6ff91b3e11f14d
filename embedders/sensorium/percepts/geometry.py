"""Resizing and cropping a picture of any size to the square that a tower takes."""

from __future__ import annotations

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL.Image import Resampling

MAX_ASPECT = 32  # beyond it the far ends, which the crop drops anyway, are cut before resizing


def fit(
    picture: PIL.Image.Image,
    side: int,
    *,
    short: int | None = None,
    across: float = 0.5,
    reducing_gap: float | None = None,
) -> PIL.Image.Image:
    """Resize the short side and crop a square.

    Args:
        picture: Mode RGB or F (float32), of any size. Not modified.
        side: Pixels a side of the square.
        short: Pixels that the short side is resized to; by default `side`.
        across: Where along the long side the square lies: 0 start, 0.5 centre, 1 end.
        reducing_gap: Average large pictures to this many times the size first, which is faster
            and nearly the same. By default they are not averaged.
    Returns:
        The same mode, `side` by `side`; bicubic with antialiasing, as Pillow resizes.
    """
    picture = _drop_far_ends(picture, across)
    short = short or side
    shortest = min(picture.size)
    width, height = (int(short * edge / shortest) for edge in picture.size)
    resized = picture.resize((width, height), Resampling.BICUBIC, reducing_gap=reducing_gap)
    along = [across if edge > short else 0.5 for edge in (width, height)]
    left, top = (
        round((edge - side) * where) for edge, where in zip((width, height), along, strict=True)
    )
    return resized.crop((left, top, left + side, top + side))


def fit_map(
    values: NDArray[np.float32], side: int, *, short: int | None = None
) -> NDArray[np.float32]:
    """Resize and crop a one-channel map `(H, W)`, float32, to `(side, side)`, as `fit` does."""
    fitted = fit(PIL.Image.fromarray(np.ascontiguousarray(values, np.float32)), side, short=short)
    return np.array(fitted, dtype=np.float32)


def _drop_far_ends(picture: PIL.Image.Image, across: float) -> PIL.Image.Image:
    short, long = sorted(picture.size)
    longest = short * MAX_ASPECT
    if long <= longest:
        return picture
    start = round((long - longest) * across)
    wide = picture.size[0] == long
    return picture.crop(
        (start, 0, start + longest, short) if wide else (0, start, short, start + longest)
    )
