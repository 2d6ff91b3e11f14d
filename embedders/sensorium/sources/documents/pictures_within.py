"""Pictures within a document that is an archive: each an image of its own that names its part."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from sensorium.errors import PerceptError
from sensorium.percepts.image import Image
from sensorium.percepts.limits import MIB
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept
from sensorium.sources.documents.archives import Archive

SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff"))
DRAWN = frozenset((".emf", ".wmf", ".svg"))  # of lines, which no decoder here draws
APART = frozenset(("docProps", "Thumbnails", "customXml"))  # folders of what is not in the text
SMALLEST = 64  # pixels of the shorter side: smaller ones are bullets and icons
MOST = 200  # pictures of a document
LARGEST = 64 * MIB  # bytes of a picture
IN_ALL = 1024 * MIB  # bytes of all pictures of a document: more is an archive made to burst
DIGITS = re.compile(r"(\d+)")


def pictures_within(
    archive: Archive, path: Path, options: Mapping[str, Any], at: datetime | None = None
) -> Iterator[Percept]:
    """Yield the pictures of a document in the order of their names, each content once.

    What is left out is counted in the reading of the last one: icons, drawings of lines, what is
    damaged or too large, and what is beyond 200 pictures or a gigabyte.

    Args:
        archive: The document.
        path: Where it is.
        options: Those of the call: `at` goes before the time of the document.
        at: When the document was written.
    """
    named = sorted(filter(_is_picture, archive.names), key=_natural)
    seen: set[str] = set()
    held: Image | None = None  # the last one waits until it is known what is left out
    left_out = read = 0
    for name in named:
        size = archive.size(name)
        image = None
        if len(seen) < MOST and size <= LARGEST and read + size <= IN_ALL:
            read += size
            image = _image(archive, name, path, options, at)
        if image is None:
            left_out += 1
        elif image.digest not in seen:
            seen.add(image.digest)
            if held is not None:
                yield held
            held = image.with_reading({**image.reading, "part": name})
    if held is not None:
        missing = {"pictures_left_out": left_out} if left_out else {}
        yield held.with_reading({**held.reading, **missing})


def _image(
    archive: Archive, name: str, path: Path, options: Mapping[str, Any], at: datetime | None
) -> Image | None:
    """Return a picture; `None` if it is an icon or cannot be read."""
    if PurePosixPath(name).suffix.lower() in DRAWN:
        return None
    try:
        image = Image(
            archive.read(name),
            at=options.get("at") or at,
            uri=f"{path.as_uri()}#part={quote(name)}",
            limits=options.get("limits") or DEFAULT_LIMITS,
        )
        small = min(image.size) < SMALLEST
    except PerceptError:  # one bad picture does not lose the document
        return None
    return None if small else image


def _is_picture(name: str) -> bool:
    place = PurePosixPath(name)
    return place.suffix.lower() in SUFFIXES | DRAWN and not APART & set(place.parts)


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key by which image2 stands before image10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in DIGITS.split(name)]
