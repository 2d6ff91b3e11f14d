"""When and where a picture was taken, by the metadata in its file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO, NamedTuple

import PIL.Image

from sensorium.percepts.capture.captions import iptc_capture
from sensorium.percepts.capture.capture import NOTHING, Capture
from sensorium.percepts.capture.exif import exif_capture, exif_change
from sensorium.percepts.capture.png import SIGNATURE, read_png
from sensorium.percepts.capture.times import LOCAL, credible, parse_time
from sensorium.percepts.capture.xmp import read_xmp
from sensorium.percepts.codecs.pictures import MAGIC, MEDIA_ERRORS, identify
from sensorium.percepts.source import Encoded

TIFF = (b"II*\0", b"MM\0*")  # begins most raw files of cameras, too, which Pillow may not know
XMP_TAG = 700  # of TIFF
PNG_TEXT, PNG_TIME = "PNG text", "Creation Time"  # the keyword is the standard's


class PictureCapture(NamedTuple):
    """When and where a picture was taken, and what is known for want of that.

    Attributes:
        taken: When and where.
        changed: When it was last written.
    """

    taken: Capture = NOTHING
    changed: Capture = NOTHING


def picture_capture(source: Encoded, named: Capture) -> Capture:
    """Return when and where a picture was taken; damaged metadata is passed over.

    Args:
        source: The file.
        named: What its name says: more than the time of its last change, less than all else.
    Raises:
        SourceChangedError: The file changed after the percept was made.
        PerceptError: It cannot be opened.
    """
    with source.open() as stream:
        said = _read(stream)
    return said.taken.or_else(named).or_else(said.changed)


def _read(stream: BinaryIO) -> PictureCapture:
    magic = stream.read(MAGIC)
    if magic.startswith(SIGNATURE):
        return _of_png(stream)
    try:
        return _of_picture(identify(stream, magic))
    except MEDIA_ERRORS:
        if not magic.startswith(TIFF):
            return PictureCapture()
    stream.seek(0)
    raw = PIL.Image.Exif()
    return _of_exif(raw, lambda: raw.load_from_fp(stream))


def _of_png(stream: BinaryIO) -> PictureCapture:
    found = read_png(stream)
    exif = PIL.Image.Exif()
    taken, changed = _of_exif(exif, lambda: exif.load(found.exif))
    taken = taken.or_else(_of_xmp(found.xmp))
    return PictureCapture(taken.or_else(_of_text(found.texts.get(PNG_TIME, ""))), changed)


def _of_picture(picture: PIL.Image.Image) -> PictureCapture:
    exif = PIL.Image.Exif()
    with suppress(*MEDIA_ERRORS):  # damaged; XMP may be whole
        exif = picture.getexif()
    packet: Any = picture.info.get("xmp") or getattr(picture, "tag_v2", {}).get(XMP_TAG) or b""
    taken, changed = _of_exif(exif)
    taken = taken.or_else(_of_xmp(packet if isinstance(packet, bytes) else str(packet).encode()))
    return PictureCapture(taken.or_else(iptc_capture(picture)), changed)


def _of_exif(exif: PIL.Image.Exif, load: Callable[[], None] | None = None) -> PictureCapture:
    try:
        if load is not None:
            load()
        return PictureCapture(exif_capture(exif), exif_change(exif))
    except MEDIA_ERRORS:
        return PictureCapture()


def _of_xmp(packet: bytes) -> Capture:
    read = read_xmp(packet) if packet else None
    return read.capture if read is not None else NOTHING


def _of_text(text: str) -> Capture:
    """Return the time in a PNG's text: written as in mails by the standard, else as ISO 8601."""
    time = parse_time(text) or _mail_time(text)
    at = credible(time)
    zoned = time is not None and time.tzinfo is not None
    return Capture(at, PNG_TEXT if zoned else PNG_TEXT + LOCAL) if at else NOTHING


def _mail_time(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
