"""Content blocks of chat messages as percepts, and what was recalled as content blocks."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.messages.content import (
    AudioContentBlock,
    ContentBlock,
    ImageContentBlock,
    TextContentBlock,
)

from sensorium.agents.showing import PREVIEWS, Budget, shown
from sensorium.errors import PerceptFormatError, QueryError
from sensorium.memory import Medium, Memory, Record
from sensorium.percepts import Limits, Percept, Span, percept_from_media
from sensorium.percepts.codecs.base64_text import from_base64
from sensorium.percepts.forms import MAX_BYTES, Preview
from sensorium.percepts.percept import DEFAULT_LIMITS

Part: TypeAlias = "str | Percept | Mapping[str, Any]"
Question: TypeAlias = "Part | BaseMessage | Sequence[Part]"
Roots: TypeAlias = "Sequence[str | Path] | None"
KINDS = ("text", *PREVIEWS)  # types of blocks that a record is shown as
MEDIA = ("image", "audio", "video")  # types of blocks that are modalities
FILE, TEXT_FILE, NON_STANDARD = "file", "text-plain", "non_standard"  # others with signals
CONTENTS = ("base64", "url", "path", "samples")  # where a block holds its content
FIELDS = (*CONTENTS, "mime_type", "modality")  # fields of a signal; all others are units


def parts_of(
    question: Question, *, roots: Roots, limits: Limits = DEFAULT_LIMITS
) -> list[str | Percept]:
    """Return the words and percepts of a question, in order; blank texts are left out.

    Args:
        question: Words, a message, a content block, a percept, or a list of these but messages.
        roots: Directories that the paths of `non_standard` blocks must lie in.
        limits: Largest sizes of what a signal decodes to.
    Raises:
        QueryError: An object of another type, a dictionary that is not a block, or nothing at all.
        PerceptFormatError: A block without a signal, e.g. a tool call.
        SourceRefusedError: A URL that would have to be fetched, or a path outside `roots`.
        PerceptError: A signal that cannot be read.
    """
    read = [_part(block, roots, limits) for block in _blocks(question)]
    parts = [part for part in read if part is not None]
    if not parts:
        raise QueryError(f"the question {question!r}", "words or a signal", "ask with one of them")
    return parts


def _blocks(question: object) -> Sequence[Mapping[str, Any] | Percept]:
    if isinstance(question, BaseMessage):
        return question.content_blocks
    several = isinstance(question, (list, tuple))
    parts: Sequence[Any] = question if isinstance(question, (list, tuple)) else [question]
    if not all(isinstance(part, (str, Mapping, Percept)) for part in parts):
        raise QueryError(
            f"a {type(question).__name__} as a question"
            + (" with other things than blocks" if several else ""),
            "words, a message, a content block, a percept or a list of them",
            "pass one message, not a list of them: messages[-1]",
        )
    return [block for part in parts for block in _read(part)]


def _read(part: Part) -> Sequence[Mapping[str, Any] | Percept]:
    """Read words or a block as LangChain does: it knows the blocks of other providers, too."""
    if isinstance(part, Percept):
        return [part]
    if isinstance(part, str):
        return HumanMessage([part]).content_blocks
    if "type" not in part:
        raise QueryError(
            f"a dictionary without 'type' ({', '.join(map(str, part))})",
            'words, a message, or a content block: {"type": "text", "text": "a dog"}',
            'pick the words first: itemgetter("question") | retriever',
        )
    return HumanMessage([dict(part)]).content_blocks


def _part(block: Mapping[str, Any] | Percept, roots: Roots, limits: Limits) -> str | Percept | None:
    """Return the words or the percept of a block; `None` for a blank text."""
    if isinstance(block, Percept):
        return block
    kind = block.get("type")
    if kind in ("text", TEXT_FILE) and block.get("text") is not None:
        words: str = block["text"]
        return words if words.strip() else None
    if kind in MEDIA:
        return _percept({**_fields(block), "modality": kind}, units={}, roots=roots, limits=limits)
    if kind in (FILE, TEXT_FILE):
        return _percept(_fields(block), units={}, roots=roots, limits=limits)
    value = block.get("value")
    if kind == NON_STANDARD and isinstance(value, Mapping) and "modality" in value:
        units = {name: unit for name, unit in value.items() if name not in FIELDS}
        return _percept(value, units=units, roots=roots, limits=limits)
    if kind == NON_STANDARD and isinstance(value, Mapping):
        kind = value.get("type", kind)  # LangChain wraps blocks of types that it does not know
    raise PerceptFormatError(
        f"a content block of type {kind!r} ({', '.join(map(str, value or block))})",
        'text, image, audio, video, or {"type": "non_standard", "value": {"modality": "imu", ...}}',
        "pass only the blocks to ask with",
    )


def is_signal(block: Mapping[str, Any]) -> bool:
    """Return whether a content block is a signal or a file, rather than words or a tool call."""
    value = block.get("value")
    return block.get("type") in (*MEDIA, FILE, TEXT_FILE) or (
        block.get("type") == NON_STANDARD and isinstance(value, Mapping) and "modality" in value
    )


def _fields(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a signal; blocks also carry an id, an index and a provider's extras."""
    content = block.get("base64") or block.get("url")
    if content is None and block.get("file_id") is not None:
        raise PerceptFormatError(
            f"the file {block['file_id']!r} that a provider keeps",
            "the content itself",
            "pass it as base64 with its mime_type",
        )
    return {name: block[name] for name in ("base64", "url", "mime_type") if name in block}


def _percept(
    fields: Mapping[str, Any], *, units: Mapping[str, Any], roots: Roots, limits: Limits
) -> Percept:
    """Make the percept that the fields of a block describe.

    Args:
        fields: Exactly one of `base64`, `url` (`data:` or `file:`), `path` and `samples`, besides
            `modality` and `mime_type` where they are known.
        units: Keywords of the percept's class.
        roots: Directories that a path must lie in.
        limits: Largest sizes of what a signal decodes to.
    Raises:
        PerceptFormatError: No content, more than one, or units that the modality does not have.
        SourceRefusedError: A path outside `roots`, or a URL that would have to be fetched.
        PerceptError: A signal that cannot be read.
    """
    given = {name: fields[name] for name in CONTENTS if fields.get(name) is not None}
    if len(given) != 1:
        raise PerceptFormatError(
            f"a signal with {' and '.join(given) or 'no content'}",
            f"exactly one of {', '.join(CONTENTS)}",
            "write base64= with mime_type=, which works everywhere",
        )
    [(name, content)] = given.items()
    return percept_from_media(
        from_base64(content) if name == "base64" else content,
        mime_type=fields.get("mime_type"),
        modality=fields.get("modality"),
        units=units,
        roots=roots,
        limits=limits,
    )


def blocks_of(
    memory: Memory,
    record: Record,
    *,
    matched: Medium | None = None,
    span: Span | None = None,
    kinds: Sequence[str] = KINDS,
    max_bytes: int = MAX_BYTES,
) -> Iterator[ContentBlock]:
    """Show a record to a model: its text, then its media as pictures and sounds.

    Args:
        memory: The memory that holds the record.
        record: The record to show.
        matched: The medium that answered a question.
        span: The stretch of `matched` to show.
        kinds: Types of blocks that the model takes; a medium of another type is named in words.
        max_bytes: Largest size of one picture or sound; what does not fit is left out.
    Raises:
        QueryError: An unknown kind.
    """
    check_kinds(kinds)
    words = "text" in kinds
    if record.text and words:
        yield block_of(record.text)
    budget = Budget(max_bytes)
    for part in shown(memory, record, budget, matched=matched, span=span, kinds=kinds):
        if words or not isinstance(part, str):
            yield block_of(part)


def check_kinds(kinds: object) -> None:
    """Check that the types of blocks that a model takes are known ones.

    Raises:
        QueryError: They are not, or stand in no list.
    """
    listed = isinstance(kinds, (list, tuple, set, frozenset))
    if not listed or not set(kinds) <= set(KINDS):  # type: ignore[call-overload]  # listed
        raise QueryError(
            f"kinds={kinds!r}", f"a list of {', '.join(KINDS)}", 'write kinds=["text", "image"]'
        )


def block_of(part: str | Preview) -> ContentBlock:
    """Return words, a picture or a sound as a content block."""
    if isinstance(part, str):
        return TextContentBlock(type="text", text=part)
    data = base64.b64encode(part.data).decode("ascii")
    if part.mime.startswith("audio/"):
        return AudioContentBlock(type="audio", base64=data, mime_type=part.mime)
    return ImageContentBlock(type="image", base64=data, mime_type=part.mime)
