"""Pages of points in order of time, and of ids among points of one time.

An engine's ordered reads have a start but no offset, and say nothing of the order of equal times.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

from sensorium.errors import FilterError, show
from sensorium.qdrant.filters import Every, Filter, Range
from sensorium.qdrant.points import Page, StoredPoint, from_iso, iso

ORDER = "at"  # the payload field by which pages are ordered
# A cursor is a time, then the id of the point of that time that was read last
TIME = len("2026-07-01T12:00:00.000000Z")  # characters
ID = 16  # bytes

# Reads up to so many points in order of time, those after a time or from the first
After = Callable[[str | None, int], Sequence[StoredPoint]]
# Reads up to so many points of one time in order of ids, from an id (inclusive) or from the first
Ties = Callable[[str, str | None, int], Sequence[StoredPoint]]


def ordered_page(after: After, ties: Ties, *, limit: int, cursor: str | None) -> Page:
    """Read one page; points of equal time are neither lost nor repeated.

    Args:
        after: Function that reads points in order of time, with `at` in their payload.
        ties: Function that reads points of one time in order of ids.
        limit: Largest number of points of the page.
        cursor: Cursor of the page before; `None` reads the first page.
    Raises:
        FilterError: `cursor` is not the cursor of a page.
    """
    page: list[StoredPoint] = []
    start = None
    if cursor:
        start, last = _read_cursor(cursor)
        rest = ties(start, last, limit + 2)  # the last one again, unless it was removed meanwhile
        page = [point for point in rest if point.id > last]
    if len(page) <= limit:
        found = after(start, limit + 1 - len(page))
        if len(page) + len(found) > limit:
            found = _with_all_ties(found, ties, limit + 1 - len(page))
        page += _by_id(found)
    if len(page) <= limit:
        return Page(page, None)
    page = page[:limit]
    return (
        Page(page, _write_cursor(page[-1].payload[ORDER], page[-1].id)) if page else Page([], None)
    )


def _with_all_ties(found: Sequence[StoredPoint], ties: Ties, count: int) -> list[StoredPoint]:
    """Exchange the points of the last time for those that are first in order of ids."""
    last = found[-1].payload[ORDER]
    before = [point for point in found if point.payload[ORDER] != last]
    if len(found) - len(before) == 1:
        return list(found)  # beyond the page: it only says that there is more
    return [*before, *ties(last, None, count - len(before))]


def of_time(filter: Filter, start: str | None, *, newest_first: bool | None = None) -> Filter:
    """Narrow a filter to points before or after a time, or of it.

    Args:
        filter: The points.
        start: A time as stored; `None` leaves the filter as it is.
        newest_first: Whether those before it are meant; `None` means those of it.
    """
    if start is None:
        return filter
    time = from_iso(start)
    if newest_first is None:
        bound = Range(ORDER, gte=time, lte=time)
    else:
        bound = Range(ORDER, lt=time) if newest_first else Range(ORDER, gt=time)
    given = () if filter.condition is None else (filter.condition,)
    return replace(filter, condition=Every((*given, bound)))


def _by_id(points: Sequence[StoredPoint]) -> list[StoredPoint]:
    """Order points that are in order of time by their ids among equal times."""
    groups: dict[str, list[StoredPoint]] = {}
    for point in points:
        groups.setdefault(point.payload[ORDER], []).append(point)
    return [point for group in groups.values() for point in sorted(group, key=lambda one: one.id)]


def check_cursor(cursor: str | None) -> None:
    """Check the cursor of a page in order of ids.

    Raises:
        FilterError: `cursor` is not the cursor of such a page.
    """
    try:
        UUID(cursor or "0" * 32)
    except (ValueError, AttributeError, TypeError) as error:
        raise _no_cursor(cursor) from error


def _no_cursor(cursor: object) -> FilterError:
    return FilterError(
        f"the cursor {show(cursor)}",
        "the cursor of a page",
        "pass that of the page before as it came",
    )


def _write_cursor(time: str, last: str) -> str:
    return base64.urlsafe_b64encode(time.encode() + UUID(last).bytes).decode()


def _read_cursor(cursor: str) -> tuple[str, str]:
    try:
        content = base64.urlsafe_b64decode(cursor)
        if len(content) != TIME + ID:
            raise ValueError("of another length")
        return iso(from_iso(content[:TIME].decode("ascii"))), str(UUID(bytes=content[TIME:]))
    except (binascii.Error, ValueError, TypeError, AttributeError) as error:
        raise _no_cursor(cursor) from error
