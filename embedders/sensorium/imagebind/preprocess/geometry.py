"""From a picture of any size to the square a tower sees."""

from __future__ import annotations

import numpy as np
import PIL.Image
import torch
from PIL.Image import Resampling
from torch import Tensor

from sensorium.imagebind.stems import PICTURE

MAX_ASPECT = 32  # beyond it the far ends, which the crop drops anyway, are cut before resizing


def fit(picture: PIL.Image.Image, *, across: float = 0.5) -> PIL.Image.Image:
    """Resize the short side to 224 pixels and crop a square.

    Args:
        picture: Mode RGB or F (float32), of any size. Not modified.
        across: Where along the long side the square lies: 0 start, 0.5 centre, 1 end.
    Returns:
        The same mode, 224 x 224; bicubic with antialiasing, as Pillow resizes.
    """
    picture = _drop_far_ends(picture, across)
    short = min(picture.size)
    width, height = (int(PICTURE * side / short) for side in picture.size)
    resized = picture.resize((width, height), Resampling.BICUBIC)
    left, top = (round((side - PICTURE) * across) for side in (width, height))
    return resized.crop((left, top, left + PICTURE, top + PICTURE))


def _drop_far_ends(picture: PIL.Image.Image, across: float) -> PIL.Image.Image:
    short, long = sorted(picture.size)
    kept = short * MAX_ASPECT
    if long <= kept:
        return picture
    start = round((long - kept) * across)
    wide = picture.size[0] == long
    return picture.crop(
        (start, 0, start + kept, short) if wide else (0, start, short, start + kept)
    )


def fit_map(values: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> Tensor:
    """Resize and crop a one-channel map `(H, W)`, float32, to `(1, 224, 224)`."""
    fitted = fit(PIL.Image.fromarray(np.ascontiguousarray(values, dtype=np.float32), mode=None))
    return torch.from_numpy(np.array(fitted, dtype=np.float32))[None]  # (1, 224, 224)
