"""Media of unsaid kind as percepts: which sense an encoded file is for, and where it may lie."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import PIL.Image

from sensorium.errors import (
    MediaDecodeError,
    SourceTypeError,
    UnitError,
)
from sensorium.percepts.limits import Limits
from sensorium.percepts.locations import allowed_path, directories
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept, make_percept
from sensorium.percepts.signatures import PREFIX, recognise
from sensorium.percepts.source import Encoded, Given, take
from sensorium.percepts.text import Text

FAMILIES = ("image", "audio", "video", "text")  # of mime types, each a sense
KINDS = {"picture": "image", "sound": "audio", "video": "video", "text": "text"}  # of `recognise`
DEEP_MODES = ("I", "F")  # Pillow's for one channel of more than 8 bits begin with these
SAY_IT = "say the modality (and the units, for depth, thermal and imu)"


def percept_from_media(
    content: Given,
    *,
    mime_type: str | None = None,
    modality: str | None = None,
    units: Mapping[str, Any] | None = None,
    at: datetime | None = None,
    uri: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    roots: Sequence[str | Path] | None = None,
) -> Percept:
    """Make a percept of a file, as messages and tools hand it over: with a mime type, or nothing.

    The sense is the modality, else what the mime type says, else what the content begins with or
    its name ends with. Depth, thermal and motion are never guessed.

    Args:
        content: A path, a `data:` or `file:` URI, or whatever else the percept's class takes.
        mime_type: Of the content, e.g. `"audio/wav"`; that of a `data:` URI by default.
        modality: The sense; any registered one.
        units: Keywords of the percept's class: `{"unit": "mm", "fx": 525}`.
        at: When it was observed (aware).
        uri: Where it came from.
        limits: What it may cost.
        roots: Directories that a path must lie in, links followed. Give this whenever the path
            comes from an agent or a network: an empty list refuses every path, `None` none.
    Raises:
        SourceRefusedError: A URL, or a path outside `roots`.
        MediaDecodeError: Nothing says which sense it is, or a text that is not UTF-8.
        PerceptFormatError: An unknown modality, or units that are not its.
        PerceptError: As the percept's class.
    """
    if roots is not None and _is_path(content):
        content = allowed_path(content, directories(roots))  # type: ignore[arg-type]  # a path
    sense = modality or sense_of(content, mime_type, limits=limits)
    given = _words(content, limits) if sense == Text.modality else content
    return make_percept(sense, given, units or {}, at=at, uri=uri, limits=limits)


def is_deep_picture(content: Path | Encoded) -> bool:
    """Whether a picture has one channel of 16 bits or more: depth or heat, not what is seen."""
    try:
        opened = content.open("rb") if isinstance(content, Path) else content.open()
        with opened as stream, PIL.Image.open(stream) as picture:
            return picture.mode.startswith(DEEP_MODES)
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError):
        return False  # the percept says what is wrong with it


def _is_path(content: object) -> bool:
    if isinstance(content, str):
        return content[:5].lower() != "data:"
    return isinstance(content, os.PathLike)


def sense_of(
    content: Given, mime_type: str | None = None, *, limits: Limits = DEFAULT_LIMITS
) -> str:
    """Say which sense encoded content is for; what a depth map's numbers mean is not guessed.

    Raises:
        MediaDecodeError: Nothing says it.
        UnitError: A picture of 16 bits or more, which may be depth, heat or a picture.
    """
    source = take(content, modality="media", limits=limits)
    if not isinstance(source, Encoded):
        raise MediaDecodeError(f"{source.name} of unsaid sense", "a modality", SAY_IT)
    if mime_type is None and isinstance(content, str) and content[:5].lower() == "data:":
        mime_type = content[5 : content.index(",")].partition(";")[0]
    family = _family(mime_type) or _seen(source)
    if family is None:
        raise MediaDecodeError(
            f"{source.name}" + (f" of type {mime_type!r}" if mime_type else ""),
            "a picture, a sound, a video or a text, whose content, name or type says so",
            SAY_IT,
        )
    if family == "image" and is_deep_picture(source):
        raise UnitError(
            f"{source.name}, a picture of one channel of 16 bits or more",
            "what its numbers mean",
            "say modality depth (with unit and fx), thermal (with unit), or image",
        )
    return family


def _family(mime_type: str | None) -> str | None:
    family = (mime_type or "").partition("/")[0].strip().lower()
    return family if family in FAMILIES else None


def _seen(source: Encoded) -> str | None:
    """Say what content is by its first bytes; its file's name tells sound from video."""
    with source.open() as stream:
        words = recognise(stream.read(PREFIX)).split()
    seen = next((KINDS[word] for word in words if word in KINDS), None)
    named = _family(mimetypes.guess_type(source.path.name)[0]) if source.path else None
    timed = {"audio", "video"}
    return named if seen is None or {seen, named} <= timed else seen


def _words(content: Given, limits: Limits) -> str:
    """Read a text of a file; a `str` that is neither path nor URI cannot be told from a path."""
    source = take(content, modality=Text.modality, limits=limits)
    if not isinstance(source, Encoded):
        raise SourceTypeError(f"{source.name} as text", "encoded text", "pass Text(words) itself")
    try:
        return source.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MediaDecodeError(
            f"{source.name}, which is not UTF-8 ({error.reason})", "text in UTF-8", "convert it"
        ) from error
