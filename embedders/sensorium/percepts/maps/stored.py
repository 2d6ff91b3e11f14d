"""An array as it lies in an open file: its shape is known, its numbers are read when asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from sensorium.percepts.codecs.pictures import without_ones
from sensorium.percepts.source import Array

DEEP = 2  # bytes of a number that is more than a level of grey


class Stored(NamedTuple):
    """A map in an open file."""

    shape: tuple[int, ...]  # (H, W), with ones before and behind, or (H, W, 3)
    dtype: np.dtype[Any]
    read: Callable[[], Array]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height; of an array that is no map, its length and 1."""
        shape = without_ones(self.shape)
        shape = shape[:2] if len(shape) == 3 else shape
        if len(shape) != 2:
            return int(np.prod(shape, dtype=np.int64)), 1
        return shape[1], shape[0]

    @property
    def mode(self) -> str:
        """The mode that Pillow would give such a picture."""
        if len(without_ones(self.shape)) == 3:
            return "RGB"
        if self.dtype.kind == "f":
            return "F"
        return "I" if self.dtype.itemsize >= DEEP else "L"
