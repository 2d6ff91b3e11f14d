"""Pictures, sounds and other media within an item's value.

A medium is a content block of LangChain with its content in it, or a `data:` URI of a picture, a
sound or a video, wherever it is in the value. A file, an http URL or a provider's file id is none:
nothing is read or fetched that a value only names.
"""

from __future__ import annotations

import base64
import binascii
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

Path: TypeAlias = "tuple[str | int, ...]"  # keys and places that lead into a value
URI = re.compile(r"data:(?:image(?!/svg)|audio|video)/[^,]*;base64,", re.IGNORECASE)
ANY_URI = re.compile(r"data:[^,]*,", re.IGNORECASE)  # where a block says what it is
NON_STANDARD = "non_standard"
SENSE: Path = ("value", "modality")  # where such a block says what it is
KINDS = ("image", "audio", "video", "image_url", "input_audio", NON_STANDARD)  # types of blocks
CONTENTS: tuple[Path, ...] = (  # where a block holds its content
    ("base64",),
    ("url",),
    ("value", "base64"),
    ("value", "url"),
    ("image_url", "url"),
    ("input_audio", "data"),
)
DATA: Path = ("data",)
SEEN = "medium"  # stands for one


@dataclass(frozen=True)
class MediumAt:
    """A medium in a value.

    Attributes:
        path: Of its block or `data:` URI.
        content: Of the text in it that holds the content.
        percept: Made of it.
    """

    path: Path
    content: Path
    percept: Percept


def media_in(value: Any, path: Path = ()) -> Iterator[MediumAt]:
    """Find the media in a JSON value, in order.

    Raises:
        PerceptError: What says it is a medium cannot be one: base64 that is none, missing units.
    """
    if isinstance(value, str) and URI.match(value):
        with suppress(SourceTypeError):  # text about a medium: "data:image/png;base64,iVB... (cut)"
            yield MediumAt(path, path, percept_from_media(value))
    elif isinstance(value, dict) and (inner := _content(value)):
        [percept] = parts_of(value, roots=[])
        assert isinstance(percept, Percept)  # text is no kind of block here
        yield MediumAt(path, (*path, *inner), percept)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from media_in(one, (*path, key))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from media_in(one, (*path, place))


def percept_of(block: Mapping[str, Any]) -> Percept | None:
    """Make the percept of a content block; `None` where it has no content in it.

    Raises:
        PerceptError: As `media_in`.
    """
    found = list(media_in(block)) if _content(block) else []
    return found[0].percept if found else None


def _content(block: Mapping[str, Any]) -> Path:
    """Return where a block holds its content; nowhere, if it is no medium's block."""
    kind = block.get("type")
    if kind not in KINDS or (kind == NON_STANDARD and _at(block, SENSE) is None):
        return ()  # what a provider says in its own way is no medium either
    old = block.get("source_type") == "base64"  # of LangChain 0.3
    for path in (DATA,) if old else CONTENTS:
        text = _at(block, path)
        if isinstance(text, str) and (path[-1] != "url" or ANY_URI.match(text)):
            return path
    return ()


def _at(value: Any, path: Path) -> Any:
    """Return what a path leads to; `None` where it leads nowhere."""
    for step in path:
        within = isinstance(value, dict) or (isinstance(value, list) and isinstance(step, int))
        try:
            value = value[step] if within else None
        except LookupError:
            return None
    return value


def is_at(medium: MediumAt, value: Any, field: str | list[str]) -> bool:
    """Whether a field's path, as LangGraph reads it, leads to a medium or to what holds it."""
    return bool(get_text_at_path(_alone(value, medium.path), field))


def _alone(value: Any, path: Path) -> Any:
    """Copy of a value only what leads to one place of it."""
    if not path:
        return SEEN
    step, *rest = path
    inner = _alone(value[step], tuple(rest))
    if isinstance(value, list):
        return [inner if place == step else None for place in range(len(value))]
    return {step: inner}


def without(value: Any, paths: set[Path], path: Path = ()) -> Any:
    """Copy a value without what lies at some paths, and without what is empty then.

    In a list, `None` stands in the place of what is gone, so that the others keep theirs.
    """
    if path in paths:
        return None
    if not isinstance(value, (dict, list)):
        return value
    if isinstance(value, list):
        kept = [without(one, paths, (*path, place)) for place, one in enumerate(value)]
        return kept if not kept or any(one is not None for one in kept) else None
    copied = {key: without(one, paths, (*path, key)) for key, one in value.items()}
    left = {key: one for key, one in copied.items() if one is not None or value[key] is None}
    return left if left or not value else None


def taken_out(value: Any, media: Sequence[MediumAt]) -> tuple[Any, list[dict[str, Any]]]:
    """Copy a value without the content of its media, where that can be put back to the letter.

    Returns:
        The copy, and of each content that was taken out its `path` and the `sha256` of its file.
    """
    emptied, taken = value, []
    for medium in media:
        text = _at(value, medium.content)
        head, content = parted(text)
        if content is not None:
            emptied = _replaced(emptied, medium.content, head)
            digest = hashlib.sha256(content).hexdigest()
            taken.append({"path": list(medium.content), "sha256": digest})
    return emptied, taken


def parted(text: str) -> tuple[str, bytes | None]:
    """Part text into what precedes the base64 and its content; `None` if it would change."""
    found = ANY_URI.match(text)
    head, encoded = (found[0], text[found.end() :]) if found else ("", text)
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):  # percent-encoded
        return text, None
    return head, content if base64.b64encode(content).decode("ascii") == encoded else None


def put_back(value: Any, path: Path, content: bytes) -> Any:
    """Copy a value with a content that was taken out."""
    return _replaced(value, path, _at(value, path) + base64.b64encode(content).decode("ascii"))


def _replaced(value: Any, path: Path, text: str) -> Any:
    """Copy what leads to a path, and share the rest."""
    if not path:
        return text
    step, *rest = path
    copied = value.copy()
    copied[step] = _replaced(value[step], tuple(rest), text)
    return copied
