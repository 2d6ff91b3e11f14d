"""What the tools leave for a program: references to memories, from which their media are shown.

Artifacts stay in the checkpoints of a conversation, so they hold no picture and no sound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_core.messages.content import ContentBlock

from sensorium.langchain.blocks import KINDS, blocks_of
from sensorium.memory import Hit, Medium, Memory, Record
from sensorium.percepts import Span
from sensorium.percepts.forms import MAX_BYTES


def record_reference(record: Record) -> dict[str, Any]:
    """Describe a record, JSON-ready: its words and facts, and each medium by what names it."""
    facts = record.to_dict()
    del facts["findings"]  # all words of a long recording
    return {**facts, "media": [_medium_reference(medium) for medium in record.media]}


def hit_reference(hit: Hit) -> dict[str, Any]:
    """Describe a hit, JSON-ready, with the digest of the medium that matched."""
    digest = hit.medium.digest if hit.medium else None
    return {**hit.to_dict(), "digest": digest, "record": record_reference(hit.record)}


def _medium_reference(medium: Medium) -> dict[str, Any]:
    is_data = (medium.uri or "").startswith("data:")  # the file itself
    return {
        "digest": medium.digest,
        "modality": medium.modality,
        "uri": None if is_data else medium.uri,
        "mime_type": medium.mime,
        "bytes": medium.bytes,
        "duration": medium.duration,
        "file": medium.file,
        "of": medium.of,
    }


def artifact_blocks(
    memory: Memory,
    artifact: Mapping[str, Any],
    *,
    kinds: Sequence[str] = KINDS,
    max_bytes: int = MAX_BYTES,
) -> list[ContentBlock]:
    """Show what the artifact of a tool's message refers to, as the content of a message.

    Args:
        memory: The memory of the owner whose tool it was.
        artifact: `ToolMessage.artifact` of `remember`, `recall` or `update`.
        kinds: Types of blocks that the model takes, of `"text"`, `"image"` and `"audio"`: what has
            another is described in words.
        max_bytes: Largest size of one picture or sound.
    Returns:
        The texts, pictures and sounds, best hit first; what was forgotten since is left out.
    Raises:
        QueryError: An unknown kind.
    """
    return list(_blocks(memory, artifact, kinds=kinds, max_bytes=max_bytes))


def _blocks(
    memory: Memory, artifact: Mapping[str, Any], *, kinds: Sequence[str], max_bytes: int
) -> Iterator[ContentBlock]:
    references = [one for one in artifact.get("hits", [artifact]) if "record" in one]
    found = {record.id: record for record in memory.get_many(_id(one) for one in references)}
    for reference in references:
        record = found.get(_id(reference))
        if record is None:
            continue
        digest, span = reference.get("digest"), reference.get("span")
        matched = next((one for one in record.media if one.digest == digest), None)
        yield from blocks_of(
            memory,
            record,
            matched=matched,
            span=Span(*span) if span and matched else None,
            kinds=kinds,
            max_bytes=max_bytes,
        )


def _id(reference: Mapping[str, Any]) -> str:
    record: Mapping[str, Any] = reference["record"]
    return str(record["id"])
