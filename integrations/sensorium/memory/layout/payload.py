"""Records as the points of a collection, and back. The layout is described in docs/schema.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from sensorium.encoders import Encoding
from sensorium.errors import PerceptValueError
from sensorium.memory.layout.findings import findings_in, own_words
from sensorium.memory.layout.ids import as_uuid, point_id
from sensorium.memory.layout.parts import stacked
from sensorium.memory.records import Finding, Medium, Record
from sensorium.percepts import Percept, Place, Pose, Span
from sensorium.qdrant.points import Payload, StoredPoint, Vectors, from_iso, iso
from sensorium.qdrant.schema import PLACE, POSE

TEXT = "text"
OPTIONAL = {
    "file",
    "mime",
    "duration",
    "uri",
    "at",
    "of",
}  # fields of a medium that may be left out
MEDIUM = frozenset(Medium.__dataclass_fields__)


def media_and_rows(
    percepts: Sequence[Percept],
    digests: Sequence[str],
    encodings: Sequence[Encoding],
    kept: Mapping[int, Mapping[str, Any]],
    *,
    before: str = "",
    uris: Sequence[str | None] | None = None,
) -> tuple[list[Medium], dict[str, Vectors]]:
    """Describe percepts as a record lists them, and gather their rows by modality.

    Args:
        percepts: The percepts of one record, or those that join one.
        digests: The digest of each percept.
        encodings: The encoding of each percept.
        kept: `file`, `mime`, `bytes` and `units` of each file that was kept, by percept's index;
            and `of` of the sound of a video.
        before: The text of the record that the percepts join.
        uris: The origin of each percept; by default what the percept says. One that was opened
            from a media store does not know where it came from.
    Returns:
        The media, in order; and the rows by modality, `(W, D)`.
    """
    media: list[Medium] = []
    blocks: dict[str, list[Vectors]] = {}
    if uris is None:
        uris = [percept.uri or _path_uri(percept) for percept in percepts]
    # The texts of a record are the lines of its text, and spans count in all of it.
    letters = len(before) + 1 if before else 0
    for index, (percept, encoding) in enumerate(zip(percepts, encodings, strict=True)):
        earlier = blocks.setdefault(percept.modality, [])
        shift = letters if percept.modality == TEXT else 0
        media.append(
            Medium(
                modality=percept.modality,
                digest=digests[index],
                duration=percept.duration or _seconds(encoding),
                uri=uris[index],
                at=iso(percept.at) if percept.at else None,
                row=sum(map(len, earlier)),
                rows=len(encoding.vectors),
                spans=[[span.start + shift, span.end + shift] for span in encoding.spans],
                **kept.get(index, {}),
            )
        )
        earlier.append(encoding.vectors)
        letters += len(words_of(percept)) + 1 if percept.modality == TEXT else 0
    return media, {modality: stacked(found) for modality, found in blocks.items()}


def media_payload(media: Sequence[Medium]) -> dict[str, Any]:
    """Return the keys `media` and `hashes` of a payload."""
    return {
        "media": [_medium_payload(medium) for medium in media],
        "hashes": list(dict.fromkeys(medium.file for medium in media if medium.file)),
    }


def end_of(media: Sequence[Medium], at: datetime) -> datetime:
    """Return when the last medium of a record ends, or `at`, the time of the record."""
    ends = [
        (from_iso(medium.at) if medium.at else at) + timedelta(seconds=medium.duration)
        for medium in media
        if medium.duration
    ]
    return max([at, *ends])


def _seconds(encoding: Encoding) -> float | None:
    """Return the duration of a recording whose header is silent: its windows tell."""
    timed = encoding.modality != TEXT and encoding.spans
    return max(span.end for span in encoding.spans) if timed else None


def _path_uri(percept: Percept) -> str | None:
    """Return the URI of the file that a percept was read from; `None` without a file."""
    path = getattr(percept.source, "path", None)
    return path.as_uri() if isinstance(path, Path) else None


def words_of(percept: Percept) -> str:
    """Return the text of a text percept; empty for any other."""
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
        "of": medium.of,
    }
    fields = {k: value for k, value in fields.items() if value is not None or k not in OPTIONAL}
    if medium.file:
        fields |= {"bytes": medium.bytes, "units": dict(medium.units)}
    if medium.spans:
        fields["spans"] = medium.spans
    return fields


def record_of(point: StoredPoint, reader: str | None = None) -> Record:
    """Read a record from its point's payload.

    Args:
        point: The record's own point.
        reader: Who is shown it. Another owner's record has the ids of points, which lead to it:
            the ids that its owner gave may be those of records of the reader's own.
    """
    payload = point.payload
    at = from_iso(payload["at"])
    expires = payload.get("expires_at")
    record = Record(
        id=payload.get("id", point.id),
        owner=payload["owner"],
        at=at,
        until=from_iso(payload["until"]) if "until" in payload else at,
        created_at=from_iso(payload["created_at"]) if "created_at" in payload else at,
        expires_at=from_iso(expires) if expires else None,
        text=own_words(payload),
        tags=tuple(payload.get("tags", ())),
        source=payload.get("source"),
        metadata=payload.get("metadata", {}),
        modalities=tuple(payload["modalities"]),
        media=tuple(media_in(payload)),
        place=place_in(payload),
        findings=findings_in(payload),
        origin=payload.get("provenance"),
        supersedes=tuple(payload.get("supersedes") or ()),
        superseded_by=tuple(payload.get("superseded_by") or ()),
        version_of=payload.get("version_of"),
    )
    if reader is None or reader == record.owner:
        return record
    return replace(
        record,
        id=point.id,
        supersedes=_points_of(record.owner, record.supersedes),
        superseded_by=_points_of(record.owner, record.superseded_by),
        shared=True,
    )


def _points_of(owner: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of the points of an owner's records."""
    return tuple(as_uuid(name) or point_id(owner, name) for name in names)


def place_payload(place: Place | Pose) -> dict[str, dict[str, Any]]:
    """Return the key `place` of a payload, a point on Earth to Qdrant, or `pose` in its place."""
    if isinstance(place, Pose):
        return {POSE: {key: part for key, part in place.to_dict().items() if part is not None}}
    fields = {"lat": place.latitude, "lon": place.longitude}
    return {PLACE: fields if place.altitude is None else {**fields, "altitude": place.altitude}}


def place_in(payload: Mapping[str, Any]) -> Place | Pose | None:
    """Read where a payload says that it was; `None` where it does not."""
    fields, pose = payload.get(PLACE), payload.get(POSE)
    try:
        if pose:
            return Pose(pose["x"], pose["y"], pose["z"], pose.get("yaw"), pose["frame"])
        return Place(fields["lat"], fields["lon"], fields.get("altitude")) if fields else None
    except (LookupError, TypeError, AttributeError, PerceptValueError):
        return None  # not what Sensorium writes there


def media_in(payload: Payload) -> list[Medium]:
    """Read the percepts that a payload lists."""
    # A later release may add fields: they are passed over.
    return [
        Medium(**{key: value for key, value in fields.items() if key in MEDIUM})
        for fields in payload.get("media", ())
    ]


class Match(NamedTuple):
    """What a row of a record belongs to: a percept, a stretch of it, and words found in it."""

    medium: Medium | None = None
    span: Span | None = None
    finding: Finding | None = None


def matched(record: Record, modality: str, row: int) -> Match:
    """Return what a row of a record belongs to.

    Args:
        record: The record.
        modality: Modality of the row.
        row: Index of the row among all of the record's rows of that modality.
    """
    if modality == TEXT:
        for finding in record.findings:
            if finding.row <= row < finding.row + finding.rows:
                medium = next((each for each in record.media if each.digest == finding.of), None)
                return Match(medium, finding.span, finding)
    for medium in record.media:
        if medium.modality == modality and medium.row <= row < medium.row + medium.rows:
            spans = medium.spans
            return Match(medium, Span(*spans[row - medium.row]) if spans else None)
    # The only text of a record, in one window, is not listed.
    whole = modality == TEXT and not record.media
    return Match(None, Span(0, len(record.text)) if whole else None)
