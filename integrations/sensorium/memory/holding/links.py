"""Which record supersedes which: kept on both sides, and mended when one of them changes or goes.

The record that supersedes names the former ones (`supersedes`); a former one names what stands in
its place (`superseded_by`), so that a recall can leave it out without looking anything up. The
first says what was meant, and the second follows from it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sensorium.errors import RecordError, RecordNotFoundError, show
from sensorium.memory.checks import check_several
from sensorium.memory.layout.ids import check_id
from sensorium.memory.layout.lookup import FOREVER, find_records
from sensorium.memory.layout.parts import pages
from sensorium.qdrant import Backend, Condition, Either, Equal, Filter, Ids, Not, Present, Range
from sensorium.qdrant.points import Payload, StoredPoint, iso

SUPERSEDES, BY, UNTIL = "supersedes", "superseded_by", "superseded_until"
VERSION = "version_of"  # of a former version: the id of its record
LINKS = (SUPERSEDES, BY, UNTIL)  # keys of a payload
LINKED = (SUPERSEDES, BY, VERSION)  # those that name other records
PAGE = 256  # points read in one request
NOTHING: Mapping[str, Sequence[str]] = MappingProxyType({})
MOST_FORMER = 100  # records that one record may supersede


def holding(now: datetime) -> Condition:
    """Return the condition that no living record stands in a record's place."""
    return Either((Not(Present(BY)), Range(UNTIL, lte=now)))


def is_superseded(payload: Mapping[str, Any], now: datetime) -> bool:
    """Return whether a living record stands in the place of a record."""
    return bool(payload.get(BY)) and str(payload.get(UNTIL) or FOREVER) > iso(now)


def name_of(point: StoredPoint) -> str:
    """Return the id by which a record is known."""
    return str(point.payload.get("id", point.id))


def check_former(given: object) -> tuple[str, ...]:
    """Return the ids of the records that are to be superseded.

    Raises:
        RecordError: One of them cannot be an id, or they are too many.
        ArgumentTypeError: Neither an id nor several.
    """
    if given is None:
        return ()
    if isinstance(given, str):
        return (check_id(given),)
    check_several(given, "the ids of records", 'write supersedes="ID", or supersedes=["ID", "ID"]')
    names = tuple(dict.fromkeys(map(check_id, given)))  # type: ignore[call-overload]  # it was checked
    if len(names) > MOST_FORMER:
        raise RecordError(
            f"{len(names)} records to supersede", f"at most {MOST_FORMER}", "use several records"
        )
    return names


def check_supersedes(
    backend: Backend,
    owner: str,
    name: str,
    former: Sequence[str],
    *,
    coming: Mapping[str, Sequence[str]] = NOTHING,
) -> None:
    """Check that a record may supersede others: they are there, and none of them follows from it.

    Args:
        backend: The collection.
        owner: Owner of all of them.
        name: Id of the record that is to supersede, which need not be there yet.
        former: Ids of the others.
        coming: What records supersede that are about to be written before it, by their ids.
    Raises:
        RecordNotFoundError: The owner has no record of one of the ids, or it has expired.
        RecordError: The record itself is among them, or superseded by one of them already.
    """
    there = find_records(backend, owner, former)
    for each in former:
        if each not in there and each not in coming and each != name:
            raise RecordNotFoundError(
                f"supersedes={show(each)}",
                f"the id of a record of {owner!r}",
                "see recall() and timeline() for the ids there are",
            )
    seen: set[str] = set()
    ahead = set(former)
    while ahead:
        if name in ahead:
            raise RecordError(
                f"the record {show(name)} in a circle: what it is to supersede supersedes it",
                "a record that is no former one of the others",
                "leave supersedes out, or forget the record that closes the circle",
            )
        seen |= ahead
        stored = find_records(backend, owner, ahead - coming.keys(), expired=True).values()
        said = [tuple(point.payload.get(SUPERSEDES) or ()) for point in stored]
        said += [tuple(coming[each]) for each in ahead & coming.keys()]
        ahead = {each for names in said for each in names} - seen


def settle(backend: Backend, owner: str, former: Collection[str], *, by: str | None = None) -> None:
    """Write on records what stands in their place now, where that has changed.

    Args:
        backend: The collection; the owner's lock is held.
        owner: Owner of the records.
        former: Ids of records that are, or were, superseded; absent ones are passed over.
        by: Id of a record that has begun to supersede them.
    """
    points = find_records(backend, owner, set(former), expired=True) if former else {}
    if not points:
        return
    known = {n for point in points.values() for n in point.payload.get(BY) or ()}
    known |= {by} if by is not None else set()
    standing = find_records(backend, owner, known, expired=True)
    for name, point in points.items():
        if VERSION in point.payload:  # it is one as long as its record is there
            continue
        payload = _links_of(name, sorted(standing.items()))
        if payload != {key: point.payload.get(key) for key in (BY, UNTIL)}:
            whole = Ids((point.id,)) | Equal("part_of", point.id)
            given = {key: value for key, value in payload.items() if value}
            clear = [key for key, value in payload.items() if not value]
            backend.set_payload(Filter(owner, whole, parts=True), given, clear=clear)


def _links_of(name: str, standing: Sequence[tuple[str, StoredPoint]]) -> Payload:
    """Return what a record says of those that supersede it."""
    by = [(each, point) for each, point in standing if name in point.payload.get(SUPERSEDES, ())]
    ends = [point.payload.get("expires_at") for _, point in by]
    until = max((end for end in ends if end), default=None) if all(ends) else None
    return {BY: [each for each, _ in by] or None, UNTIL: until}


def mend(backend: Backend, owner: str) -> None:
    """Settle all records that are named on either side, as after a call that was cut short.

    Args:
        backend: The collection; the owner's lock is held.
        owner: Owner of the records.
    """
    named = Filter(owner, Present(SUPERSEDES) | Present(BY))
    for page in pages(backend, named, limit=PAGE, payload=["id", *LINKS]):
        settle(backend, owner, [name_of(point) for point in page if point.payload.get(BY)])
        for point in page:
            if former := point.payload.get(SUPERSEDES):
                settle(backend, owner, former, by=name_of(point))
