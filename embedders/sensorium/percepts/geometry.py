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
    across: float = 0.5,
) -> PIL.Image.Image:
    """Resize the short side to that of a square, and crop the square.

    Args:
        picture: Mode RGB or F (float32), of any size. Not modified.
        side: Pixels a side of the square.
        across: Where along the long side the square lies: 0 start, 0.5 centre, 1 end.
    Returns:
        The same mode, `side` by `side`; bicubic with antialiasing, as Pillow resizes.
    """
    picture = _drop_far_ends(picture, across)
    shortest = min(picture.size)
    width, height = (int(side * edge / shortest) for edge in picture.size)
    resized = picture.resize((width, height), Resampling.BICUBIC)
    along = [across if edge > side else 0.5 for edge in (width, height)]
    left, top = (
        round((edge - side) * where) for edge, where in zip((width, height), along, strict=True)
    )
    return resized.crop((left, top, left + side, top + side))


def fit_map(values: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Resize and crop a one-channel map `(H, W)`, float32, to `(side, side)`, as `fit` does."""
    fitted = fit(PIL.Image.fromarray(np.ascontiguousarray(values, np.float32)), side)
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
