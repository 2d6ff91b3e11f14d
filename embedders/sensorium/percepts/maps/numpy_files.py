"""Arrays in `.npy` and `.npz` files."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from sensorium.percepts.codecs.pictures import without_ones
from sensorium.percepts.limits import Limits
from sensorium.percepts.maps.layout import Layout, has_maps_last, pick_frame
from sensorium.percepts.maps.stored import Stored

HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
CHANNELS = (1, 3, 4)  # last sides of one map, or of a picture
SUFFIX = ".npy"  # of the members of an NPZ file


@contextmanager
def open_npy(stream: BinaryIO, layout: Layout, limits: Limits, name: str) -> Iterator[Stored]:
    """Open the one array of a `.npy` file."""
    yield _stored(stream, layout, limits, name)


@contextmanager
def open_npz(stream: BinaryIO, layout: Layout, limits: Limits, name: str) -> Iterator[Stored]:
    """Open an array of an `.npz` file: `dataset`, or the only one that may be a map."""
    with zipfile.ZipFile(stream) as archive:
        members = {
            info.filename.removesuffix(SUFFIX): info.filename
            for info in archive.infolist()
            if info.filename.endswith(SUFFIX)
        }
        maps = [key for key, member in members.items() if _may_be_map(archive, member)]
        chosen = members[layout.choose(maps, name)]
        with archive.open(chosen) as member:
            yield _stored(member, layout, limits, name)


def _may_be_map(archive: zipfile.ZipFile, member: str) -> bool:
    with archive.open(member) as stream:
        shape, dtype = _header(stream)
    return dtype.kind in "biuf" and len(shape) >= 2


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = npy.read_magic(stream)
    if version not in HEADERS:
        raise ValueError(f"a .npy file of version {version}")
    shape, _, dtype = HEADERS[version](stream)
    return tuple(shape), dtype


def _stored(stream: IO[bytes], layout: Layout, limits: Limits, name: str) -> Stored:
    shape, dtype = _header(stream)
    if dtype.kind not in "biuf":
        raise ValueError(f"an array of dtype {dtype}")
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if size > limits.max_memory:
        raise ValueError(f"{size} bytes of numbers, more than max_memory of the limits")
    stream.seek(0)

    def read() -> Any:
        array = npy.read_array(stream, allow_pickle=False)
        return pick_frame(array, layout, name)

    shape = without_ones(shape)
    stacked = len(shape) == 3 and shape[0] != 1 and shape[2] not in CHANNELS
    if stacked or (layout.frame is not None and len(shape) > 2):
        last = has_maps_last(shape)
        layout.page(shape[-1] if last else shape[0], name)
        shape = shape[:-1] if last else shape[1:]
    return Stored(shape, dtype, read)
