"""Former versions of a record, and the row of what held before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from uuid import uuid5

from sensorium.memory.holding.links import BY, LINKS, SUPERSEDES, VERSION, name_of
from sensorium.memory.layout.ids import NAMESPACE
from sensorium.memory.layout.lookup import FOREVER, find_record, find_records
from sensorium.memory.layout.parts import pages, rows_of, spread_over_points
from sensorium.memory.layout.payload import record_of
from sensorium.memory.records import Record
from sensorium.qdrant import Backend, Filter, OneOf
from sensorium.qdrant.filters import Shared
from sensorium.qdrant.points import StoredPoint, iso
from sensorium.qdrant.schema import TENANT

PAGE = 256  # points read in one request
MOST = 1_000  # records of one history
OWN = {"id", VERSION, *LINKS}  # keys that a version does not share with its record


def keep_version(backend: Backend, owner: str, name: str, now: datetime) -> list[str]:
    """Keep a record as it is beside itself; the owner's lock is held.

    Args:
        backend: The collection.
        owner: Owner of the record.
        name: Id of the record.
        now: The time, of which the version's id is derived.
    Returns:
        What the record supersedes with it: `supersedes`, to be written with the change.
    """
    main = find_record(backend, owner, name, vectors=True)
    version = str(uuid5(NAMESPACE, f"version\0{main.id}\0{iso(now)}"))
    payload = {key: value for key, value in main.payload.items() if key not in OWN}
    payload |= {BY: [name_of(main)], VERSION: name_of(main)}
    backend.upsert(spread_over_points(version, payload, rows_of(backend, owner, main)))
    return [*(main.payload.get(SUPERSEDES) or ()), version]


def versions_of(
    backend: Backend, owner: str, points: Sequence[StoredPoint], keys: Sequence[str]
) -> list[StoredPoint]:
    """Return the former versions of records that are about to go.

    Args:
        backend: The collection.
        owner: Owner of the records.
        points: The records, with the keys `id` and `supersedes`.
        keys: Keys of the versions to read.
    """
    names = tuple(name_of(point) for point in points if point.payload.get(SUPERSEDES))
    if not names:
        return []
    wanted = Filter(owner, OneOf(VERSION, names))
    return [point for page in pages(backend, wanted, limit=PAGE, payload=keys) for point in page]


def read_history(
    backend: Backend, owner: str, name: str, *, shared: tuple[Shared, ...] = ()
) -> list[Record]:
    """Return a record with all that it supersedes, and all that supersedes it, the latest first.

    Args:
        backend: The collection.
        owner: Who asks.
        name: Id of the record.
        shared: What others let the owner read; what is not among it is left out.
    Raises:
        RecordError: `name` cannot be an id.
        RecordNotFoundError: The owner has no record of that id, or it has expired.
    """
    start = find_record(backend, owner, name, shared=shared)
    whose, now = start.payload[TENANT], iso(datetime.now(timezone.utc))
    newer, older = (
        [
            point
            for point in _follow(backend, whose, start, key)  # through expired ones, too
            if point.payload.get("expires_at", FOREVER) > now and _is_shown(point, owner, shared)
        ]
        for key in (BY, SUPERSEDES)
    )
    return [record_of(point, owner) for point in (*reversed(newer), start, *older)]


def _is_shown(point: StoredPoint, reader: str, shared: Sequence[Shared]) -> bool:
    return point.payload[TENANT] == reader or any(each.covers(point.payload) for each in shared)


def _follow(backend: Backend, owner: str, start: StoredPoint, key: str) -> list[StoredPoint]:
    """Return the records that a key leads to, the nearest first; later ones of a list go first."""
    found: dict[str, StoredPoint] = {}
    ahead = [start]
    while ahead and len(found) < MOST:
        names = [n for point in ahead for n in reversed(point.payload.get(key) or ())]
        read = find_records(backend, owner, dict.fromkeys(names), expired=True)
        ahead = [point for point in read.values() if point.id not in found]
        found |= {point.id: point for point in ahead}
    return list(found.values())[:MOST]
