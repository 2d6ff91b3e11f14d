"""The pixels of sensor_msgs/Image in its many encodings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import MediaDecodeError
from sensorium.percepts.codecs.pictures import check_size
from sensorium.percepts.limits import Limits
from sensorium.percepts.source import Array


class Layout(NamedTuple):
    """How the pixels of an encoding lie in a row."""

    dtype: str
    channels: int
    order: slice = slice(None)  # of red, green and blue


COLOURS: Mapping[str, Layout] = {
    "rgb8": Layout("u1", 3),
    "bgr8": Layout("u1", 3, slice(None, None, -1)),
    "rgba8": Layout("u1", 4, slice(0, 3)),  # what is transparent to a robot is not said
    "bgra8": Layout("u1", 4, slice(2, None, -1)),
    "mono8": Layout("u1", 1),
    "8UC1": Layout("u1", 1),
}
MAPS: Mapping[str, Layout] = {
    "16UC1": Layout("u2", 1),
    "mono16": Layout("u2", 1),
    "32FC1": Layout("f4", 1),
}
BAYER = {  # which of red, green and blue the four pixels of a square have: rows from the top left
    "bayer_rggb8": "rggb",
    "bayer_bggr8": "bggr",
    "bayer_gbrg8": "gbrg",
    "bayer_grbg8": "grbg",
}
KNOWN = (*COLOURS, *MAPS, *BAYER)


def pixels(image: Any, encoding: str, limits: Limits) -> Array:
    """Return the pixels of a message.

    Args:
        image: A sensor_msgs/Image.
        encoding: How they are encoded, one of `KNOWN`.
        limits: The size is checked against them.
    Returns:
        Shape `(H, W)` or `(H, W, 3)` RGB, uint8; `(H, W)` uint16 or float32 for `MAPS`, in the
        message's own order of bytes. A Bayer mosaic has half the width and height, as each square
        of four becomes one pixel, and nothing is invented.
    Raises:
        MediaDecodeError: The encoding is not known, or there are fewer bytes than pixels.
        TooManyPixelsError: More than `limits` allow.
    """
    if encoding not in KNOWN:
        raise MediaDecodeError(
            f"an image with the encoding {encoding!r}",
            f"one of {', '.join(KNOWN)}",
            'say which one it is as an option of the topic (encoding="bgr8"), or leave it out',
        )
    layout = COLOURS.get(encoding) or MAPS.get(encoding) or Layout("u1", 1)
    check_size((image.width, image.height), "image", limits)
    rows = _rows(image, layout)
    if layout.channels == 1:
        grey = rows.reshape(image.height, image.width)
        return _from_mosaic(grey, BAYER[encoding]) if encoding in BAYER else grey
    return rows.reshape(image.height, image.width, layout.channels)[..., layout.order]


def _rows(image: Any, layout: Layout) -> Array:
    """Return `(H, W * channels)` numbers, without what pads each row."""
    dtype = np.dtype((">" if image.is_bigendian else "<") + layout.dtype)
    width = image.width * layout.channels * dtype.itemsize  # bytes
    step = image.step or width
    content = np.asarray(image.data, np.uint8)
    if step < width or content.size < step * (image.height - 1) + width:
        raise MediaDecodeError(
            f"an image of {image.width} x {image.height} pixels in {content.size} bytes, "
            f"{image.step} for each row",
            f"{width} bytes or more for each row",
            "leave it out; the message is damaged, or its encoding is another",
        )
    if content.size < step * image.height:  # the last row may lack its padding
        content = np.pad(content, (0, step * image.height - content.size))
    lines = content[: step * image.height].reshape(image.height, step)[:, :width]
    return np.ascontiguousarray(lines).view(dtype)


def _from_mosaic(grey: Array, colours: str) -> NDArray[np.uint8]:
    """Return `(H / 2, W / 2, 3)`: each square of a mosaic as one pixel, its two greens averaged."""
    height, width = (side // 2 * 2 for side in grey.shape)
    quarters = {"r": [], "g": [], "b": []}  # type: dict[str, list[Array]]
    for place, colour in enumerate(colours):
        quarters[colour].append(grey[place // 2 : height : 2, place % 2 : width : 2])
    green = (quarters["g"][0].astype(np.uint16) + quarters["g"][1] + 1) // 2
    return np.stack([quarters["r"][0], green.astype(np.uint8), quarters["b"][0]], axis=-1)
