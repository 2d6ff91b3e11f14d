"""Pictures, sounds and other media within an item's value.

A medium is a content block of LangChain that has its content in it, or a `data:` URI of a picture,
a sound or a video, anywhere in the value. Paths, web addresses and file ids of providers are not
media: nothing is read or fetched that a value only names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from langgraph.store.base import get_text_at_path

from sensorium.errors import SourceTypeError
from sensorium.langchain.blocks import parts_of
from sensorium.percepts import Percept, percept_from_media
from sensorium.percepts.codecs.base64_text import decode_lossless, encode_base64

Path: TypeAlias = "tuple[str | int, ...]"  # keys and indices that lead into a value
URI = re.compile(r"data:(?:image(?!/svg)|audio|video)/[^,]*;base64,", re.IGNORECASE)
ANY_URI = re.compile(r"data:[^,]*,", re.IGNORECASE)  # in a block, which has a type
NON_STANDARD = "non_standard"
MODALITY: Path = ("value", "modality")  # in a non-standard block
TYPES = ("image", "audio", "video", "image_url", "input_audio", NON_STANDARD)  # of blocks
CONTENTS: tuple[Path, ...] = (  # where a block may have its content
    ("base64",),
    ("url",),
    ("value", "base64"),
    ("value", "url"),
    ("image_url", "url"),
    ("input_audio", "data"),
)
DATA: Path = ("data",)
PLACEHOLDER = "medium"


@dataclass(frozen=True)
class MediumAt:
    """A medium in a value.

    Attributes:
        path: Path of its block or `data:` URI.
        content: Path of the text that has the content.
        percept: Percept of the content.
    """

    path: Path
    content: Path
    percept: Percept


def media_in(value: Any, path: Path = ()) -> Iterator[MediumAt]:
    """Find the media in a JSON value, in order.

    Raises:
        PerceptError: A block cannot be read: its base64 is damaged, or units are missing.
    """
    if isinstance(value, str) and URI.match(value):
        # Text about a medium is not one: "data:image/png;base64,iVB... (cut)"
        with suppress(SourceTypeError):
            yield MediumAt(path, path, percept_from_media(value))
    elif isinstance(value, dict) and (inner := _content(value)):
        [percept] = parts_of(value, roots=[])
        assert isinstance(percept, Percept)  # no block of text is among TYPES
        yield MediumAt(path, (*path, *inner), percept)
    elif isinstance(value, dict):
        for key, inner_value in value.items():
            yield from media_in(inner_value, (*path, key))
    elif isinstance(value, list):
        for index, inner_value in enumerate(value):
            yield from media_in(inner_value, (*path, index))


def percept_of(block: Mapping[str, Any]) -> Percept | None:
    """Return the percept of a content block; `None` if the block has no content in it.

    Raises:
        PerceptError: The block cannot be read.
    """
    found = list(media_in(block)) if _content(block) else []
    return found[0].percept if found else None


def _content(block: Mapping[str, Any]) -> Path:
    """Return the path of the content in a block; empty if the block is not a medium's."""
    kind = block.get("type")
    if kind not in TYPES or (kind == NON_STANDARD and _at(block, MODALITY) is None):
        return ()  # a block of some provider, which is not a medium
    is_old = block.get("source_type") == "base64"  # of LangChain 0.3
    for path in (DATA,) if is_old else CONTENTS:
        text = _at(block, path)
        if isinstance(text, str) and (path[-1] != "url" or ANY_URI.match(text)):
            return path
    return ()


def _at(value: Any, path: Path) -> Any:
    """Return the value at a path; `None` if there is none."""
    for step in path:
        within = isinstance(value, dict) or (isinstance(value, list) and isinstance(step, int))
        try:
            value = value[step] if within else None
        except LookupError:
            return None
    return value


def is_at(medium: MediumAt, value: Any, field: str | list[str]) -> bool:
    """Return whether a field, as LangGraph reads its path, is a medium or contains it."""
    return bool(get_text_at_path(_alone(value, medium.path), field))


def _alone(value: Any, path: Path) -> Any:
    """Copy only the part of a value that leads to one path."""
    if not path:
        return PLACEHOLDER
    step, *rest = path
    inner = _alone(value[step], tuple(rest))
    if isinstance(value, list):
        return [inner if index == step else None for index in range(len(value))]
    return {step: inner}


def without(value: Any, paths: set[Path], path: Path = ()) -> Any:
    """Copy a value without what is at some paths, and without what becomes empty.

    In a list, `None` replaces what is left out, so that the others keep their index.
    """
    if path in paths:
        return None
    if not isinstance(value, (dict, list)):
        return value
    if isinstance(value, list):
        parts = [without(part, paths, (*path, index)) for index, part in enumerate(value)]
        return parts if not parts or any(part is not None for part in parts) else None
    copied = {key: without(part, paths, (*path, key)) for key, part in value.items()}
    left = {key: part for key, part in copied.items() if part is not None or value[key] is None}
    return left if left or not value else None


def take_out(value: Any, media: Sequence[MediumAt]) -> tuple[Any, list[dict[str, Any]]]:
    """Copy a value without the contents of its media that can be put back letter by letter.

    Returns:
        The copy, and for each content that was taken out its `path` and the `sha256` of its file.
    """
    emptied, taken = value, []
    for medium in media:
        text = _at(value, medium.content)
        head, content = split_content(text)
        if content is not None:
            emptied = _replace(emptied, medium.content, head)
            digest = hashlib.sha256(content).hexdigest()
            taken.append({"path": list(medium.content), "sha256": digest})
    return emptied, taken


def split_content(text: str) -> tuple[str, bytes | None]:
    """Split base64 or a `data:` URI into what precedes the content, and the content.

    Returns:
        The text and `None` if it is not base64, or the content would not give the same text again.
    """
    found = ANY_URI.match(text)
    head, encoded = (found[0], text[found.end() :]) if found else ("", text)
    content = decode_lossless(encoded)
    return (text, None) if content is None else (head, content)


def put_back(value: Any, path: Path, content: bytes) -> Any:
    """Copy a value, with a content that was taken out at its path."""
    return _replace(value, path, _at(value, path) + encode_base64(content))


def _replace(value: Any, path: Path, text: str) -> Any:
    """Replace the text at a path: copy what leads to it, and share the rest."""
    if not path:
        return text
    step, *rest = path
    copied = value.copy()
    copied[step] = _replace(value[step], tuple(rest), text)
    return copied
