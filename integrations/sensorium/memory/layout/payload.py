"""Records as the points of a collection, and back. The layout is described in docs/schema.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from sensorium.encoders import Encoding
from sensorium.memory.layout.ids import part_id
from sensorium.memory.records import Medium, Record
from sensorium.memory.writing.draft import Draft
from sensorium.percepts import Percept, Span
from sensorium.percepts.percept import is_still
from sensorium.qdrant.points import Payload, Point, StoredPoint, Vectors, from_iso, iso
from sensorium.qdrant.schema import ROWS, ROWS_IN_ALL, VERSION

TEXT = "text"
OPTIONAL = {"file", "mime", "duration", "uri", "at"}  # of a medium: left out where it is None
COPIED = (  # to the points that continue a record: what filters look at
    *("owner", "at", "until", "created_at", "expires_at", "tags", "source", "metadata", "flags"),
    *("page_content", "modalities", "rows", "schema_version"),
)
SAID = frozenset(  # by a moment
    {"at", "digest", "page_content", "expires_at", "tags", "source", "metadata", "flags"}
)
LAID_OUT = ("modalities", "windows", "parts", "rows")  # what a payload says of the vectors
MEDIUM = frozenset(Medium.__dataclass_fields__)


def points_of(
    draft: Draft,
    encodings: Sequence[Encoding],
    kept: Mapping[int, Mapping[str, Any]],
    *,
    owner: str,
    now: datetime,
) -> list[Point]:
    """Lay a record out as one point, and as many more as its rows need.

    Args:
        draft: The checked moment.
        encodings: One a percept.
        kept: Of percepts whose files were kept, by index: `file`, `mime`, `bytes`, `units`.
        owner: Whose.
        now: When it is remembered.
    """
    if _is_plain(draft.percepts, encodings):
        payload = _payload(draft, [], owner=owner, now=now)
        own = {TEXT: encodings[0].vectors} if draft.vectors is None else draft.vectors
        return laid_out(draft.point, payload, own)
    media, blocks = media_of(draft.percepts, draft.digests, encodings, kept)
    payload = _payload(draft, media, owner=owner, now=now)
    rows: Mapping[str, Vectors] = {name: joined(found) for name, found in blocks.items()}
    return laid_out(draft.point, payload, rows if draft.vectors is None else draft.vectors)


def given_encodings(percepts: Sequence[Percept], vectors: Mapping[str, Vectors]) -> list[Encoding]:
    """Return one encoding a percept: the first of each modality gets all rows that were given."""
    left = dict(vectors)
    none = {name: rows[:0] for name, rows in vectors.items()}  # of the others of a modality
    bare = np.empty((0, 0), np.float32)
    return [
        Encoding(one.modality, left.pop(one.modality, none.get(one.modality, bare)))
        for one in percepts
    ]


def _is_plain(percepts: Sequence[Percept], encodings: Sequence[Encoding]) -> bool:
    """Whether there is one text, of one window at most: the payload says all that is said of it."""
    if len(percepts) != 1:
        return False
    first = percepts[0]
    return (
        first.modality == TEXT
        and len(encodings[0].vectors) <= 1
        and first.uri is None
        and first.at is None
    )


def laid_out(record: str, payload: Payload, rows: Mapping[str, Vectors]) -> list[Point]:
    """Spread a record over its point and, where its rows are too many, points that continue it.

    Args:
        record: The UUID of its point.
        payload: Of its point, but for what depends on the rows.
        rows: All of its rows of each modality, `(W, D)`.
    """
    chunks = list(_chunks(rows))
    whole = {key: value for key, value in payload.items() if key not in LAID_OUT}
    whole["modalities"] = sorted(rows)
    if len(chunks) > 1:
        whole |= {"parts": len(chunks) - 1, "rows": {name: len(rows[name]) for name in rows}}
    points = []
    for number, vectors in enumerate(chunks):
        own = _part(whole, record, number) if number else {**whole}
        windows = {name: len(block) for name, block in vectors.items() if len(block) > 1}
        if windows:
            own["windows"] = windows
        points.append(Point(part_id(record, number) if number else record, vectors, own))
    return points


def media_of(
    percepts: Sequence[Percept],
    digests: Sequence[str],
    encodings: Sequence[Encoding],
    kept: Mapping[int, Mapping[str, Any]],
    *,
    before: str = "",
    uris: Sequence[str | None] | None = None,
) -> tuple[list[Medium], dict[str, list[Vectors]]]:
    """Describe percepts as a record lists them, and gather their rows by modality.

    Args:
        percepts: Of one record, or those that join one.
        digests: One a percept.
        encodings: One a percept.
        kept: As for `points_of`.
        before: The text of the record that they join.
        uris: Where they came from, if the percepts do not say it: those of a media store do not.
    """
    media: list[Medium] = []
    rows: dict[str, list[Vectors]] = {}
    if uris is None:
        uris = [percept.uri or _path_uri(percept) for percept in percepts]
    letters = len(before) + 1 if before else 0  # spans count in the record's text: its lines
    for index, (percept, encoding) in enumerate(zip(percepts, encodings, strict=True)):
        blocks = rows.setdefault(percept.modality, [])
        shift = letters if percept.modality == TEXT else 0
        media.append(
            Medium(
                modality=percept.modality,
                digest=digests[index],
                duration=percept.duration or _seconds(encoding),
                uri=uris[index],
                at=iso(percept.at) if percept.at else None,
                row=sum(map(len, blocks)),
                rows=len(encoding.vectors),
                spans=[[span.start + shift, span.end + shift] for span in encoding.spans],
                **kept.get(index, {}),
            )
        )
        blocks.append(encoding.vectors)
        letters += len(_words(percept)) + 1 if percept.modality == TEXT else 0
    return media, rows


def joined(blocks: Sequence[Vectors]) -> Vectors:
    """Put blocks of rows below each other."""
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def _chunks(rows: Mapping[str, Vectors]) -> Iterator[Mapping[str, Vectors]]:
    """Cut every modality into what one point holds; yield what each point gets."""
    sizes = {name: row_offset(name, 1, rows) for name in rows}
    if all(len(found) <= sizes[name] for name, found in rows.items()):
        yield rows
        return
    blocks = {name: _blocks(found, sizes[name]) for name, found in rows.items()}
    for number in range(max(map(len, blocks.values()))):
        yield {name: parts[number] for name, parts in blocks.items() if number < len(parts)}


def _blocks(rows: Vectors, size: int) -> list[Vectors]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def says_the_same(draft: Draft, payload: Payload) -> bool:
    """Whether a record's payload says all that a moment says: only its signals may differ."""
    said = _payload(draft, [], owner=payload["owner"], now=draft.at)
    keys = SAID if draft.stated else SAID - {"at"}
    return all(said.get(key) == payload.get(key) for key in keys)


def _payload(draft: Draft, media: Sequence[Medium], *, owner: str, now: datetime) -> Payload:
    moment = draft.moment
    at = iso(draft.at)
    texts = [_words(percept) for percept in draft.percepts if percept.modality == TEXT]
    payload: Payload = {
        "owner": owner,
        "at": at,
        "created_at": iso(now),
        "digest": list(draft.digests),
        "page_content": "\n".join(texts),
        "schema_version": VERSION,
    }
    until = max(draft.until, ended(media, draft.at))
    optional = {
        "id": draft.given_id,
        "until": iso(until) if until > draft.at else None,
        "expires_at": iso(moment.expires_at) if moment.expires_at else None,
        "tags": list(moment.tags),
        "source": moment.source,
        "metadata": moment.metadata and dict(moment.metadata),
        "flags": list(draft.flags),
    }
    if media:
        optional |= media_payload(media)
    for key, value in optional.items():
        if value:
            payload[key] = value
    return payload


def media_payload(media: Sequence[Medium]) -> dict[str, Any]:
    """Return the payload's `media` and `hashes`."""
    return {
        "media": [_medium_payload(medium) for medium in media],
        "hashes": [medium.file for medium in media if medium.file],
    }


def _part(payload: Payload, record: str, number: int) -> Payload:
    copied = {key: payload[key] for key in COPIED if key in payload}
    return {**copied, "part_of": record, "part": number}


def ended(media: Sequence[Medium], at: datetime) -> datetime:
    """Return when the last of some media ended, of a record of the time `at`."""
    ends = [
        (from_iso(medium.at) if medium.at else at) + timedelta(seconds=medium.duration)
        for medium in media
        if medium.duration
    ]
    return max([at, *ends])


def _seconds(encoding: Encoding) -> float | None:
    """Return how long a recording is whose header does not say it: its windows do."""
    timed = encoding.modality != TEXT and encoding.spans
    return max(span.end for span in encoding.spans) if timed else None


def _path_uri(percept: Percept) -> str | None:
    """Say which file a percept was read from, if it was."""
    path = getattr(percept.source, "path", None)
    return path.as_uri() if isinstance(path, Path) else None


def _words(percept: Percept) -> str:
    return str(getattr(percept, "text", ""))


def _medium_payload(medium: Medium) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "modality": medium.modality,
        "digest": medium.digest,
        "file": medium.file,
        "mime": medium.mime,
        "duration": medium.duration,
        "uri": medium.uri,
        "at": medium.at,
        "row": medium.row,
        "rows": medium.rows,
    }
    fields = {k: value for k, value in fields.items() if value is not None or k not in OPTIONAL}
    if medium.file:
        fields |= {"bytes": medium.bytes, "units": dict(medium.units)}
    if medium.spans:
        fields["spans"] = medium.spans
    return fields


def record_of(point: StoredPoint) -> Record:
    """Read a record from its point's payload."""
    payload = point.payload
    at = from_iso(payload["at"])
    expires = payload.get("expires_at")
    return Record(
        id=payload.get("id", point.id),
        owner=payload["owner"],
        at=at,
        until=from_iso(payload["until"]) if "until" in payload else at,
        created_at=from_iso(payload["created_at"]),
        expires_at=from_iso(expires) if expires else None,
        text=payload.get("page_content", ""),
        tags=tuple(payload.get("tags", ())),
        source=payload.get("source"),
        metadata=payload.get("metadata", {}),
        modalities=tuple(payload["modalities"]),
        media=tuple(listed(payload)),
    )


def listed(payload: Payload) -> list[Medium]:
    """Read the percepts that a payload lists; what a later release says of them is passed over."""
    return [
        Medium(**{key: value for key, value in fields.items() if key in MEDIUM})
        for fields in payload.get("media", ())
    ]


def matched(record: Record, modality: str, row: int) -> tuple[Medium | None, Span | None]:
    """Return the percept and the stretch that a row of a record belongs to.

    Args:
        record: Whose.
        modality: Of the row.
        row: Counted through all of the record's rows of that modality.
    """
    for medium in record.media:
        if medium.modality == modality and medium.row <= row < medium.row + medium.rows:
            spans = medium.spans
            return medium, Span(*spans[row - medium.row]) if spans else None
    whole = modality == TEXT and not record.media
    return None, Span(0, len(record.text)) if whole else None


def row_offset(modality: str, part: int, senses: Iterable[str]) -> int:
    """Return how many of a record's rows come before those of its point number `part`.

    Args:
        modality: Whose rows.
        part: 0 is the record's own point.
        senses: All modalities of the record. More than two with windows share what a point holds.
    """
    if is_still(modality):
        return part
    return part * min(ROWS, ROWS_IN_ALL // sum(not is_still(one) for one in senses))
