"""What the detection sees of the records in a store: time, place and a vector of each modality."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders import Background
from sensorium.memory.episodes.detection import Observation
from sensorium.memory.episodes.evidence import Position
from sensorium.qdrant import Backend, Condition, Filter, OneOf, Range
from sensorium.qdrant.points import StoredPoint, from_iso

PAGE = 64  # points with vectors held at a time: 256 MiB if each has as many rows as it can
LIGHT = 8  # times as many after a page whose points have a row or two
WHERE = ("place", "pose")
KEYS = ("at", "until", "created_at", "modalities", *WHERE)
EARTH = 6_371_000.0  # metres: mean radius
LEARNT = 128  # records of a modality from which its centre is learnt, where none is known
HELD_BACK = 8.0  # rows of zeros that count with them, so that a few are not all centre

Centres = Mapping[str, NDArray[np.float32]]
Row = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Seen:
    """A record as it was read, without its vectors.

    Attributes:
        id: Id of its point.
        at: Seconds since 1970.
        until: Seconds since 1970 at which it ends.
        modalities: Modalities of its vectors.
        where: The keys of its payload that say where it was; `None` if none does.
    """

    id: str
    at: float
    until: float
    modalities: tuple[str, ...]
    where: Mapping[str, Any] | None


def read_points(
    backend: Backend, filter: Filter, *, payload: bool | Sequence[str] = KEYS
) -> Iterator[StoredPoint]:
    """Yield points with their vectors in order of time, a page at a time.

    Args:
        backend: The collection.
        filter: The points.
        payload: Payload keys to read, or all.
    """
    cursor: str | None = None
    limit = PAGE
    while True:
        page = backend.scroll(
            filter, limit=limit, newest_first=False, cursor=cursor, payload=payload, vectors=True
        )
        yield from page.points
        cursor = page.cursor
        if cursor is None:
            return
        rows = sum(len(each) for point in page.points for each in point.vectors.values())
        limit = PAGE * LIGHT if rows <= 2 * len(page.points) else PAGE


def seen(point: StoredPoint) -> Seen:
    """Return what is kept of a point."""
    payload = point.payload
    at = from_iso(payload["at"]).timestamp()
    until = from_iso(payload["until"]).timestamp() if "until" in payload else at
    where: dict[str, Any] = {key: payload[key] for key in WHERE if key in payload}
    return Seen(point.id, at, until, tuple(payload["modalities"]), where or None)


def created(point: StoredPoint) -> datetime:
    """Return when a record was remembered: it is stored only where it is not the record's time."""
    return from_iso(point.payload.get("created_at") or point.payload["at"])


@dataclass(frozen=True, eq=False)
class Centring:
    """Mean vectors of the modalities: those an encoder ships, else of the first records in time.

    Attributes:
        centres: Mean vector of each modality, `(D,)`.
        unsettled: Modalities of too few records: more of them would move their means.
    """

    centres: Centres
    unsettled: frozenset[str] = frozenset()

    @classmethod
    def of(cls, background: Background | None, backend: Backend, everything: Filter) -> Centring:
        """Take what an encoder ships, and read the first records of all other modalities."""
        centres = {} if background is None else dict(background.centres)
        unsettled = set()
        for name in set(backend.schema.modalities) - centres.keys():
            mine = replace(everything, condition=OneOf("modalities", (name,)))
            page = backend.scroll(
                mine, limit=LEARNT, newest_first=False, payload=["at"], vectors=[name]
            )
            rows = [pooled(point)[name] for point in page.points if name in point.vectors]
            if rows:
                mean = np.sum(rows, axis=0) / (len(rows) + HELD_BACK)
                centres[name] = np.asarray(mean, np.float32)
            if len(rows) < LEARNT:
                unsettled.add(name)
        return cls(centres, frozenset(unsettled))

    def centred(self, rows: Mapping[str, Row]) -> dict[str, Row]:
        """Subtract the means, and scale to unit length; rows that are the mean are left out."""
        found = {}
        for name, row in rows.items():
            away = row - self.centres.get(name, np.float32(0))
            length = float(np.linalg.norm(away))
            if length > 0:
                found[name] = np.asarray(away / length, np.float32)
        return found


def pooled(point: StoredPoint) -> dict[str, Row]:
    """Return one row of each modality of a point: the mean of its windows, `(D,)`."""
    return {name: rows.mean(axis=0) for name, rows in point.vectors.items() if len(rows)}


def observed(record: Seen, rows: Mapping[str, Row]) -> Observation:
    """Return what the detection sees of a record with its centred rows."""
    return Observation(record.at, rows, position_of(record.where))


def position_of(where: Mapping[str, Any] | None) -> Position | None:
    """Return the metres of a place on Earth or in a frame; `None` if there is none."""
    fields, pose = (where or {}).get("place"), (where or {}).get("pose")
    try:
        if pose:
            metres = (float(pose["x"]), float(pose["y"]), float(pose.get("z") or 0.0))
            return (f"frame {pose['frame']}", metres) if _finite(metres) else None
        if not fields:
            return None
        latitude, longitude = math.radians(fields["lat"]), math.radians(fields["lon"])
    except (LookupError, TypeError, ValueError, AttributeError):
        return None  # not what Sensorium writes there
    around = EARTH * math.cos(latitude)
    metres = (
        around * math.cos(longitude),
        around * math.sin(longitude),
        EARTH * math.sin(latitude),
    )
    return ("earth", metres) if _finite(metres) else None


def _finite(metres: Iterable[float]) -> bool:
    return all(map(math.isfinite, metres))


def newer(than: datetime | None) -> Condition | None:
    """Return the condition that a record was remembered after a time."""
    return None if than is None else Range("created_at", gt=than)
