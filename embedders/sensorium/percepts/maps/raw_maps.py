"""A map of numbers that lies in bytes of a message, as a file made when it is read."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from sensorium.percepts.source import Array, Encoded

SHORT, LONG = 3, 4  # types of a tag's value, after TIFF 6.0
UNSIGNED, FLOAT = 1, 3  # formats of a sample
TAGS = 10
MODES = {"<u2": "I;16", ">u2": "I;16B", "<f4": "F", ">f4": "F"}  # Pillow's


class RawMap(Encoded):
    """An uncompressed TIFF of a map: its header, and the numbers where they lie.

    Maps are large, and most of the time of reading many of them goes into copies. This one makes
    none until somebody reads the file.
    """

    values: Array

    def __init__(self, values: Array) -> None:
        """Take a map without a copy; whoever has the array must not write to it.

        Args:
            values: Shape `(H, W)`, uint16 or float32, of either byte order.
        """
        for name, value in (("path", None), ("stamp", None), ("values", values)):
            object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[type[Encoded], tuple[None, bytes]]:
        """Copy and pickle as an ordinary file."""
        return Encoded, (None, self.data)

    @property
    def data(self) -> bytes:  # made when it is asked for
        """The bytes of the file."""
        pixels = np.ascontiguousarray(self.values).view(np.uint8)
        return b"".join([_header(self.values), pixels.data])

    def head(self, count: int) -> bytes:
        """Return the first bytes."""
        return (_header(self.values) + self.values.ravel()[:count].tobytes())[:count]

    @property
    def name(self) -> str:
        """Name of the source in messages."""
        return f"{self.size} bytes"

    @property
    def size(self) -> int:
        """Size in bytes."""
        return START + self.values.nbytes

    @property
    def mode(self) -> str:
        """Pillow's mode of the file."""
        return MODES[self.values.dtype.str]


START = 8 + 2 + 12 * TAGS + 4  # of the pixels: after header, number of tags, tags, and an end


def _header(values: Any) -> bytes:
    height, width = values.shape
    order = values.dtype.str[0]  # "<" or ">", whatever this machine has
    tags = (
        (256, LONG, width),
        (257, LONG, height),
        (258, SHORT, 8 * values.dtype.itemsize),
        (259, SHORT, 1),  # not compressed
        (262, SHORT, 1),  # 0 is black
        (273, LONG, START),
        (277, SHORT, 1),  # one channel
        (278, LONG, height),  # rows in the one strip
        (279, LONG, values.nbytes),
        (339, SHORT, FLOAT if values.dtype.kind == "f" else UNSIGNED),
    )
    header = struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 8)
    directory = struct.pack(order + "H", TAGS)
    for tag, kind, value in tags:
        layout = "HHIHxx" if kind == SHORT else "HHII"
        directory += struct.pack(order + layout, tag, kind, 1, value)
    return header + directory + bytes(4)
