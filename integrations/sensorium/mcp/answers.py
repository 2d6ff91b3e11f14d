"""Records and hits in words, as data, and as what can be seen and heard."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import quote

from mcp_types import AudioContent, ContentBlock, ImageContent, TextContent

from sensorium.errors import SensoriumError
from sensorium.mcp.options import ServerLimits
from sensorium.mcp.results import HitData, MediumData, RecordData
from sensorium.memory import Hit, Medium, Memory, Record
from sensorium.percepts import Span
from sensorium.percepts.previews import Preview, preview

logger = logging.getLogger(__name__)

LIKELY = 0.5  # confidence from which a hit is rather no coincidence
LONGEST = 2000  # characters of a record's words, of its tags and of its metadata in an answer
LONGEST_URI = 300  # characters
CUT = "... (cut; the whole text is in the resource {uri})"


def record_uri(record: Record) -> str:
    """Return the address of a record as a resource."""
    return f"memory://{quote(record.id, safe='')}"


def medium_uri(record: Record, number: int) -> str:
    """Return the address of one of its media, counted from 0."""
    return f"{record_uri(record)}/media/{number}"


def record_data(record: Record) -> RecordData:
    """Describe a record, JSON-ready; long words and metadata are cut."""
    facts = dict(record.metadata)
    written = json.dumps(facts, ensure_ascii=False)
    return {
        "id": record.id,
        "uri": record_uri(record),
        "at": record.at.isoformat(),
        "until": record.until.isoformat(),
        "expires_at": record.expires_at.isoformat() if record.expires_at else None,
        "text": _words(record),
        "senses": list(record.modalities),
        "tags": list(record.tags),
        "source": record.source,
        "metadata": facts if len(written) <= LONGEST else {"cut": _cut(written, record)},
        "media": [
            medium_data(record, number) for number, one in enumerate(record.media) if one.file
        ],
    }


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
        "score": hit.score,
    }


def record_text(record: Record) -> str:
    """Describe a record in a few lines, its words quoted as JSON, so that they stay words."""
    return "\n".join([f"memory {record.id}, {when(record.at)}", *_details(record)])


def is_unlikely(hit: Hit) -> bool:
    """Whether a hit is rather coincidence."""
    return hit.confidence is not None and hit.confidence < LIKELY


def hit_text(hit: Hit, place: int, *, doubted: bool = False) -> str:
    """Describe a hit in a few lines; say so where it may well be coincidence."""
    how = f"matched: {hit.modality}{_stretch(hit.span, hit.modality)}"
    sure = "not calibrated" if hit.confidence is None else f"confidence {hit.confidence:.2f}"
    if doubted:
        sure += ", probably unrelated"
    head = f"{place}. memory {hit.record.id}, {when(hit.record.at)}; {how}; {sure}"
    return "\n".join([head, *_details(hit.record)])


def when(time: datetime) -> str:
    """Write a time to the second."""
    return time.isoformat(timespec="seconds")


def _details(record: Record) -> Iterator[str]:
    words = _words(record)
    if words:
        yield f"   words: {json.dumps(words, ensure_ascii=False)}"
    yield f"   senses: {', '.join(record.modalities) or 'none'}"
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
        if medium.file:
            yield f"   {medium.modality}: {medium_uri(record, number)} ({_file(medium)})"


def _words(record: Record) -> str:
    return _cut(record.text, record)


def _cut(text: str, record: Record) -> str:
    """Return the beginning of what is long, and where all of it is."""
    return text if len(text) <= LONGEST else text[:LONGEST] + CUT.format(uri=record_uri(record))


def _file(medium: Medium) -> str:
    length = f", {medium.duration:.1f} s" if medium.duration else ""
    origin = f", from {json.dumps(medium.uri[:LONGEST_URI])}" if medium.uri else ""
    return f"{medium.mime}, {medium.bytes} bytes{length}{origin}"


def _stretch(span: Span | None, modality: str) -> str:
    if span is None:
        return ""
    if modality in ("text", "keywords"):
        return f", characters {span.start:.0f} to {span.end:.0f}"
    return f", {span.start:.1f} to {span.end:.1f} s"


class Gallery:
    """Shows what matched, until an answer is full."""

    def __init__(self, memory: Memory, limits: ServerLimits) -> None:
        """Begin an answer."""
        self._memory = memory
        self._limits = limits
        self._left = limits.answer_bytes

    def shown(self, hit: Hit) -> Sequence[ContentBlock]:
        """Return the picture or sound of a hit, or a line that says why there is none."""
        chosen = self._chosen(hit)
        if chosen is None:
            return []
        medium, span = chosen
        room = min(self._left, self._limits.preview_bytes)
        try:
            percept = self._memory.open_medium(medium)
            found = preview(percept, span=span, max_bytes=room, max_side=self._limits.preview_side)
        except SensoriumError as error:
            logger.warning("cannot show the %s of %s: %s", medium.modality, hit.record.id, error)
            return [_line(f"(its {medium.modality} cannot be opened any more)")]
        if found is None:
            return [_line(f"(its {medium.modality} is left out: this answer is full)")]
        self._left -= len(found.data)
        return [_block(found)]

    def _chosen(self, hit: Hit) -> tuple[Medium, Span | None] | None:
        """Choose what matched; where words did, the first that can be seen or heard."""
        if hit.medium is not None and hit.medium.file and hit.medium.modality != "text":
            return hit.medium, hit.span
        kept = [medium for medium in hit.record.media if medium.file and medium.modality != "text"]
        return (kept[0], None) if kept else None


def _block(found: Preview) -> ContentBlock:
    data = base64.b64encode(found.data).decode("ascii")
    if found.mime.startswith("audio/"):
        return AudioContent(type="audio", data=data, mime_type=found.mime)
    return ImageContent(type="image", data=data, mime_type=found.mime)


def _line(text: str) -> TextContent:
    return TextContent(type="text", text=text)
