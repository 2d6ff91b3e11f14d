"""Records and hits as LangChain documents."""

from __future__ import annotations

import unicodedata
from typing import Any

from langchain_core.documents import Document

from sensorium.agents.naming import file_name
from sensorium.agents.wording import WHERE, quoted_words
from sensorium.memory import Hit, Medium, Record
from sensorium.percepts import Span, Text

MARK = "langchain"  # the tag of every document that a vector store added
LONGEST_NAME, LONGEST_TEXT = 100, 2000  # characters of a name, and of found words, in a line


def hit_document(hit: Hit) -> Document:
    """Describe a hit as a document: its text, and in the metadata what matched and how well.

    Returns:
        A document whose `metadata`, JSON-ready, has the keys `id`, `modality`, `span`, `uri`,
        `mime_type`, `score`, `confidence`, `certainty`, `similarity`, `at`, `tags` and
        `source`; the record's own metadata are under `metadata`. Whose it is stands under
        `shared_by`, if it is another owner's. Where words that were found in a
        signal matched, they are the `finding`, and the text if the record has none of its own. The
        text of other records without words is `line_of` them.
    """
    record = hit.record
    facts = {
        "id": record.id,
        "modality": hit.modality,
        "span": [hit.span.start, hit.span.end] if hit.span else None,
        "uri": hit.medium.uri if hit.medium else None,
        "mime_type": hit.medium.mime if hit.medium else None,
        "score": hit.score,
        "confidence": hit.confidence,
        "certainty": hit.certainty,
        "similarity": hit.similarity,
        "at": record.at.isoformat(),
        "tags": list(record.tags),
        "source": record.source,
        "origin": record.origin,
        "metadata": dict(record.metadata),
    }
    if record.shared:
        facts["shared_by"] = record.owner
    text = record.text
    if hit.finding is not None:
        facts["finding"] = hit.finding.to_dict()
        text = text or hit.finding.text
    return Document(id=record.id, page_content=text or line_of(record), metadata=facts)


def line_of(record: Record) -> str:
    """Describe a record without words in one line, which no other record has.

    LangChain's chains, prompts and rerankers look only at the text of a document, and ensembles
    take documents of one text for one.

    Returns:
        E.g. `image dog.jpg, 2026-07-01 12:00:00 UTC, from camera, tags pets (id 7c1...)`; words
        that were found in its signals stand before the id, in quotes.
    """
    signals = [_signal(medium) for medium in record.media if medium.of is None]
    parts = [" and ".join(signals or record.modalities), f"{record.at:%Y-%m-%d %H:%M:%S} UTC"]
    if record.shared:
        parts.append(f"shared by {quoted_words(_one_line(record.owner))}")
    if record.source:
        parts.append(f"from {_one_line(record.source)}")
    tags = [_one_line(tag) for tag in record.tags if tag != MARK]
    if tags:
        parts.append(f"tags {', '.join(tags)}")
    found = [f"; {WHERE.get(f.origin, f.origin)}: {_quoted(f.text)}" for f in record.findings]
    return f"{', '.join(parts)}{''.join(found)}{end_of_line(record.id)}"


def end_of_line(id: str) -> str:
    """Return how the line of a record ends."""
    return f" (id {_one_line(id, longest=None)})"


def _quoted(text: str) -> str:
    return quoted_words(_one_line(text, longest=LONGEST_TEXT))


def _signal(medium: Medium) -> str:
    """Name a signal by its modality and, where it has one, its file."""
    return f"{medium.modality} {_one_line(file_name(medium.uri))}".rstrip()


def _one_line(text: str, *, longest: int | None = LONGEST_NAME) -> str:
    """Write a name on one line, as what it holds may not look like more than a name."""
    shown = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text)
    return " ".join(shown.split())[:longest]


def matched_by(document: Document, record: Record) -> tuple[Medium | None, Span | None]:
    """Return the medium of a record that a document of `hit_document` is about, and its stretch."""
    facts = document.metadata
    wanted = (facts.get("modality"), facts.get("uri"))
    medium = next((m for m in record.media if (m.modality, m.uri) == wanted), None)
    return medium, Span(*facts["span"]) if facts.get("span") else None


def stored_document(record: Record, matched: Medium | None = None) -> Document:
    """Return a document as it was added; that of a signal names the signal.

    Args:
        record: The record that was kept of the document.
        matched: The signal to name; by default the first.
    Returns:
        A document with the text and the metadata it was added with. The metadata of a signal have
        `id`, `modality`, `uri` and `mime_type` besides, unless they had keys of these names
        already; its text is `line_of` the record if it has no words.
    """
    metadata: dict[str, Any] = dict(record.metadata)
    if not signals_of(record):
        return Document(id=record.id, page_content=record.text, metadata=metadata)
    metadata = {**named(record, matched), **metadata}
    return Document(id=record.id, page_content=record.text or line_of(record), metadata=metadata)


def returned_metadata(document: Document, record: Record) -> dict[str, Any]:
    """Return the metadata of a document of `stored_document` without what named its signal."""
    medium = next(
        (m for m in record.media if m.modality == document.metadata.get("modality")), None
    )
    names = named(record, medium)
    return {
        key: value
        for key, value in document.metadata.items()
        if key in record.metadata or key not in names or names[key] != value
    }


def signals_of(record: Record) -> list[Medium]:
    """Return the media of a record that are not words."""
    return [medium for medium in record.media if medium.modality != Text.modality]


def named(record: Record, matched: Medium | None = None) -> dict[str, Any]:
    """Return what names a record's signal: `id`, `modality`, `uri` and `mime_type`.

    Args:
        record: The record; one of words alone is named by itself.
        matched: The signal to name; by default the first.
    """
    signals = signals_of(record)
    if not signals:
        return {"id": record.id, "modality": Text.modality, "uri": None, "mime_type": None}
    signal = matched if matched in signals else signals[0]
    names = {"modality": signal.modality, "uri": signal.uri, "mime_type": signal.mime}
    return {"id": record.id, **names}
