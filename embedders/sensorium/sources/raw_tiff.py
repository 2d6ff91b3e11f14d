"""A map of numbers as an uncompressed TIFF file: its bytes with a header, nothing decoded."""

from __future__ import annotations

import struct

from sensorium.percepts.source import Array

SHORT, LONG = 3, 4  # types of a tag's value, after TIFF 6.0
UNSIGNED, FLOAT = 1, 3  # formats of a sample
TAGS = 10


def raw_tiff(values: Array) -> bytes:
    """Return a map as a file that has the same numbers in the same order of bytes.

    Args:
        values: Shape `(H, W)`, uint16 or float32, of either byte order.
    """
    height, width = values.shape
    order = values.dtype.str[0]  # "<" or ">", whatever this machine has
    start = 8 + 2 + 12 * TAGS + 4  # of the pixels: after header, number of tags, tags, and an end
    size = values.dtype.itemsize
    tags = (
        (256, LONG, width),
        (257, LONG, height),
        (258, SHORT, 8 * size),
        (259, SHORT, 1),  # not compressed
        (262, SHORT, 1),  # 0 is black
        (273, LONG, start),
        (277, SHORT, 1),  # one channel
        (278, LONG, height),  # rows in the one strip
        (279, LONG, width * height * size),
        (339, SHORT, FLOAT if values.dtype.kind == "f" else UNSIGNED),
    )
    header = struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 8)
    directory = struct.pack(order + "H", TAGS)
    for tag, kind, value in tags:
        layout = "HHIHxx" if kind == SHORT else "HHII"
        directory += struct.pack(order + layout, tag, kind, 1, value)
    return header + directory + bytes(4) + values.tobytes()
