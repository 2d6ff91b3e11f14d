"""Records and hits as LangChain documents."""

from __future__ import annotations

from typing import Any

from langchain_core.documents import Document

from sensorium.memory import Hit, Medium, Record
from sensorium.percepts import Span

MARK = "langchain"  # the tag of every document that a vector store added


def hit_document(hit: Hit) -> Document:
    """Describe a hit as a document: its text, and in the metadata what matched and how well.

    Returns:
        A document whose `metadata`, JSON-ready, has the keys `modality`, `span`, `uri`,
        `mime_type`, `score`, `confidence`, `similarity`, `at`, `tags` and `source`; the record's
        own metadata are under `metadata`. Where words that were found in a signal matched, they are
        the `finding`, and the text if the record has none of its own.
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
    text = record.text
    if hit.finding is not None:
        facts["finding"] = hit.finding.to_dict()
        text = text or hit.finding.text
    return Document(id=record.id, page_content=text, metadata=facts)


def matched_by(document: Document, record: Record) -> tuple[Medium | None, Span | None]:
    """Return the medium of a record that a document of `hit_document` is about, and its stretch."""
    facts = document.metadata
    wanted = (facts.get("modality"), facts.get("uri"))
    medium = next((m for m in record.media if (m.modality, m.uri) == wanted), None)
    return medium, Span(*facts["span"]) if facts.get("span") else None


def stored_document(record: Record, matched: Medium | None = None) -> Document:
    """Return a document as it was added; the metadata of a signal's document name the signal.

    Args:
        record: The record that was kept of the document.
        matched: The signal to name; by default the first.
    Returns:
        A document with the metadata it was added with. The metadata of a signal have `modality`,
        `uri` and `mime_type` besides, unless they had keys of these names already.
    """
    metadata: dict[str, Any] = dict(record.metadata)
    signals = [medium for medium in record.media if medium.modality != "text"]
    if signals:
        signal = matched if matched in signals else signals[0]
        named = {"modality": signal.modality, "uri": signal.uri, "mime_type": signal.mime}
        metadata = {**named, **metadata}
    return Document(id=record.id, page_content=record.text, metadata=metadata)
