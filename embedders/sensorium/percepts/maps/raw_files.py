"""Numbers without a header, as cameras and programs dump them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np

from sensorium.errors import PerceptShapeError, Phrase, listed
from sensorium.percepts.limits import Limits
from sensorium.percepts.maps.layout import Layout
from sensorium.percepts.maps.stored import Stored
from sensorium.percepts.source import Array

BY_SIZE = {1: "uint8", 2: "uint16", 4: "float32", 8: "float64"}  # types by their bytes
SHAPES = (  # (height, width) of what depth and thermal cameras give
    *((480, 640), (240, 320), (120, 160), (60, 80), (424, 512), (576, 640), (512, 640)),
    *((720, 1280), (480, 848), (360, 640), (400, 640), (800, 1280), (1080, 1920), (512, 512)),
    *((192, 256), (288, 384), (156, 208), (24, 32), (1024, 1024), (768, 1024), (256, 320)),
)
MOST_WAYS = 3


def _other_layout(size: int, layout: Layout) -> str:
    """Return the remedy for a file of another size: its type of numbers, or its sides."""
    assert layout.shape is not None
    pixels = layout.shape[0] * layout.shape[1]
    dtype = BY_SIZE.get(size // pixels) if size % pixels == 0 else None
    ways: list[dict[str, Any]] = [{"dtype": dtype}] if dtype else []
    ways += [{"shape": shape, "dtype": kind} for shape, kind in fitting(size)]
    if not ways:
        return "check both; what has a header or is compressed cannot be read by its shape"
    return Phrase(f"pass {listed(ways[:MOST_WAYS])}, as its size suggests", *ways[:MOST_WAYS])


def fitting(size: int) -> list[tuple[tuple[int, int], str]]:
    """Return the shapes and types of cameras' maps that have a number of bytes."""
    return [
        (shape, BY_SIZE[width])
        for width in (2, 4)
        for shape in SHAPES
        if shape[0] * shape[1] * width == size
    ]


@contextmanager
def open_raw(stream: BinaryIO, layout: Layout, limits: Limits, name: str) -> Iterator[Stored]:
    """Open one map of a file that is nothing but numbers, row by row."""
    assert layout.shape is not None
    shape, dtype = layout.shape, np.dtype(layout.dtype)
    size = stream.seek(0, 2)
    frame = shape[0] * shape[1] * dtype.itemsize
    if size % frame:
        raise PerceptShapeError(
            f"{name} of {size} bytes with shape={shape}, dtype={layout.dtype!r}",
            f"{frame} bytes, or a multiple of it",
            _other_layout(size, layout),
        )
    start = frame * layout.page(size // frame, name)

    def read() -> Array:
        stream.seek(start)
        return np.frombuffer(stream.read(frame), dtype).reshape(shape)

    yield Stored(shape, dtype, read)
