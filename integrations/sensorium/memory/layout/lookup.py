"""Finding the points of one owner's records by id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timezone

from sensorium.errors import RecordNotFoundError, show
from sensorium.memory.layout.ids import check_id, point_id
from sensorium.qdrant import Backend
from sensorium.qdrant.filters import Shared, uuids
from sensorium.qdrant.points import StoredPoint, iso
from sensorium.qdrant.schema import TENANT

PAGE = 256  # points read in one request
FOREVER = "~"  # sorts after every time: the end of a record that does not expire


def find_record(
    backend: Backend,
    owner: str,
    name: str,
    *,
    vectors: bool = False,
    shared: Sequence[Shared] = (),
) -> StoredPoint:
    """Read a record's point by its id: the one it was given, or the one it got.

    Args:
        backend: The collection.
        owner: Owner of the record.
        name: The id.
        vectors: Read the vectors, too.
        shared: What others let the owner read: these records are found by the ids of their points.
    Raises:
        RecordError: `name` cannot be an id.
        RecordNotFoundError: The owner has no record of that id, or it has expired.
    """
    found = find_records(backend, owner, [name], vectors=vectors, shared=shared)
    for point in found.values():
        return point
    raise RecordNotFoundError(
        f"the id {show(name)}",
        f"the id of a record of {owner!r}",
        "see recall() and timeline() for the ids there are",
    )


def find_records(
    backend: Backend,
    owner: str,
    names: Iterable[str],
    *,
    vectors: bool = False,
    expired: bool = False,
    shared: Sequence[Shared] = (),
) -> dict[str, StoredPoint]:
    """Read the points of several records by their ids, in this order; absent ones are left out.

    Args:
        backend: The collection.
        owner: Owner of the records.
        names: The ids.
        vectors: Read the vectors, too.
        expired: Find records that have expired, too.
        shared: What others let the owner read; see `find_record`.
    Raises:
        RecordError: One of `names` cannot be an id.
    """
    candidates = {
        name: list(dict.fromkeys([point_id(owner, name), *uuids([name])]))
        for name in map(check_id, names)
    }
    wanted = list({point: None for points in candidates.values() for point in points})
    now = iso(datetime.now(timezone.utc))
    found: dict[str, StoredPoint] = {}
    for start in range(0, len(wanted), PAGE):
        block = wanted[start : start + PAGE]
        for point in backend.retrieve(
            block, owner=owner, payload=True, vectors=vectors, shared=shared
        ):
            alive = expired or point.payload.get("expires_at", FOREVER) > now
            if alive and "part_of" not in point.payload:
                found[point.id] = point
    # The last one wins: a record that was given the name goes before one whose UUID it is.
    return {
        name: found[point]
        for name, points in candidates.items()
        for point in reversed(points)
        if point in found and _is_named(found[point], owner, name)
    }


def _is_named(point: StoredPoint, owner: str, name: str) -> bool:
    """Return whether a point that was found is meant by a name: of another owner, by its own id."""
    if point.payload.get(TENANT) != owner:
        return True
    return bool(point.payload.get("id", point.id) == name)
