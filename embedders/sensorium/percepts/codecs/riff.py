"""The sizes that a WAV or an AVI states, which are not always true.

Writers that cannot seek do not know how much sound will follow: they state 0, the largest number,
or some round one. A recorder that was switched off leaves the size of its last update. A copy that
was interrupted states more than there is. FFmpeg checks none of this.

A RIFF file is "RIFF", a size and a type, then chunks: a name of four characters, a size, and as
many bytes, to which one is added where they are odd ("Multimedia Programming Interface and Data
Specifications 1.0", IBM and Microsoft, 1991). Sizes are of 32 bits, lowest byte first.
"""

from __future__ import annotations

from typing import BinaryIO, NamedTuple

from sensorium.percepts.codecs.lengths import SLACK, SLACK_SECONDS, truncation_error
from sensorium.percepts.source import Encoded

UNKNOWN = 0x7FFF_0000  # bytes; this size or more, and 0, say that the size was not known
ROUND = 100_000_000  # bytes; no recording has a whole number of them by chance
LARGE, LITTLE = 1_000_000_000, 0.05  # bytes stated, and the share of them that a stream reaches
BINARY = 2**26  # bytes, 64 MiB; powers of two from here on are round as well
HEADER_BYTES = 64  # what writers add to a round size, or take off, for the header before the sound
HEAD, CHUNK = 12, 8  # bytes of the head of a file, and of a chunk
MOST_CHUNKS = 1000  # that are looked at
BLOCK = 2**20  # bytes that are looked through at a time

LEFT_OPEN = "left open by the header"  # as whoever streams a WAV has to leave it


class Sound(NamedTuple):
    """Where the sound of a WAV file lies, and what the file states of it."""

    start: int  # byte
    stated: int  # bytes
    per_second: int  # bytes


class WavLength(NamedTuple):
    """How long a WAV file is whose stated size is not that of its sound.

    Attributes:
        seconds: Length of the sound, which goes on to the end of the file.
        note: What the header states instead, in words; `None` where it is plainly left open.
    """

    seconds: float | None
    note: str | None


def check_riff(source: Encoded) -> WavLength | None:
    """Check a WAV or AVI against the size that its header states; `None` if they agree.

    Raises:
        MediaDecodeError: The file ends before its header says it does.
    """
    with source.open() as stream:
        head = stream.read(HEAD)
        if head[:4] != b"RIFF":
            return None
        if head[8:] != b"WAVE":
            stated = int.from_bytes(head[4:8], "little")
            if stated < UNKNOWN and source.size < (1 - SLACK) * stated:
                raise truncation_error(source, f"{source.size} of {stated + CHUNK} bytes")
            return None
        sound = _find_sound(stream, source.size)
        return None if sound is None else _check_sound(sound, stream, source)


def _find_sound(stream: BinaryIO, size: int) -> Sound | None:
    place, per_second = HEAD, 0
    for _ in range(MOST_CHUNKS):
        stream.seek(place)
        name, stated = _chunk(stream.read(CHUNK))
        if name == b"data":
            return Sound(place + CHUNK, stated, per_second)
        if name == b"fmt ":
            per_second = int.from_bytes(stream.read(12)[8:], "little")
        place += CHUNK + stated + stated % 2
        if place >= size:
            break
    return None


def _chunk(head: bytes) -> tuple[bytes, int]:
    """Return the name and the size of a chunk."""
    return head[:4], int.from_bytes(head[4:CHUNK], "little")


def _check_sound(sound: Sound, stream: BinaryIO, source: Encoded) -> WavLength | None:
    there = source.size - sound.start
    seconds = there / sound.per_second if sound.per_second else None
    if sound.stated == 0 or sound.stated >= UNKNOWN:
        return WavLength(seconds, None)
    if there < (1 - SLACK) * sound.stated:
        if not _is_placeholder(sound.stated, there):
            whole = sound.start + sound.stated
            raise truncation_error(source, f"{source.size} of {whole} bytes")
        return WavLength(seconds, f"{LEFT_OPEN}, which states {sound.stated} bytes")
    if _goes_on(sound, stream, there):
        part = f"{sound.stated / sound.per_second:.1f} s" if sound.per_second else "less"
        return WavLength(seconds, f"to the end of the file; the header states {part}")
    return None


def _is_placeholder(stated: int, there: int) -> bool:
    """Return whether a stated size, of which so many bytes are there, is one of no recording."""
    if stated >= LARGE and there < LITTLE * stated:
        return True
    near = [stated + added for added in range(-HEADER_BYTES, HEADER_BYTES + 1)]
    powers = any(each >= BINARY and each & (each - 1) == 0 for each in near)
    return powers or any(each >= ROUND and each % ROUND == 0 for each in near)


def _goes_on(sound: Sound, stream: BinaryIO, there: int) -> bool:
    """Return whether sound follows after the stated size, and no chunk or padding."""
    left = there - sound.stated
    if left <= max(SLACK * sound.stated, SLACK_SECONDS * sound.per_second):
        return False
    for place in (sound.stated, sound.stated + sound.stated % 2):
        stream.seek(sound.start + place)
        name, size = _chunk(stream.read(CHUNK))
        if all(32 <= letter < 127 for letter in name) and size <= left:
            return False
    stream.seek(sound.start + sound.stated)
    return any(block.strip(b"\0") for block in iter(lambda: stream.read(BLOCK), b""))
