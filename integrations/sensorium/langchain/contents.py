"""What LangChain programs name a signal by (URIs, bytes, described dictionaries), as percepts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from sensorium.errors import PerceptFormatError, SourceTypeError
from sensorium.percepts import Percept, percept_from_media
from sensorium.percepts.base64_text import from_base64

Content: TypeAlias = "str | os.PathLike[str] | bytes | Percept"
Roots: TypeAlias = "Sequence[str | Path] | None"
PLACES = ("base64", "url", "path", "samples")  # of a described signal's content
FIELDS = (*PLACES, "mime_type", "modality")  # of its description; all else are units


def percepts_of(
    contents: Sequence[Content], *, modality: str, units: Mapping[str, Any]
) -> list[Percept]:
    """Make a percept of each signal of one sense.

    Args:
        contents: Paths, `file:` or `data:` URIs, encoded bytes, or percepts.
        modality: Of all of them.
        units: Keywords of the percept's class, for those that are no percepts yet.
    Raises:
        SourceTypeError: A single content instead of a list of them.
        PerceptError: As `percept_from_media`.
    """
    if isinstance(contents, (str, bytes, os.PathLike, Percept)):
        raise SourceTypeError(
            f"a single {type(contents).__name__}", "a list of them", "write [...] around it"
        )
    return [_percept(content, modality, units) for content in contents]


def _percept(content: Content, modality: str, units: Mapping[str, Any]) -> Percept:
    if not isinstance(content, Percept):
        return percept_from_media(content, modality=modality, units=units)
    if content.modality != modality:
        raise PerceptFormatError(
            f"a percept of modality {content.modality!r}",
            f"one of {modality!r}",
            f"use the method for {content.modality}",
        )
    return content


def described(fields: Mapping[str, Any], *, units: Mapping[str, Any], roots: Roots) -> Percept:
    """Make the percept that a message or an agent describes.

    Args:
        fields: Exactly one of `base64`, `url` (`data:` or `file:`), `path` and `samples`; and
            `modality` and `mime_type` where they are known.
        units: Keywords of the percept's class.
        roots: Directories that a path must lie in.
    Raises:
        PerceptFormatError: No content, more than one, or units that are not the sense's.
        SourceRefusedError: A path outside `roots`, or a URL that would have to be fetched.
        PerceptError: As `percept_from_media`.
    """
    given = {name: fields[name] for name in PLACES if fields.get(name) is not None}
    if len(given) != 1:
        raise PerceptFormatError(
            f"a signal with {' and '.join(given) or 'no content'}",
            f"exactly one of {', '.join(PLACES)}",
            "write base64= with mime_type=, which works everywhere",
        )
    [(place, content)] = given.items()
    return percept_from_media(
        from_base64(content) if place == "base64" else content,
        mime_type=fields.get("mime_type"),
        modality=fields.get("modality"),
        units=units,
        roots=roots,
    )
