"""Content blocks of chat messages as percepts, and what was recalled as content blocks."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.messages.content import (
    AudioContentBlock,
    ContentBlock,
    ImageContentBlock,
    TextContentBlock,
)

from sensorium.errors import MediaNotFoundError, PerceptError, PerceptFormatError, QueryError
from sensorium.langchain.contents import FIELDS, Roots, described
from sensorium.memory import Medium, Memory, Record
from sensorium.percepts import Percept, Span
from sensorium.percepts.previews import MAX_BYTES, Preview, preview

Part: TypeAlias = "str | Percept | Mapping[str, Any]"
Question: TypeAlias = "Part | BaseMessage | Sequence[Part]"
MEDIA = ("image", "audio", "video")  # types of blocks, and modalities
FILE, NON_STANDARD = "file", "non_standard"


def parts_of(question: Question, *, roots: Roots) -> list[str | Percept]:
    """Turn what may be asked with into words and percepts, in order; blank texts are left out.

    Args:
        question: Words, a message, a content block, a percept, or a list of these but messages.
        roots: Directories that the paths of `non_standard` blocks must lie in.
    Raises:
        QueryError: Another type, a dictionary that is no block, or nothing in it.
        PerceptFormatError: A block that holds no signal, e.g. a tool call.
        SourceRefusedError: A URL that would have to be fetched, or a path outside `roots`.
        PerceptError: A signal that cannot be read.
    """
    parts = [part for block in _blocks(question) if (part := _part(block, roots)) is not None]
    if not parts:
        raise QueryError(
            f"the question {question!r}"[:200], "words or a signal", "ask with one of them"
        )
    return parts


def _blocks(question: object) -> Sequence[Mapping[str, Any] | Percept]:
    if isinstance(question, BaseMessage):
        return question.content_blocks
    several = isinstance(question, (list, tuple))
    parts: Sequence[Any] = question if isinstance(question, (list, tuple)) else [question]
    if not all(isinstance(one, (str, Mapping, Percept)) for one in parts):
        raise QueryError(
            f"a {type(question).__name__} as a question"
            + (" with other things than blocks" if several else ""),
            "words, a message, a content block, a percept or a list of them",
            "pass one message, not a list of them: messages[-1]",
        )
    return [block for one in parts for block in _read(one)]


def _read(part: Part) -> Sequence[Mapping[str, Any] | Percept]:
    """Read words or a block as LangChain does, which knows the providers' own shapes."""
    if isinstance(part, Percept):
        return [part]
    if isinstance(part, str):
        return HumanMessage([part]).content_blocks
    if "type" not in part:
        raise QueryError(
            f"a dictionary without 'type' ({', '.join(map(str, part))})"[:200],
            'words, a message, or a content block: {"type": "text", "text": "a dog"}',
            'pick the words first: itemgetter("question") | retriever',
        )
    return HumanMessage([dict(part)]).content_blocks


def _part(block: Mapping[str, Any] | Percept, roots: Roots) -> str | Percept | None:
    """Return what one block says; `None` for a blank text."""
    if isinstance(block, Percept):
        return block
    kind = block.get("type")
    if kind in ("text", "text-plain") and block.get("text") is not None:
        words: str = block["text"]
        return words if words.strip() else None
    if kind in MEDIA:
        return described({**_fields(block), "modality": kind}, units={}, roots=roots)
    if kind == FILE:
        return described(_fields(block), units={}, roots=roots)
    value = block.get("value")
    if kind == NON_STANDARD and isinstance(value, Mapping) and "modality" in value:
        units = {name: unit for name, unit in value.items() if name not in FIELDS}
        return described(value, units=units, roots=roots)
    if kind == NON_STANDARD and isinstance(value, Mapping):
        kind = value.get("type", kind)  # what LangChain does not know, it wraps
    raise PerceptFormatError(
        f"a content block of type {kind!r} ({', '.join(map(str, value or block))})"[:200],
        'text, image, audio, video, or {"type": "non_standard", "value": {"modality": "imu", ...}}',
        "pass only the blocks to ask with",
    )


def _fields(block: Mapping[str, Any]) -> dict[str, Any]:
    """Pick what describes a signal: blocks also carry an id, an index and provider's extras."""
    content = block.get("base64") or block.get("url")
    if content is None and block.get("file_id") is not None:
        raise PerceptFormatError(
            f"the file {block['file_id']!r} that a provider keeps"[:200],
            "the content itself",
            "pass it as base64 with its mime_type",
        )
    return {name: block[name] for name in ("base64", "url", "mime_type") if name in block}


def blocks_of(
    memory: Memory,
    record: Record,
    *,
    matched: Medium | None = None,
    span: Span | None = None,
    max_bytes: int = MAX_BYTES,
) -> list[ContentBlock]:
    """Show a record to a model: its words, and what can be shown of each of its kept signals.

    Pictures stay pictures; sounds are WAV; of a video there is a frame; depth, heat and motion are
    drawn.

    Args:
        memory: That has it.
        record: To show.
        matched: The signal that answered a question.
        span: The stretch of that one to show.
        max_bytes: Of each signal; one that does not fit is left out.
    """
    blocks: list[ContentBlock] = [_text(record.text)] if record.text else []
    for medium in record.media:
        if medium.file is None:
            continue
        stretch = span if medium == matched else None
        try:
            shown = preview(memory.open_medium(medium), span=stretch, max_bytes=max_bytes)
        except (MediaNotFoundError, PerceptError) as error:  # forgotten or damaged meanwhile
            blocks.append(_text(f"[this {medium.modality} cannot be shown: {error}]"))
        else:
            blocks += [_block(shown)] if shown is not None else []
    return blocks


def _text(words: str) -> TextContentBlock:
    return TextContentBlock(type="text", text=words)


def _block(shown: Preview) -> ImageContentBlock | AudioContentBlock:
    data = base64.b64encode(shown.data).decode("ascii")
    if shown.mime.startswith("audio/"):
        return AudioContentBlock(type="audio", base64=data, mime_type=shown.mime)
    return ImageContentBlock(type="image", base64=data, mime_type=shown.mime)
