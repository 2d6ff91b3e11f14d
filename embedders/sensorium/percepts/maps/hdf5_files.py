"""Arrays in HDF5 files, and in MATLAB's of version 7.3, which are HDF5 files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np

from sensorium.errors import MissingExtraError, SourceRefusedError
from sensorium.percepts.codecs.pictures import without_ones
from sensorium.percepts.limits import Limits
from sensorium.percepts.maps.layout import Layout, has_maps_last
from sensorium.percepts.maps.stored import Stored
from sensorium.percepts.source import Array

MATLAB = "MATLAB_class"  # attribute of the arrays that MATLAB writes, whose axes are reversed


@contextmanager
def open_hdf5(stream: BinaryIO, layout: Layout, limits: Limits, name: str) -> Iterator[Stored]:
    """Open an array of an HDF5 file: `dataset`, or the only one that may be a map.

    Only what lies in the file itself is read: links to other files are refused.
    """
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError.for_package("h5py", "hdf5") from error
    with h5py.File(stream, "r") as file:
        maps = {path: found for path, found in _walk(file, "", h5py) if _may_be_map(found)}
        asked = layout.dataset.strip("/") if layout.dataset else None
        known = Layout(dataset=asked, frame=layout.frame)
        found = maps[known.choose(maps, name)]
        if found.is_virtual or found.external:
            raise SourceRefusedError(
                f"the dataset of {name}, whose numbers lie in other files",
                "numbers in the file itself",
                "copy it whole: h5repack",
            )
        block = int(np.prod(found.chunks or (0,), dtype=object)) * found.dtype.itemsize
        if block > limits.max_memory:
            raise ValueError(f"blocks of {block} bytes, more than max_memory of the limits")
        yield _stored(found, layout, name)


def _stored(dataset: Any, layout: Layout, name: str) -> Stored:
    """Return the map of a dataset (H, W), or a frame of (N, H, W); reversed where MATLAB wrote.

    Ones before and behind do not count.
    """
    matlab = MATLAB in dataset.attrs
    shape = without_ones(dataset.shape)
    last = not matlab and has_maps_last(dataset.shape)
    stacked = len(shape) == 3 or layout.frame
    frame = layout.page(shape[-1] if last else shape[0], name) if stacked else None
    before = next((place for place, side in enumerate(dataset.shape) if side != 1), 0)

    def read() -> Array:
        place = () if frame is None else (..., frame) if last else (*[0] * before, frame)
        array: Array = np.asarray(dataset[place])
        return array.T if matlab else array

    left = shape if frame is None else shape[:-1] if last else shape[1:]
    return Stored(left[::-1] if matlab else left, dataset.dtype, read)


def _may_be_map(dataset: Any) -> bool:
    shape = dataset.shape
    return dataset.dtype.kind in "biuf" and len(shape) > 1 and len(without_ones(shape)) < 4


def _walk(group: Any, path: str, h5py: Any) -> Iterator[tuple[str, Any]]:
    """Yield the datasets of a group and its groups with their paths; links are not followed."""
    for key in group:
        if not isinstance(group.get(key, getlink=True), h5py.HardLink):
            continue
        found = group[key]
        if isinstance(found, h5py.Dataset):
            yield path + key, found
        elif isinstance(found, h5py.Group) and path.count("/") < 16:  # a hard link may be a loop
            yield from _walk(found, f"{path}{key}/", h5py)
