"""Arrays in MATLAB files of version 5, which `save` writes unless it is told `-v7.3`."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np

from sensorium.errors import MissingExtraError
from sensorium.percepts.codecs.pictures import without_ones
from sensorium.percepts.limits import Limits
from sensorium.percepts.maps.layout import Layout
from sensorium.percepts.maps.stored import Stored
from sensorium.percepts.source import Array

TYPES = {  # MATLAB's classes of numbers, as NumPy calls them
    "double": "float64",
    "single": "float32",
    "logical": "bool",
    **{f"{sign}int{bits}": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
}


@contextmanager
def open_matlab(stream: BinaryIO, layout: Layout, limits: Limits, name: str) -> Iterator[Stored]:
    """Open an array of a MATLAB file: `dataset`, or the only one that may be a map.

    Cells and structures are not looked into. The maps of a stack lie along its last axis.
    """
    try:
        from scipy import io
    except ImportError as error:
        raise MissingExtraError.for_package("scipy", "matlab") from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of two arrays of one name, the last is taken
        told = {key: (shape, kind) for key, shape, kind in io.whosmat(stream)}
    maps = [key for key, (shape, kind) in told.items() if kind in TYPES and _may_be_map(shape)]
    chosen = layout.choose(maps, name)
    shape, dtype = without_ones(told[chosen][0]), np.dtype(TYPES[told[chosen][1]])
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if size > limits.max_memory:
        raise ValueError(f"{size} bytes of numbers, more than max_memory of the limits")
    frame = layout.page(shape[-1], name) if len(shape) == 3 or layout.frame else None

    def read() -> Array:
        stream.seek(0)
        # Whole numbers are kept in the smallest type: mat_dtype gives them their own again
        found = io.loadmat(stream, variable_names=[chosen], mat_dtype=True)[chosen]
        array: Array = np.asarray(found).reshape(shape)
        return array if frame is None else array[..., frame]

    yield Stored(shape if frame is None else shape[:-1], dtype, read)


def _may_be_map(shape: tuple[int, ...]) -> bool:
    """Return whether an array has rows and columns, which a number has in MATLAB as well."""
    sides = without_ones(shape)
    return len(sides) in (2, 3) and min(sides) > 1
