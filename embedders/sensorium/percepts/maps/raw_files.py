"""Numbers without a header, as cameras and programs dump them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np

from sensorium.errors import PerceptShapeError
from sensorium.percepts.limits import Limits
from sensorium.percepts.maps.layout import Layout
from sensorium.percepts.maps.stored import Stored
from sensorium.percepts.source import Array


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
            "check both; a file with a header or compression must be read by its own program, "
            "and the array passed",
        )
    start = frame * layout.page(size // frame, name)

    def read() -> Array:
        stream.seek(start)
        return np.frombuffer(stream.read(frame), dtype).reshape(shape)

    yield Stored(shape, dtype, read)
