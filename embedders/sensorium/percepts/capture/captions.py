"""Captions and keywords within pictures: IPTC's, as photographers and archives write them.

The data sets are those of the IPTC-NAA Information Interchange Model, version 4.2, record 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import PIL.Image

from sensorium.errors import SensoriumError
from sensorium.percepts.capture.capture import NOTHING, Capture
from sensorium.percepts.codecs.pictures import MEDIA_ERRORS
from sensorium.percepts.encodings.decoding import decoded

CAPTION, KEYWORDS = (2, 120), (2, 25)
OLD = "cp1252"  # what programs write that do not say UTF-8, where few letters tell no other one
LONGEST_CAPTION = 20_000  # letters; more is no caption
LONGEST_KEYWORD, MOST_KEYWORDS = 100, 100  # letters; how many
# What cameras and telephones write where a caption belongs
EMPTY = re.compile(
    r"(?:[A-Z0-9 _-]*DIGITAL CAMERA|SONY DSC|SAMSUNG(?: CAMERA PICTURES)?|Exif_JPEG_PICTURE|"
    r"DCIM[\\/].*|default|untitled|cof|sdr|hdr|dav|oznor|_+|-+|\.+)",
    re.IGNORECASE,
)


def iptc_capture(picture: PIL.Image.Image) -> Capture:
    """Return the caption and the keywords that IPTC says of a picture; damaged ones are none."""
    from PIL import IptcImagePlugin

    try:
        # It takes any picture, and returns `None` for those whose formats have no IPTC
        found: Any = IptcImagePlugin.getiptcinfo(picture) or {}  # type: ignore[arg-type]
    except MEDIA_ERRORS:
        return NOTHING
    words = [_text(value) for value in _values(found, CAPTION)]
    subjects = map(_text, _values(found, KEYWORDS))
    return Capture(description=caption("\n".join(words)), keywords=keywords(subjects))


def caption(text: str) -> str:
    """Return what people wrote of a picture; empty for what a camera wrote in its place."""
    words = text.replace("\0", "").strip()
    return "" if EMPTY.fullmatch(words) or len(words) > LONGEST_CAPTION else words


def keywords(texts: Iterable[str]) -> tuple[str, ...]:
    """Return keywords without blanks and repetitions."""
    names = (" ".join(text.replace("\0", "").split()) for text in texts)
    kept = dict.fromkeys(name for name in names if 0 < len(name) <= LONGEST_KEYWORD)
    return tuple(kept)[:MOST_KEYWORDS]


def _values(found: Any, data_set: tuple[int, int]) -> Iterator[bytes]:
    """Yield the values of a data set, which Pillow gives alone or as a list."""
    value = found.get(data_set)
    yield from value if isinstance(value, list) else [] if value is None else [value]


def _text(value: bytes) -> str:
    """Return the letters of a value, UTF-8 or of an older encoding; empty if they are none."""
    with suppress(SensoriumError):
        return decoded(value, None, name="a caption").text
    with suppress(UnicodeDecodeError):
        return value.decode(OLD)
    return ""
