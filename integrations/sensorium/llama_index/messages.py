"""Chat messages as moments of a memory, and recalled ones as messages that a model is shown."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, TypeAlias

from llama_index.core.base.llms.types import (
    AudioBlock,
    ChatMessage,
    ContentBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    VideoBlock,
)

from sensorium.errors import PerceptError
from sensorium.llama_index.nodes import opened, unshown
from sensorium.memory import Hit, Memory
from sensorium.percepts import Audio, Image, Percept, Video
from sensorium.percepts.previews import Preview, preview

MediaBlock: TypeAlias = "ImageBlock | AudioBlock | VideoBlock"
KINDS: Mapping[str, type[Image | Audio | Video]] = {  # by the kind of a block
    "image": Image,
    "audio": Audio,
    "video": Video,
}
ROLE = "role"  # key of a record's metadata: who said it

logger = logging.getLogger(__name__)


def words_of(message: ChatMessage) -> str:
    """Return what a message says in words; empty where it says nothing."""
    texts = [block.text for block in message.blocks if isinstance(block, TextBlock)]
    return "\n".join(text for text in texts if text.strip())


def percepts_of(message: ChatMessage) -> list[Percept]:
    """Return the pictures, sounds and videos of a message that can be read.

    Those behind a web address are left out; those that are damaged, too, with a warning.
    """
    percepts: list[Percept] = []
    for block in message.blocks:
        if isinstance(block, (ImageBlock, AudioBlock, VideoBlock)):
            try:
                content = _content(block)
                if content is not None:
                    uri = str(block.path) if block.path else None
                    percepts.append(KINDS[block.block_type](content, uri=uri))
            except PerceptError as error:
                logger.warning(
                    "sensorium: a message is read without its %s: %s", block.block_type, error
                )
    return percepts


def _content(block: MediaBlock) -> bytes | BinaryIO | Path | str | None:
    held = getattr(block, block.block_type)  # the field is named as the kind
    if isinstance(held, bytes):  # in base64, as the block has made it
        return base64.b64decode(held)
    if held is not None:  # a file object, perhaps read before
        held.seek(0)
        file: BinaryIO = held
        return file
    url = str(block.url or "")
    return block.path or (url if url.startswith("data:") else None)


def message_of(memory: Memory, hit: Hit) -> ChatMessage:
    """Return a recalled record as a message: when it was, its words, and what can be shown of it.

    It is a message of the user's, which is where models take pictures and sounds.
    """
    record = hit.record
    said = f", {record.metadata[ROLE]} said" if ROLE in record.metadata else ""
    head = f"[recalled from {record.at:%Y-%m-%d %H:%M} UTC{said}]"
    blocks: list[ContentBlock] = [TextBlock(text=f"{head} {record.text}".strip())]
    for medium in record.media:
        span = hit.span if medium == hit.medium else None
        try:
            percept = opened(memory, medium)
            shown = preview(percept, span=span) if percept else None
        except PerceptError as error:
            blocks.append(TextBlock(text=unshown(medium, error)))
        else:
            blocks += [_block(shown)] if shown else []
    return ChatMessage(role=MessageRole.USER, blocks=blocks)


def _block(shown: Preview) -> ContentBlock:
    if shown.mime.startswith("audio/"):
        return AudioBlock(audio=shown.data, format=shown.mime.partition("/")[2])
    return ImageBlock(image=shown.data, image_mimetype=shown.mime)
