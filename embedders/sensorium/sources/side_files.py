"""Side files: what a photo library writes beside a picture, a sound or a video.

Google Takeout writes JSON, Apple Photos, Lightroom and darktable write XMP. Takeout cuts the names
of its files to 51 letters with the suffix, and moves the number of a name that came twice behind
the suffix: `photo(1).jpg` has `photo.jpg(1).json`. A picture that was edited has none of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sensorium.errors import MediaDecodeError, SensoriumError
from sensorium.percepts.capture.capture import Capture
from sensorium.percepts.capture.times import credible
from sensorium.percepts.capture.xmp import XMP, read_xmp
from sensorium.percepts.locations import is_there, looking_at
from sensorium.percepts.percept import Percept
from sensorium.percepts.place import Place, measured_place
from sensorium.sources.reasons import Reason

TAKEOUT = "Google Takeout"
LONGEST = 46  # letters before ".json" in a name of Takeout
LONGEST_STEM = (
    45  # letters of a picture's name of Takeout that may have been cut, before the suffix
)
METADATA = ".supplemental-metadata"  # in newer archives; cut like the rest of the name
ENDING = "-edited"
NUMBERED = re.compile(r"(.+)(\([0-9]+\))")
# What Takeout hangs on the names of edited pictures, in the languages of its users
EDITED = re.compile(
    r"(.+)-(?:edited|effects|smile|mix|edited-effects|bearbeitet|modifié|modifie|editado|editada|"
    r"modificato|bewerkt|edytowane|redigeret|redigert|redigerad|upraveno|muokattu|düzenlendi|"
    r"отредактировано|編集済み|已修改|수정됨)(\([0-9]+\))?",
    re.IGNORECASE,
)
STILLS = (".heic", ".HEIC", ".jpg", ".JPG", ".jpeg", ".JPEG")  # a live film has its still's file
FILMS = (".mov", ".mp4", ".mp", ".mv")
XMP_SUFFIXES = (".xmp", ".XMP")
SIDE_SUFFIXES = frozenset({".json", ".xmp"})
SMALL = 2**18  # bytes of a side file that is looked into although no file is beside it
OF_ALBUMS = {"access", "date", "sharedAlbumComments", "enrichments"}  # beside the title of an album
ALONE = Reason("side files without a file beside them")
ALBUM = Reason("notes of Google Takeout on albums")
LARGEST = 16 * 2**20  # bytes of a side file
UPLOAD = timedelta(minutes=1)  # a time so near to that of the upload is the upload's
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class SideFile:
    """What a photo library says of a picture, a sound or a video, in a file beside it.

    Attributes:
        path: The side file.
        captured: When it was taken, aware; `None` if it does not say.
        by: What says it: `"Google Takeout"`, `"XMP side file"`.
        place: Where it was taken; `None` if it does not say.
        title: Its title; empty without one.
        description: What people wrote about it; empty without words.
        keywords: Their keywords.
        uploaded: Whether that time is when it came to the library, for want of a better one: what
            the file itself says goes before it.
    """

    path: Path
    captured: datetime | None = None
    by: str | None = None
    place: Place | None = None
    title: str = ""
    description: str = ""
    keywords: tuple[str, ...] = ()
    uploaded: bool = False


def find_side_file(path: Path, names: Collection[str] | None = None) -> Path | None:
    """Return the side file of a picture, a sound or a video; `None` if it has none.

    XMP goes before JSON: people wrote it last.

    Args:
        path: Path of the file.
        names: Names in its folder that side files may have; by default all that are there.
    """
    for name in _names(path):
        there = name in names if names is not None else is_there(path.with_name(name))
        if there and name != path.name:
            return path.with_name(name)
    return None


def _names(path: Path) -> Iterator[str]:
    """Yield the names that the side file of a file may have, the most likely first."""
    for suffix in XMP_SUFFIXES:
        yield path.name + suffix
        yield path.stem + suffix
    yield from _takeout_names(path.stem, path.suffix)
    stems = [path.stem, *_unedited(path.stem)]
    for stem in stems[1:]:
        yield from _takeout_names(stem, path.suffix)
    edited = len(stems) > 1  # which makes a JPEG of a HEIC
    if edited or path.suffix.lower() in FILMS:
        for stem in stems:
            for still in STILLS:
                yield from _takeout_names(stem, still)
    yield f"{path.stem[:LONGEST]}.json"


def _unedited(stem: str) -> Iterator[str]:
    """Yield what the picture may be called without its ending, of which an edited one was made."""
    if found := EDITED.fullmatch(stem):
        yield found[1] + (found[2] or "")
    elif len(stem) >= LONGEST_STEM:  # the ending was cut with the name
        for length in range(len(ENDING) - 1, 1, -1):
            if stem.endswith(ENDING[:length]):
                yield stem[:-length]


def _takeout_names(stem: str, suffix: str) -> Iterator[str]:
    numbered = NUMBERED.fullmatch(stem)
    name, number = (numbered[1] + suffix, numbered[2]) if numbered else (stem + suffix, "")
    yield from _cut_names(name, number)
    if numbered:  # a number that the picture was named with
        yield from _cut_names(stem + suffix, "")


def _cut_names(name: str, number: str) -> Iterator[str]:
    """Yield the name of a side file with its ending whole, missing, and cut to any length."""
    yield f"{name[:LONGEST]}{number}.json"
    for length in range(len(METADATA), 0, -1):
        yield f"{(name + METADATA[:length])[:LONGEST]}{number}.json"


def read_side_file(path: Path) -> SideFile | None:
    """Read a side file; `None` if it is another kind of JSON or XML.

    Args:
        path: Path of the side file.
    Raises:
        MediaDecodeError: It is damaged.
        SourceRefusedError: It may not be read.
        SourceNotFoundError: It is not there.
    """
    with looking_at(path, "a side file"), path.open("rb") as stream:
        content = stream.read(LARGEST + 1)
    if path.suffix.lower() == ".xmp":
        return _of_xmp(path, content)
    try:
        fields = json.loads(content) if len(content) <= LARGEST else None
    except (ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from error
    return _of_takeout(path, fields) if isinstance(fields, dict) else None


def _of_xmp(path: Path, content: bytes) -> SideFile:
    packet = read_xmp(content)
    if packet is None:
        raise _damaged(path, "no XMP")
    said = packet.capture
    by = said.by and said.by.replace(XMP, f"{XMP} side file", 1)
    return SideFile(path, said.at, by, said.place, packet.title, said.description, said.keywords)


def _of_takeout(path: Path, fields: Mapping[str, Any]) -> SideFile | None:
    if "photoTakenTime" not in fields:
        return None
    taken, made = (_time(fields.get(name)) for name in ("photoTakenTime", "creationTime"))
    places = (_place(fields.get(name)) for name in ("geoData", "geoDataExif"))
    captured = credible(taken)
    return SideFile(
        path,
        captured,
        TAKEOUT if captured else None,
        next((place for place in places if place), None),
        _words(fields.get("title")),
        _words(fields.get("description")),
        uploaded=taken is not None and made is not None and abs(taken - made) <= UPLOAD,
    )


def _time(value: Any) -> datetime | None:
    """Return the time of Takeout's `{"timestamp": "1467381600"}`, in seconds since 1970."""
    try:
        return EPOCH + timedelta(seconds=int(value["timestamp"]))
    except (TypeError, KeyError, ValueError, OverflowError):
        return None


def _place(value: Any) -> Place | None:
    try:
        latitude, longitude = float(value["latitude"]), float(value["longitude"])
        altitude = float(value.get("altitude", 0.0))
    except (TypeError, KeyError, ValueError, AttributeError):
        return None
    return measured_place(latitude, longitude, altitude or None)  # zero stands for unknown there


def _words(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _damaged(path: Path, why: str) -> MediaDecodeError:
    return MediaDecodeError(
        f"the side file {path.name!r}, which cannot be read ({why})",
        "whole JSON or XMP",
        "restore it from a copy, or remove it",
    )


def capture_with(side: SideFile | None, own: Capture) -> Capture:
    """Return when and where a file was taken, by its side file first, where people correct it.

    Args:
        side: Its side file, if it has one.
        own: What the file itself says.
    """
    if side is None:
        return own
    beside = Capture(side.captured, side.by, side.place, side.description, side.keywords)
    if side.uploaded and own.at is not None:
        return replace(beside, at=own.at, by=own.by).or_else(own)
    return beside.or_else(own)


def said_beside(percept: Percept, side: SideFile) -> Percept:
    """Return a percept that was taken when and where its side file says.

    Raises:
        PerceptError: The metadata of its file cannot be read.
    """
    return percept.with_capture(capture_with(side, percept.capture))


def left_over(path: Path) -> Reason | None:
    """Return why a file of a photo library is no memory, if it is one that belongs to no file.

    Args:
        path: A file of a folder in which no file has it as its side file.
    """
    if path.suffix.lower() not in SIDE_SUFFIXES:
        return None
    try:
        if path.stat().st_size > SMALL:
            return None
        if read_side_file(path) is not None:
            return ALONE
        fields = json.loads(path.read_bytes())
    except (SensoriumError, OSError, ValueError, RecursionError):
        return None
    album = isinstance(fields, dict) and (
        "albumData" in fields or ("title" in fields and bool(fields.keys() & OF_ALBUMS))
    )
    return ALBUM if album else None
