"""Raw photos of cameras: their preview, which the camera developed itself, or what rawpy develops.

Nearly every raw file holds a JPEG of the whole picture. It is what the photographer saw, and is
read in no time, so it is taken wherever it is large enough; the sensor's own samples are developed
with `pip install "sensorium[photos]"` where it is not.

Most raw files are TIFF files (Adobe, "TIFF", revision 6.0, and "Digital Negative Specification").
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import PIL.Image
from PIL import ExifTags

from sensorium.errors import MediaDecodeError, MissingExtraError
from sensorium.percepts.codecs.photos import EXTRA

SUFFIXES = (
    *(".dng", ".cr2", ".cr3", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".raf", ".orf", ".rw2"),
    *(".rwl", ".pef", ".srw", ".3fr", ".fff", ".iiq", ".x3f", ".mrw", ".erf", ".kdc", ".dcr"),
)
# What files begin with that are no TIFF, or only nearly: Canon, Olympus, Panasonic, Fujifilm, ...
STARTS = (b"II*\0\x10\0\0\0CR", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FUJIFILMCCD-RAW", b"FOVb")
CANON = b"ftypcrx "  # from the fifth byte on
ORDERS = {b"II": "<", b"MM": ">"}  # of bytes, as `struct` writes them
TIFF_START = (b"II*\0", b"MM\0*")
ENTRY, LONG = 12, 4  # bytes of a tag (number, type, count, value), and the type of 32 bits
MOST_TAGS = 1000
SUBFILE, COMPRESSION, MAKE, ORIENTATION, DNG = 254, 259, 271, 274, 50706  # tags
SMALL_COPY = 1  # bit of SUBFILE: the first picture is a small copy of another
OF_CAMERAS = frozenset({32767, 32769, 32770, 34713, 65000, 65535})  # codings of raw samples
LEAST_SIDE = 512  # pixels; a smaller preview is a thumbnail, with too little to be seen in it
ORIGIN = "sensorium_origin"  # in a picture's `info`: where it was taken from, in words
START = b"\xff\xd8\xff"  # of a JPEG
FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # markers of the JPEGs that Pillow decodes
ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
LOSSLESS = frozenset({0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})


class Preview(NamedTuple):
    """A JPEG inside of another file."""

    start: int  # byte
    width: int
    height: int


def is_raw_photo(stream: BinaryIO) -> bool:
    """Return whether an open file is a raw photo, by its content; go back to its start."""
    head = stream.read(32)
    tags = _first_tags(stream, head) if head.startswith(TIFF_START) else {}
    stream.seek(0)
    if head.startswith(STARTS) or head[4:12] == CANON or DNG in tags:
        return True
    reduced = tags.get(SUBFILE, 0) & SMALL_COPY or tags.get(COMPRESSION) in OF_CAMERAS
    return MAKE in tags and bool(reduced)


def open_raw(stream: BinaryIO) -> PIL.Image.Image:
    """Open the picture of a raw photo: its preview, or what rawpy makes of its samples.

    Raises:
        MissingExtraError: There is no preview of some size, and rawpy is not installed.
        MediaDecodeError: rawpy does not read the file.
    """
    content = stream.read()
    preview = largest_preview(content)
    if preview is None:
        return _develop(content)
    picture = PIL.Image.open(io.BytesIO(content[preview.start :]), formats=("JPEG",))
    exif = picture.getexif()
    if ExifTags.Base.Orientation not in exif:  # it lies as the sensor did
        exif[ExifTags.Base.Orientation] = _turn(content)
    picture.info[ORIGIN] = "the camera's own preview"
    return picture


def largest_preview(content: bytes) -> Preview | None:
    """Return the largest JPEG in a file, if it is large enough."""
    found = [each for each in _previews(content) if max(each.width, each.height) >= LEAST_SIDE]
    return max(found, key=lambda each: each.width * each.height, default=None)


def _previews(content: bytes) -> Iterator[Preview]:
    place = content.find(START)
    while place >= 0:
        size = _size(content, place + 2)
        if size is not None:
            yield Preview(place, *size)
        place = content.find(START, place + 2)


def _size(content: bytes, place: int) -> tuple[int, int] | None:
    """Return width and height of a JPEG of 8 bits, by its markers from a place on."""
    while place + 10 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker in FRAMES:
            height, width = (
                int.from_bytes(content[place + at : place + at + 2], "big") for at in (5, 7)
            )
            return (width, height) if content[place + 4] == 8 and width * height else None
        if marker in LOSSLESS:
            return None
        length = 0 if marker in ALONE else int.from_bytes(content[place + 2 : place + 4], "big")
        place += 2 + length
    return None


def _develop(content: bytes) -> PIL.Image.Image:
    try:
        import rawpy
    except ImportError as error:
        raise MissingExtraError(
            "a raw photo without a preview of some size",
            "the package rawpy, which develops it",
            f'run: pip install "sensorium[{EXTRA}]"',
        ) from error
    try:
        with rawpy.imread(io.BytesIO(content)) as raw:
            picture = PIL.Image.fromarray(raw.postprocess(use_camera_wb=True, half_size=True))
    except rawpy.LibRawError as error:
        raise MediaDecodeError(
            f"a raw photo that LibRaw does not read ({error})",
            "a whole file of a camera that it knows",
            "check that all of it has arrived, or convert it to DNG or JPEG",
        ) from error
    picture.info[ORIGIN] = "developed by rawpy, at half its size"
    return picture


def _turn(content: bytes) -> int:
    """Return the orientation that a file states for all its pictures, as EXIF numbers them."""
    start = content.find(b"CMT1") + 4 if content[4:12] == CANON else 0
    within = io.BytesIO(content[start : start + 2**20])
    turn = _first_tags(within, within.read(32)).get(ORIENTATION, 1)
    return turn if 1 <= turn <= 8 else 1


def _first_tags(stream: BinaryIO, head: bytes) -> dict[int, int]:
    """Return the numbers in the first directory of a TIFF file, or of one nearly like it."""
    order = ORDERS.get(head[:2])
    if order is None:
        return {}
    stream.seek(*struct.unpack(f"{order}I", head[4:8]))
    count = min(MOST_TAGS, *struct.unpack(f"{order}H", stream.read(2).ljust(2, b"\0")))
    directory = stream.read(count * ENTRY)
    tags: dict[int, int] = {}
    for place in range(0, len(directory) - ENTRY + 1, ENTRY):
        tag, kind = struct.unpack_from(f"{order}HH", directory, place)
        value = struct.unpack_from(order + ("I" if kind == LONG else "H"), directory, place + 8)
        tags.setdefault(tag, value[0])
    return tags
