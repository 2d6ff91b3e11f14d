"""What a server answers, as the nouns of a memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta, tzinfo
from typing import Any, TypeVar

from sensorium.enrich import Box
from sensorium.errors import QueryError, show
from sensorium.memory import (
    Area,
    Conflict,
    Counted,
    DigestReceipt,
    Episode,
    Finding,
    Hit,
    Medium,
    Occurrences,
    Record,
    Remembered,
    Timeline,
)
from sensorium.memory.receipts import DigestSpan
from sensorium.memory.sharing.shares import Share
from sensorium.percepts import Place, Pose, Span
from sensorium.qdrant.points import from_iso

T = TypeVar("T")


def record_of(answer: Mapping[str, Any]) -> Record:
    """Read a record, as `Record.to_dict` wrote it."""
    expires_at = answer.get("expires_at")
    read = {
        **answer,
        **{name: from_iso(answer[name]) for name in ("at", "until", "created_at")},
        "expires_at": from_iso(expires_at) if expires_at else None,
        "tags": tuple(answer["tags"]),
        "modalities": tuple(answer["modalities"]),
        "media": tuple(_known(Medium, medium) for medium in answer["media"]),
        "place": _place(answer.get("place")),
        "supersedes": tuple(answer.get("supersedes", ())),
        "superseded_by": tuple(answer.get("superseded_by", ())),
        "findings": tuple(_finding(found) for found in answer.get("findings", ())),
    }
    return _known(Record, read)


def hit_of(answer: Mapping[str, Any]) -> Hit:
    """Read a hit; its vector stays on the server."""
    record = record_of(answer["record"])
    digest, found = answer.get("medium"), answer.get("finding")
    read = {
        **answer,
        "record": record,
        "span": _span(answer.get("span")),
        "medium": next((medium for medium in record.media if medium.digest == digest), None),
        "age": timedelta(seconds=answer["age"]),
        "finding": _finding(found) if found else None,
        "then": tuple(map(hit_of, answer.get("then") or ())),
        "episode": episode_of(answer["episode"]) if answer.get("episode") else None,
    }
    return _known(Hit, read)


def timeline_of(answer: Mapping[str, Any]) -> Timeline:
    """Read a page of records."""
    return Timeline([record_of(record) for record in answer["records"]], answer["cursor"])


def occurrences_of(answer: Mapping[str, Any]) -> Occurrences:
    """Read how often something was."""
    by = {key: _known(Counted, counted) for key, counted in answer["by"].items()}
    return Occurrences(_known(Counted, answer), by, answer["looked_at"])


def conflict_of(answer: Mapping[str, Any]) -> Conflict:
    """Read two records that may contradict each other."""
    earlier, later = record_of(answer["earlier"]), record_of(answer["later"])
    return Conflict(earlier, later, tuple(answer["differences"]), answer["similarity"])


def area_of(answer: Mapping[str, Any]) -> Area:
    """Read a place and how far it reaches."""
    place = _place(answer["place"])
    assert place is not None, "a named place has one"
    return Area(place, answer["radius"])


def episode_of(answer: Mapping[str, Any]) -> Episode:
    """Read an episode, as `Episode.to_dict` wrote it."""
    read = {
        **answer,
        "start": from_iso(answer["start"]),
        "end": from_iso(answer["end"]),
        "places": tuple(map(_place, answer["places"])),
        "moments": tuple(map(record_of, answer["moments"])),
    }
    return _known(Episode, read)


def share_of(answer: Mapping[str, Any]) -> Share:
    """Read a share, as `Share.to_dict` wrote it."""
    return Share.from_dict(answer, place="the answer of the server")


def receipt_of(answer: Mapping[str, Any]) -> DigestReceipt:
    """Read the receipt of a digest, as `DigestReceipt.to_dict` wrote it."""
    spans = [
        DigestSpan(from_iso(each["start"]), from_iso(each["end"]), each["frames"], each["kept"])
        for each in answer["spans"]
    ]
    times = {name: from_iso(answer[name]) for name in ("at", "before")}
    return _known(DigestReceipt, {**answer, **times, "spans": tuple(spans)})


def remembered_of(answer: Mapping[str, Any]) -> Remembered:
    """Read what became of a moment."""
    return Remembered(answer["id"], answer["status"])


def written_time(time: datetime | None) -> str | None:
    """Write a time as a server reads it."""
    return None if time is None else time.isoformat()


def zone_name(zone: tzinfo) -> str:
    """Write a zone as a server reads it: by its name, or as an offset.

    Raises:
        QueryError: It has neither.
    """
    name = getattr(zone, "key", None)
    offset = zone.utcoffset(None)
    if isinstance(name, str):
        return name
    if offset is None or offset % timedelta(minutes=1):
        raise QueryError(
            f"zone={show(zone)} for a server",
            "a ZoneInfo, or an offset of whole minutes",
            'write zone=ZoneInfo("Europe/Berlin")',
        )
    minutes = abs(offset) // timedelta(minutes=1)
    sign = "-" if offset < timedelta(0) else "+"
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def _place(answer: Mapping[str, Any] | None) -> Place | Pose | None:
    if not answer:
        return None
    return _known(Pose, answer) if "frame" in answer else _known(Place, answer)


def _finding(answer: Mapping[str, Any]) -> Finding:
    box = answer.get("box")
    read = {**answer, "span": _span(answer.get("span")), "box": Box(*box) if box else None}
    return _known(Finding, read)


def _span(pair: list[float] | None) -> Span | None:
    return Span(*pair) if pair else None


def _known(kind: type[T], answer: Mapping[str, Any]) -> T:
    """Make an object of the fields that this version knows: a server may be newer."""
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]  # data classes
    return kind(**{name: value for name, value in answer.items() if name in names})
