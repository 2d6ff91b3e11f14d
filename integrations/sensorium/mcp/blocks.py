"""Records and hits as a model reads, sees and hears them: text, data, pictures and sounds."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote

from mcp_types import AudioContent, ContentBlock, ImageContent, TextContent

from sensorium.agents.limits import LONGEST_TEXT
from sensorium.agents.showing import Budget, show_match
from sensorium.agents.wording import confidence_words, cut, standing, stretch_of
from sensorium.mcp.schemas import EpisodeData, HitData, MediumData, RecordData
from sensorium.memory import Episode, Finding, Hit, Medium, Memory, Record
from sensorium.percepts.forms import Preview

LONGEST_URI = 300  # characters
MOST_FINDINGS = 5  # stretches of words found in a record that are shown of one
CUT = "(cut; the whole text is in the resource {uri})"


def record_uri(record: Record) -> str:
    """Return the address of a record as a resource."""
    return f"memory://{quote(record.id, safe='')}"


def medium_uri(record: Record, number: int) -> str:
    """Return the address of one of a record's media, counted from 0."""
    return f"{record_uri(record)}/media/{number}"


def record_data(record: Record) -> RecordData:
    """Describe a record, JSON-ready; long text and metadata are cut."""
    facts = dict(record.metadata)
    written = json.dumps(facts, ensure_ascii=False)
    described: RecordData = {
        "id": record.id,
        "uri": record_uri(record),
        "at": record.at.isoformat(),
        "until": record.until.isoformat(),
        "expires_at": record.expires_at.isoformat() if record.expires_at else None,
        "text": _cut(record.text, record),
        "modalities": list(record.modalities),
        "tags": list(record.tags),
        "source": record.source,
        "origin": record.origin,
        "metadata": facts if len(written) <= LONGEST_TEXT else {"cut": _cut(written, record)},
        "media": [
            medium_data(record, number)
            for number, medium in enumerate(record.media)
            if medium in record.files
        ],
    }
    if record.shared:
        described["shared_by"] = record.owner
    return described


def medium_data(record: Record, number: int) -> MediumData:
    """Describe one of a record's media, JSON-ready."""
    medium = record.media[number]
    return {
        "uri": medium_uri(record, number),
        "modality": medium.modality,
        "mime_type": medium.mime,
        "bytes": medium.bytes,
        "seconds": medium.duration,
        "origin": medium.uri,
    }


def hit_data(hit: Hit) -> HitData:
    """Describe a hit, JSON-ready."""
    return {
        **record_data(hit.record),
        "matched": hit.modality,
        "span": [hit.span.start, hit.span.end] if hit.span else None,
        "confidence": hit.confidence,
        "certainty": hit.certainty,
        "score": hit.score,
        "found": _cut(hit.finding.text, hit.record) if hit.finding else None,
    }


def episode_data(episode: Episode) -> EpisodeData:
    """Describe an episode, JSON-ready."""
    return {
        "start": episode.start.isoformat(),
        "end": episode.end.isoformat(),
        "records": episode.records,
        "modalities": dict(episode.modalities),
        "moments": [record_data(record) for record in episode.moments],
    }


def record_text(record: Record) -> str:
    """Describe a record in a few lines, with its text, tags and metadata as quoted JSON.

    Quoted, what a memory says cannot be mistaken for a line of the answer itself.
    """
    return "\n".join([f"memory {record.id}, {when(record.at)}", *_details(record)])


def hit_text(hit: Hit, rank: int, *, keywords: bool = False) -> str:
    """Describe a hit in a few lines.

    Args:
        hit: The hit to describe.
        rank: Its place among the hits, from 1.
        keywords: Whether words were looked for, which makes it no coincidence.
    """
    stretch = stretch_of(hit)
    matched = f"matched: {hit.modality}{', ' if stretch else ''}{stretch}"
    confidence = confidence_words(hit, keywords=keywords)
    head = f"{rank}. memory {hit.record.id}, {when(hit.record.at)}; {matched}; {confidence}"
    return "\n".join([head, *_details(hit.record, hit.finding)])


def when(time: datetime) -> str:
    """Write a time to the second."""
    return time.isoformat(timespec="seconds")


def _details(record: Record, matched: Finding | None = None) -> Iterator[str]:
    if said := standing(record):
        yield f"   {json.dumps('; '.join(said), ensure_ascii=False)}"
    if record.text:
        yield f"   text: {json.dumps(_cut(record.text, record), ensure_ascii=False)}"
    for finding in [matched] if matched else record.findings[:MOST_FINDINGS]:
        words = json.dumps(_cut(finding.text, record), ensure_ascii=False)
        at = f" at {finding.span.start:.1f} s" if finding.span else ""
        yield f"   {finding.origin}{at}: {words}"
    yield f"   modalities: {', '.join(record.modalities) or 'none'}"
    if record.tags:
        yield f"   tags: {_cut(json.dumps(list(record.tags), ensure_ascii=False), record)}"
    if record.source:
        yield f"   source: {json.dumps(record.source, ensure_ascii=False)}"
    if record.metadata:
        written = json.dumps(dict(record.metadata), ensure_ascii=False)
        yield f"   metadata: {_cut(written, record)}"
    if record.expires_at:
        yield f"   forgotten after: {when(record.expires_at)}"
    for number, medium in enumerate(record.media):
        if medium in record.files:
            yield f"   {medium.modality}: {medium_uri(record, number)} ({_file(medium)})"


def _cut(text: str, record: Record) -> str:
    return cut(text, CUT.format(uri=record_uri(record)))


def _file(medium: Medium) -> str:
    length = f", {medium.duration:.1f} s" if medium.duration else ""
    origin = f", from {json.dumps(medium.uri[:LONGEST_URI])}" if medium.uri else ""
    return f"{medium.mime}, {medium.bytes} bytes{length}{origin}"


def match_blocks(memory: Memory, hit: Hit, budget: Budget) -> list[ContentBlock]:
    """Return the picture or sound of a hit, or a line that says why it is not shown."""
    part = show_match(memory, hit, budget)
    return [] if part is None else [_block(part)]


def _block(part: str | Preview) -> ContentBlock:
    if isinstance(part, str):
        return TextContent(type="text", text=part)
    data = base64.b64encode(part.data).decode("ascii")
    if part.mime.startswith("audio/"):
        return AudioContent(type="audio", data=data, mime_type=part.mime)
    return ImageContent(type="image", data=data, mime_type=part.mime)
