"""Records and hits as LangChain documents."""

from __future__ import annotations

from typing import Any

from langchain_core.documents import Document

from sensorium.memory import Hit, Medium, Record
from sensorium.percepts import Span

MARK = "langchain"  # the tag of every document that a vector store added


def hit_document(hit: Hit) -> Document:
    """Describe a hit: the record's words, and in the metadata what matched and how well.

    Returns:
        A document whose `metadata`, JSON-ready, has the keys `modality`, `span`, `uri`,
        `mime_type`, `score`, `confidence`, `similarity`, `at`, `tags` and `source`; the record's
        own metadata are under `metadata`.
    """
    record = hit.record
    facts = {
        "modality": hit.modality,
        "span": [hit.span.start, hit.span.end] if hit.span else None,
        "uri": hit.medium.uri if hit.medium else None,
        "mime_type": hit.medium.mime if hit.medium else None,
        "score": hit.score,
        "confidence": hit.confidence,
        "similarity": hit.similarity,
        "at": record.at.isoformat(),
        "tags": list(record.tags),
        "source": record.source,
        "metadata": dict(record.metadata),
    }
    return Document(id=record.id, page_content=record.text, metadata=facts)


def matched_by(document: Document, record: Record) -> tuple[Medium | None, Span | None]:
    """Find again which signal of a record a document of `hit_document` is about, and where."""
    facts = document.metadata
    wanted = (facts.get("modality"), facts.get("uri"))
    medium = next((one for one in record.media if (one.modality, one.uri) == wanted), None)
    return medium, Span(*facts["span"]) if facts.get("span") else None


def stored_document(record: Record, matched: Medium | None = None) -> Document:
    """Give a document back as it was added; one of a signal says which.

    Args:
        record: As it is kept.
        matched: The signal to name; by default the first.
    Returns:
        A document with the metadata it was added with. That of a signal has `modality`, `uri` and
        `mime_type` besides, where it has no keys of these names of its own.
    """
    metadata: dict[str, Any] = dict(record.metadata)
    signals = [medium for medium in record.media if medium.modality != "text"]
    if signals:
        one = matched if matched in signals else signals[0]
        named = {"modality": one.modality, "uri": one.uri, "mime_type": one.mime}
        metadata = {**named, **metadata}
    return Document(id=record.id, page_content=record.text, metadata=metadata)
