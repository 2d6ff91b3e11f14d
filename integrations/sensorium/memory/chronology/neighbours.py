"""The records beside a moment: before it, after it, and around it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, TypeAlias

from sensorium.errors import FilterError, QueryError, show
from sensorium.memory.checks import check_limit, check_time
from sensorium.memory.filters import Filters
from sensorium.memory.lengths import parse_span
from sensorium.memory.records import Hit, Record, Timeline
from sensorium.percepts import Text

Anchor: TypeAlias = "Hit | Record | datetime"
List: TypeAlias = "Callable[..., Timeline]"  # as `Memory.timeline`
EARLIEST, LATEST = (end.replace(tzinfo=timezone.utc) for end in (datetime.min, datetime.max))


def records_before(timeline: List, anchor: Anchor, limit: int, filters: Filters) -> list[Record]:
    """Return the records that begin before a moment, the nearest first.

    Args:
        timeline: Lists the records of the memory.
        anchor: The moment: of a hit, where the stretch that matched begins.
        limit: The most records to return.
        filters: See `Filters`.
    Raises:
        QueryError: A moment that is none, or a wrong limit.
        FilterError: A filter is wrong.
    """
    begin, _ = moment_of(anchor)
    check_limit(limit)
    until = min(filters.get("until") or begin, begin)
    since = filters.get("since")
    if since is not None and since > until:
        return []
    itself = _id_of(anchor)
    page = timeline(limit=_one_more(limit), newest_first=True, **{**filters, "until": until})
    return [record for record in page if record.id != itself][:limit]


def records_after(timeline: List, anchor: Anchor, limit: int, filters: Filters) -> list[Record]:
    """Return the records that begin after a moment, the nearest first.

    Args:
        timeline: Lists the records of the memory.
        anchor: The moment: of a hit, where the stretch that matched ends.
        limit: The most records to return.
        filters: See `Filters`.
    Raises:
        QueryError: A moment that is none, or a wrong limit.
        FilterError: A filter is wrong.
    """
    begin, end = moment_of(anchor)
    check_limit(limit)
    since = max(filters.get("since") or end, end)
    until = filters.get("until")
    if until is not None and until < since:
        return []
    itself, found, cursor = _id_of(anchor), list[Record](), None
    while len(found) < limit:
        page = timeline(
            limit=_one_more(limit), newest_first=False, cursor=cursor, **{**filters, "since": since}
        )
        # What began before and goes on is listed first
        found += [
            record
            for record in page
            if (record.at > end or begin < end == record.at) and record.id != itself
        ]
        cursor = page.cursor
        if cursor is None:
            break
    return found[:limit]


def records_around(
    timeline: List, anchor: Anchor, within: object, limit: int, filters: Filters
) -> Timeline:
    """Return the records near a moment in order of time, those that go on at it among them.

    Args:
        timeline: Lists the records of the memory.
        anchor: The moment.
        within: How far before and after it: `"10 min"`.
        limit: Records of a page.
        filters: See `Filters`; without times.
    Raises:
        QueryError: A moment or a length that is none, or times among the filters.
        FilterError: A filter is wrong.
    """
    for name in ("since", "until"):
        if filters.get(name) is not None:
            raise QueryError(
                f"{name} and a moment, around which is looked",
                "one of the two",
                f"leave {name} out",
            )
    begin, end = moment_of(anchor)
    length = parse_span(within)
    since = begin - length if begin - EARLIEST > length else EARLIEST
    until = end + length if LATEST - end > length else LATEST
    # `until` itself is within, too
    until += timedelta(microseconds=1) if until < LATEST else timedelta(0)
    bounds: dict[str, Any] = {"since": since, "until": until}
    return timeline(limit=limit, newest_first=False, **{**filters, **bounds})


def moment_of(anchor: object) -> tuple[datetime, datetime]:
    """Return when a moment begins and ends: the stretch of a hit, a record, or a time.

    Raises:
        QueryError: It is something else.
        FilterError: A time without its zone.
    """
    if isinstance(anchor, Hit):
        record, span = anchor.record, anchor.span
        if span is not None and (anchor.modality != Text.modality or anchor.finding is not None):
            at = _start_of(anchor)
            return at + timedelta(seconds=span.start), at + timedelta(seconds=span.end)
        return record.at, record.at
    if isinstance(anchor, Record):
        return anchor.at, anchor.until
    if isinstance(anchor, datetime):
        check_time("the moment", anchor, error=FilterError)
        return anchor, anchor
    raise QueryError(
        f"{show(anchor)} as a moment",
        "a hit, a record, or a time with its zone",
        "pass a hit of recall(), a record of timeline(), or datetime(..., tzinfo=timezone.utc)",
    )


def _start_of(hit: Hit) -> datetime:
    """Return when the percept began whose stretch matched."""
    at = hit.medium.at if hit.medium is not None else None
    return datetime.fromisoformat(at.replace("Z", "+00:00")) if at else hit.record.at


def _id_of(anchor: Anchor) -> str | None:
    if isinstance(anchor, Hit):
        return anchor.record.id
    return anchor.id if isinstance(anchor, Record) else None


def _one_more(limit: int) -> int:
    """Return how many to list, as the moment itself may be among them."""
    return min(limit + 1, 10_000)
