"""OpenEXR pictures, in which renderers keep depth as floats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import numpy as np

from sensorium.errors import MissingExtraError, PerceptShapeError, Phrase
from sensorium.percepts.codecs.pictures import check_memory
from sensorium.percepts.limits import Limits
from sensorium.percepts.maps.layout import Layout
from sensorium.percepts.maps.stored import Stored
from sensorium.percepts.source import Array

DEPTHS = frozenset({"z", "depth", "v", "y"})  # last word of the name of a channel that holds depth
CHANNEL = 4  # bytes of a pixel of each channel, all of which are read
COLOURS = ("R", "G", "B")  # equal where a grey map was saved as a picture


@contextmanager
def open_exr(stream: BinaryIO, layout: Layout, limits: Limits, name: str) -> Iterator[Stored]:
    """Open a channel of an OpenEXR picture: `dataset`, the only one, or the one named for depth.

    Pixels outside the part that was rendered are NaN.
    """
    try:
        import OpenEXR
    except ImportError as error:
        raise MissingExtraError.for_package("OpenEXR", "exr") from error
    with _path(stream) as path:
        yield _open(OpenEXR, path, layout, limits, name)


@contextmanager
def _path(stream: BinaryIO) -> Iterator[str]:
    """Name the file of a stream; bytes in memory are written to one, as the library wants it."""
    path = getattr(stream, "name", None)
    if path is not None:
        yield str(path)
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "map.exr"
        copy.write_bytes(stream.read())
        yield str(copy)


def _open(library: Any, path: str, layout: Layout, limits: Limits, name: str) -> Stored:
    with library.File(path, separate_channels=True, header_only=True) as file:
        part = layout.page(len(file.parts), name)
        header = dict(file.parts[part].header)
    channels = {channel.name: channel for channel in header["channels"]}
    chosen = _choose(list(channels), layout, name)
    if (channels[chosen].xSampling, channels[chosen].ySampling) != (1, 1):
        raise ValueError(f"the channel {chosen} has fewer pixels than the picture")
    check_memory(_size(header["dataWindow"]), CHANNEL * len(channels), name, limits)

    def read() -> Array:
        with library.File(path, separate_channels=True) as file:
            found = {key: value.pixels for key, value in file.parts[part].channels.items()}
        return _shown(_grey(found, chosen, name), header)

    width, height = _size(header["displayWindow"])
    return Stored((height, width), np.dtype(np.float32), read)


def _size(window: Any) -> tuple[int, int]:
    """Return width and height of a window, whose corners are its first and last pixel."""
    (left, top), (right, bottom) = window
    return int(right) - int(left) + 1, int(bottom) - int(top) + 1


def _choose(names: list[str], layout: Layout, file: str) -> str:
    named = [name for name in names if name.rpartition(".")[2].lower() in DEPTHS]
    if layout.dataset is None and len(named) == 1:
        return named[0]
    if layout.dataset is None and set(COLOURS) <= set(names):
        return COLOURS[0]
    return layout.choose(names, file)


def _grey(channels: Mapping[str, Any], chosen: str, name: str) -> Array:
    """Return the chosen channel; the red one only if the other two are equal to it."""
    pixels: Array = channels[chosen]
    if chosen == COLOURS[0] and not all(
        np.array_equal(pixels, channels[other], equal_nan=True)
        for other in COLOURS
        if other in channels
    ):
        raise PerceptShapeError(
            f"{name} with different channels R, G and B",
            "one channel of numbers",
            Phrase(f"say which of {', '.join(channels)}: {{0}}", {"dataset": chosen}),
        )
    return pixels


def _shown(pixels: Array, header: Mapping[str, Any]) -> Array:
    """Put the pixels of the data window into the display window."""
    (left, top), (right, bottom) = header["displayWindow"]
    (x, y), (x_end, y_end) = header["dataWindow"]
    if (left, top, right, bottom) == (x, y, x_end, y_end):
        return pixels
    shown = np.full((bottom - top + 1, right - left + 1), np.nan, np.float32)
    x0, y0, x1, y1 = max(left, x), max(top, y), min(right, x_end), min(bottom, y_end)
    shown[y0 - top : y1 - top + 1, x0 - left : x1 - left + 1] = pixels[
        y0 - y : y1 - y + 1, x0 - x : x1 - x + 1
    ]
    return shown
