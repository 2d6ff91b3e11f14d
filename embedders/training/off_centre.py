"""Pictures of things that are not in the middle, made of pictures whose things are."""

from __future__ import annotations

import numpy as np
import PIL.Image
from PIL.Image import Resampling
from PIL.ImageFilter import GaussianBlur

SHAPES = ((4, 3), (16, 9), (9, 20), (3, 1))  # width and height of photos as people have them
SHORT = 480  # pixels of the short side
SIZES = (0.6, 0.9)  # long side of the thing's picture, as a share of the short side of the whole
MARGIN = 0.03  # of the long side, between the thing's picture and the end
SOFT, FAR = 20, 25  # the rim that is blended, as a part of a side; and pixels of blur behind it
GRAIN = 6.0  # deviation of the noise behind it, of 255


def at_an_end(
    picture: PIL.Image.Image, shape: tuple[int, int], random: np.random.Generator
) -> PIL.Image.Image:
    """Put a picture near an end of a larger one, which its own borders continue, blurred.

    Args:
        picture: Mode RGB.
        shape: Width and height of the result, of any scale.
        random: Draws the size, the end, and the place across.
    Returns:
        Mode RGB, `SHORT` pixels at its short side.
    """
    scale = SHORT / min(shape)
    width, height = round(shape[0] * scale), round(shape[1] * scale)
    factor = random.uniform(*SIZES) * SHORT / max(picture.size)
    size = [max(1, round(side * factor)) for side in picture.size]
    thing = picture.resize((size[0], size[1]), Resampling.BICUBIC)
    free = [width - thing.width, height - thing.height]
    place = [round(random.uniform(0, each)) for each in free]
    along = 0 if width > height else 1
    margin = min(free[along], round(MARGIN * max(width, height)))
    place[along] = margin if random.integers(2) else free[along] - margin
    whole = _continued(thing, (width, height), (place[0], place[1]), random)
    rim = max(2, min(thing.size) // SOFT)
    mask = PIL.Image.new("L", thing.size, 0)
    mask.paste(255, (rim, rim, thing.width - rim, thing.height - rim))
    whole.paste(thing, (place[0], place[1]), mask.filter(GaussianBlur(rim / 2)))
    return whole


def beside(left: PIL.Image.Image, right: PIL.Image.Image) -> PIL.Image.Image:
    """Put two pictures beside each other, equally high."""
    scaled = [
        each.resize((max(1, round(each.width * SHORT / each.height)), SHORT), Resampling.BICUBIC)
        for each in (left, right)
    ]
    both = PIL.Image.new("RGB", (scaled[0].width + scaled[1].width, SHORT))
    both.paste(scaled[0], (0, 0))
    both.paste(scaled[1], (scaled[0].width, 0))
    return both


def _continued(
    thing: PIL.Image.Image,
    size: tuple[int, int],
    place: tuple[int, int],
    random: np.random.Generator,
) -> PIL.Image.Image:
    """Continue the borders of a picture to all sides, as a blurred and grainy background."""
    pixels = np.asarray(thing.filter(GaussianBlur(FAR / 4)))
    (width, height), (left, top) = size, place
    around = ((top, height - top - thing.height), (left, width - left - thing.width), (0, 0))
    blurred = PIL.Image.fromarray(np.pad(pixels, around, "edge")).filter(GaussianBlur(FAR))
    noisy = np.asarray(blurred, np.float32) + random.normal(0, GRAIN, (height, width, 1))
    return PIL.Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
