"""The two forms that a percept takes outside: an ordinary file, and a preview."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sensorium.errors import RecordError
from sensorium.percepts.limits import MIB
from sensorium.percepts.source import Encoded

MAX_BYTES = MIB  # of a preview
MAX_SIDE = 1024  # pixels of a preview


class FileFormat(NamedTuple):
    """The suffix and the mime type of a file."""

    extension: str  # without the dot
    mime: str


@dataclass(frozen=True)
class PerceptFile:
    """A percept as a file.

    Attributes:
        source: Content of the file: `source.open()` reads it, `source.size` is its bytes.
        extension: Extension of the file's name, without the dot.
        mime: Mime type of the file.
        units: Keywords with which `percept_from_file` makes the percept again.
    """

    source: Encoded = field(repr=False)
    extension: str
    mime: str
    units: Mapping[str, Any]


@dataclass(frozen=True)
class Preview:
    """A picture or a sound in a format that models and browsers take.

    Attributes:
        mime: `"image/jpeg"`, `"image/png"`, `"image/webp"` or `"audio/wav"`.
        data: The whole file.
    """

    mime: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class PreviewLimits:
    """The largest sizes of a preview.

    Attributes:
        max_bytes: Largest size of the encoded picture or sound.
        max_side: Largest width and height of a picture, in pixels.
    """

    max_bytes: int = MAX_BYTES
    max_side: int = MAX_SIDE


def no_file(came: str) -> RecordError:
    """Build the error for a percept that cannot be kept as a file."""
    return RecordError(
        f"{came}, as a media file",
        "a percept whose source is an encoded file or samples",
        "keep text as page_content; remember other percepts with keep_media=False",
    )
