"""The length that an MP3 file states in its first frame, if it states any.

Encoders of variable bit rate, and LAME always, write a first frame of silence that holds "Xing" or
"Info", or "VBRI" (Fraunhofer), with the number of frames and of bytes that follow. A file without
it may end anywhere: nothing says that more belongs to it. Source: ISO/IEC 11172-3, 2.4.1.3 for the
header of a frame; "MP3 Tag" (LAME) and "MPEG Audio Frame Header" (K. Windszus) for the two others.
"""

from __future__ import annotations

from typing import BinaryIO, NamedTuple

from sensorium.percepts.codecs.lengths import SLACK, check_length, truncation_error
from sensorium.percepts.source import Encoded

ID3_HEAD = 10  # bytes
SEARCHED = 8192  # bytes in which the first frame begins, after the tags
RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
MPEG_1 = 3  # version bits of a frame header; 2 is MPEG 2, 0 MPEG 2.5
LAYER_3 = 1
MONO = 3  # mode bits
HEADER = 4  # bytes of a frame header
SIDE = {(True, True): 17, (True, False): 32, (False, True): 9, (False, False): 17}  # bytes
VBRI = HEADER + 32  # where it stands in the frame, and ...
VBRI_BYTES = 10  # ... where in it the number of bytes stands, the number of frames after it
HAS_FRAMES, HAS_BYTES = 1, 2  # flags of Xing


class Stated(NamedTuple):
    """What the first frame of an MP3 states of the file."""

    seconds: float | None
    size: int | None  # bytes from the first frame on
    start: int  # byte at which that frame begins


def stated_seconds(source: Encoded) -> float | None:
    """Return the seconds that the first frame of an MP3 states; `None` for other files, or none."""
    found = _stated(source)
    return found and found.seconds


def check_mp3(source: Encoded) -> None:
    """Check that an MP3 holds as many bytes as its first frame states.

    Raises:
        MediaDecodeError: It clearly holds fewer.
    """
    found = _stated(source)
    if found is None or found.size is None:
        return
    share = (source.size - found.start) / found.size
    if found.seconds is not None:
        check_length(found.seconds, share * found.seconds, source)
    elif share < 1 - SLACK:
        raise truncation_error(source, f"{source.size} of {found.start + found.size} bytes")


def _stated(source: Encoded) -> Stated | None:
    with source.open() as stream:
        place = _after_tags(stream)
        stream.seek(place)
        head = stream.read(SEARCHED)
    offset = head.find(b"\xff")
    while 0 <= offset < len(head) - HEADER:
        if head[offset + 1] & 0xE0 == 0xE0:
            found = _of_frame(head[offset:], place + offset)
            if found is not None:
                return found
        offset = head.find(b"\xff", offset + 1)
    return None


def _after_tags(stream: BinaryIO) -> int:
    """Return where the ID3v2 tags at the start of a file end."""
    place = 0
    while (head := stream.read(ID3_HEAD))[:3] == b"ID3" and len(head) == ID3_HEAD:
        size = 0
        for seven in head[6:]:  # seven bits each
            size = size << 7 | seven & 0x7F
        place += ID3_HEAD + size + (ID3_HEAD if head[5] & 0x10 else 0)
        stream.seek(place)
    return place


def _of_frame(frame: bytes, start: int) -> Stated | None:
    version, layer = frame[1] >> 3 & 3, frame[1] >> 1 & 3
    rate_index, mode = frame[2] >> 2 & 3, frame[3] >> 6
    if version not in RATES or layer != LAYER_3 or rate_index == len(RATES[version]):
        return None
    period = (1152 if version == MPEG_1 else 576) / RATES[version][rate_index]  # seconds of a frame
    side = HEADER + SIDE[version == MPEG_1, mode == MONO]
    frames = size = 0
    if frame[side : side + 4] in (b"Xing", b"Info"):
        flags, numbers = frame[side + 7], [_number(frame, side + 8), _number(frame, side + 12)]
        frames = numbers.pop(0) if flags & HAS_FRAMES else 0
        size = numbers.pop(0) if flags & HAS_BYTES else 0
    elif frame[VBRI : VBRI + 4] == b"VBRI":
        size = _number(frame, VBRI + VBRI_BYTES)
        frames = _number(frame, VBRI + VBRI_BYTES + 4)
    else:
        return None
    return Stated(frames * period if frames else None, size or None, start)


def _number(frame: bytes, place: int) -> int:
    return int.from_bytes(frame[place : place + 4], "big")
