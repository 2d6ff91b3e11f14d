"""The cells that a picture is seen in: it is seen whole, in nearly its own proportions.

The trunk makes one feature vector of each cell of 32 by 32 pixels. Means over squares of cells say
what is where: something small, or at the edge, outweighs the rest of its own square, which it could
not in the mean of the whole picture.

Letters: B batch, E features, R regions, H and W rows and columns of cells.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL.Image import Resampling

CELL = 32  # pixels a side: the stride of the trunk
MOST = 64  # cells of a picture: a square has 8 by 8
LONG = 1.8  # long side over short side of a picture that gets more cells, as photos have less
MOST_OF_LONG = 108
ACROSS = 6  # cells along the short side that a long picture shall have, if they are not too many
SQUARE = 0.75  # side of a region, as a share of the short side
OVERLAP = 0.5  # least share of a region that lies in the next one
UNUSED = 0.25  # what cells left unused weigh, against proportions that are changed
REDUCING_GAP = 3.0  # a large picture is averaged to three times the size first, which is faster


class Cells(NamedTuple):
    """How many cells a picture has."""

    columns: int
    rows: int


@lru_cache(maxsize=256)
def cells(width: int, height: int) -> Cells:
    """Choose the cells of a picture, so that its proportions are nearly kept.

    Args:
        width: Pixels.
        height: Pixels.
    Returns:
        2 to 32 columns and rows: what is longer than 16 to 1 is squeezed.
    """
    aspect = math.log(width / height)
    long = abs(aspect) > math.log(LONG)
    most = MOST_OF_LONG if long else MOST

    def cost(each: Cells) -> float:
        stretch = math.log(each.columns / each.rows) - aspect
        used = min(each) / ACROSS if long else each.columns * each.rows / most
        return stretch**2 + (UNUSED * math.log(min(1.0, used))) ** 2

    sides = range(2, MOST // 2 + 1)
    allowed = (Cells(*each) for each in product(sides, sides) if math.prod(each) <= most)
    return min(allowed, key=cost)


def shown(picture: PIL.Image.Image, seen: Cells | None = None) -> PIL.Image.Image:
    """Resize a whole picture to its cells.

    Args:
        picture: Mode RGB or F (float32), of any size. Not modified.
        seen: Cells to use, by default those of its own size.
    """
    seen = seen or cells(*picture.size)
    size = CELL * seen.columns, CELL * seen.rows
    return picture.resize(size, Resampling.BICUBIC, reducing_gap=REDUCING_GAP)


def regions(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average the features of cells `(B, E, H, W)` over regions.

    Returns:
        Shape `(B, R, E)`: the whole picture, and then squares of `SQUARE` of the short side that
        cover it, each half over the next.
    """
    height, width = features.shape[2:]
    side = max(1, round(SQUARE * min(height, width)))
    corners = product(_starts(height, side), _starts(width, side))
    means = [features[:, :, top : top + side, left : left + side] for top, left in corners]
    return np.stack([each.mean((2, 3)) for each in (features, *means)], 1)


def _starts(length: int, side: int) -> list[int]:
    """Spread squares along a side: the first at its start, the last at its end."""
    steps = math.ceil((length - side) / max(1.0, side * (1 - OVERLAP)))
    return [round(step * (length - side) / max(1, steps)) for step in range(steps + 1)]
