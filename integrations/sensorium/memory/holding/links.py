"""Which record supersedes which: kept on both sides, and mended when one of them changes or goes.

The record that supersedes names the former ones (`supersedes`); a former one names what stands in
its place (`superseded_by`), so that a recall can leave it out without looking anything up. The
first says what was meant, and the second follows from it.

A chain is one: as long as a record at its later end lives, all that it leads to are superseded. So
a record in the middle that expires still hides the former ones, and when it goes, its links are
joined: the later record supersedes what the one in the middle did.
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
MOST_ROUNDS = 10_000  # records of a chain that are settled one after another


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


def settle(
    backend: Backend, owner: str, former: Collection[str], *, by: Collection[str] = ()
) -> None:
    """Write on records what stands in their place now, and on those behind them, where it changed.

    Args:
        backend: The collection; the owner's lock is held.
        owner: Owner of the records.
        former: Ids of records that are, or were, superseded; absent ones are passed over.
        by: Ids of records that have begun to supersede them.
    """
    ahead, beginning = set(former), set(by)
    rounds = 0
    while ahead and rounds < MOST_ROUNDS:
        changed = _settle(backend, owner, ahead, beginning)
        # Until when a record is superseded is until when those behind it are
        ahead = {name for point in changed for name in point.payload.get(SUPERSEDES) or ()}
        beginning = set()
        rounds += 1


def _settle(
    backend: Backend, owner: str, former: Collection[str], by: Collection[str]
) -> list[StoredPoint]:
    """Settle records alone; return those of which something changed."""
    points = find_records(backend, owner, former, expired=True)
    known = {n for point in points.values() for n in point.payload.get(BY) or ()} | set(by)
    standing = find_records(backend, owner, known, expired=True) if points else {}
    changed = []
    for name, point in points.items():
        if VERSION in point.payload:  # it is one as long as its record is there
            continue
        payload = _links_of(name, sorted(standing.items()))
        if payload != {key: point.payload.get(key) for key in (BY, UNTIL)}:
            whole = Ids((point.id,)) | Equal("part_of", point.id)
            given = {key: value for key, value in payload.items() if value}
            clear = [key for key, value in payload.items() if not value]
            backend.set_payload(Filter(owner, whole, parts=True), given, clear=clear)
            changed.append(point)
    return changed


def _links_of(name: str, standing: Sequence[tuple[str, StoredPoint]]) -> Payload:
    """Return what a record says of those that supersede it."""
    by = [(each, point) for each, point in standing if name in point.payload.get(SUPERSEDES, ())]
    ends = [_end_of_chain(point.payload) for _, point in by]
    until = max((end for end in ends if end), default=None) if all(ends) else None
    return {BY: [each for each, _ in by] or None, UNTIL: until}


def _end_of_chain(payload: Mapping[str, Any]) -> str | None:
    """Return when a record has expired and all that supersede it, too; `None` for never."""
    keys = ("expires_at", UNTIL) if payload.get(BY) else ("expires_at",)
    ends = [payload.get(key) for key in keys]
    return max(map(str, ends)) if all(ends) else None


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
                settle(backend, owner, former, by=[name_of(point)])
