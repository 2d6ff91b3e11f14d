"""Messages taken apart where they lie, without building their objects, which copies the pixels."""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorium.sources.bags.bag_file import BagFile, Message
from sensorium.sources.stamps import NANOSECONDS

IMAGE_LAYOUT = ("header", "height", "width", "encoding", "is_bigendian", "step", "data")
ORDERS = {0: ">", 1: "<"}  # of bytes, by the second byte of a message in CDR
ENCAPSULATION = 4  # bytes in front of a message in CDR, from whose end its fields are aligned
WORDS = {order: struct.Struct(f"{order}I") for order in "<>"}
HEADS = {order: struct.Struct(f"{order}xxxxiI") for order in "<>"}  # before them, 4 bytes
HEAD = 12  # bytes: encapsulation (ROS 2) or sequence number (ROS 1), seconds, nanoseconds


class RawImage(NamedTuple):
    """A sensor_msgs/Image; its pixels lie in the message."""

    stamp: int  # nanoseconds
    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int  # bytes of a row
    data: NDArray[np.uint8]


def time_of(message: Message, recording: BagFile) -> int:
    """Return the time in the header of a message; that of the log if there is none, or it is 0."""
    stamp: int | None = 0
    if recording.fields(message.kind)[:1] == ("header",):
        stamp = stamp_in(message.content, ros2=recording.is_ros2)
    return stamp or message.log_time


def stamp_in(content: bytes, *, ros2: bool) -> int | None:
    """Return the time, in nanoseconds, of a message that begins with a header.

    Args:
        content: The message as it was written.
        ros2: Whether in CDR, as ROS 2 writes it; else as ROS 1 does.
    Returns:
        `None` if it is too short, or in another form of CDR.
    """
    order = _order(content, ros2)
    if order is None or len(content) < HEAD:
        return None
    seconds, nanoseconds = HEADS[order].unpack_from(content)
    return int(seconds) * NANOSECONDS + int(nanoseconds)


def image_in(content: bytes, *, ros2: bool) -> RawImage | None:
    """Return a message of the layout `IMAGE_LAYOUT`; the arguments are those of `stamp_in`.

    Returns:
        `None` if it has another length, or order of bytes, than the type has.
    """
    stamp, order = stamp_in(content, ros2=ros2), _order(content, ros2)
    if stamp is None or order is None:
        return None
    step = 4 if ros2 else 1  # bytes to whose multiples numbers are aligned
    word = WORDS[order]
    try:
        _, place = _text(content, HEAD, word, step)  # name of the frame
        (height,) = word.unpack_from(content, place)
        (width,) = word.unpack_from(content, place + 4)
        encoding, place = _text(content, place + 8, word, 1)
        is_bigendian = content[place]
        place = _aligned(place + 1, step)
        (row,) = word.unpack_from(content, place)
        (length,) = word.unpack_from(content, place + 4)
    except (struct.error, IndexError, UnicodeDecodeError):
        return None
    if len(content) < place + 8 + length:
        return None
    data = np.frombuffer(content, np.uint8, length, place + 8)
    return RawImage(stamp, height, width, encoding, is_bigendian, row, data)


def _order(content: bytes, ros2: bool) -> str | None:
    if not ros2:
        return "<"
    return ORDERS.get(content[1]) if len(content) > ENCAPSULATION else None


def _text(content: bytes, place: int, word: struct.Struct, step: int) -> tuple[str, int]:
    """Return a text, without the zero that ends it in CDR, and the place of what follows."""
    (length,) = word.unpack_from(content, place)
    end = place + 4 + length
    if end > len(content):
        raise IndexError(end)
    return content[place + 4 : end].rstrip(b"\0").decode(), _aligned(end, step)


def _aligned(place: int, step: int) -> int:
    """Return the first place from here on that is aligned; the encapsulation is as long as that."""
    return place + -place % step
