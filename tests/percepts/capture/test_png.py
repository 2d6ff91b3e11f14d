"""Laws of PNG: texts before and behind the pixels say when a picture was made."""

from __future__ import annotations

import struct
import zlib
from datetime import datetime, timezone

import pytest
from PIL.ExifTags import Base
from tests.support.captures import exif_of, photo

from sensorium.percepts import Image

NOON = datetime(2021, 8, 3, 12, tzinfo=timezone.utc)
EXIF = exif_of({Base.DateTimeOriginal: "2021:08:03 14:00:00", Base.OffsetTimeOriginal: "+02:00"})


def chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def with_end(*chunks: bytes) -> bytes:
    """A picture with chunks behind its pixels."""
    plain = photo(kind="PNG")
    return plain[:-12] + b"".join(chunks) + plain[-12:]


@pytest.mark.parametrize(
    "end",
    [
        chunk(b"tEXt", b"Creation Time\0Tue, 03 Aug 2021 12:00:00 +0000"),
        chunk(b"tEXt", b"Creation Time\0" + b"2021-08-03T14:00:00+02:00"),
        chunk(b"zTXt", b"Creation Time\0\0" + zlib.compress(b"2021:08:03 12:00:00Z")),
        chunk(b"iTXt", b"Creation Time\0\1\0en\0\0" + zlib.compress(b"2021-08-03T12:00:00Z")),
        chunk(b"eXIf", EXIF.tobytes()[6:]),
        chunk(
            b"tEXt",
            b"Raw profile type exif\0\nexif\n  %d\n" % len(EXIF.tobytes())
            + EXIF.tobytes().hex().encode(),
        ),
    ],
)
def test_chunks_behind_the_pixels_count(end: bytes) -> None:
    """Programs that change a picture often write there."""
    assert Image(with_end(end)).captured == NOON


@pytest.mark.parametrize(
    "end",
    [
        chunk(b"tEXt", b"Creation Time\0once"),
        chunk(b"zTXt", b"Creation Time\0\0no zlib"),
        struct.pack(">I", 2**31 - 1) + b"tEXt",
        b"\xff" * 7,
    ],
)
def test_a_damaged_end_is_passed_over(end: bytes) -> None:
    """What cannot be read says nothing."""
    plain = photo(kind="PNG")
    assert Image(plain[:-12] + end).captured is None
