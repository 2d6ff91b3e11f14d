"""Pages of points in order of time, on an engine whose ordered reads have a start but no offset."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection, Sequence
from uuid import UUID

from sensorium.errors import FilterError, show
from sensorium.qdrant.points import Page, StoredPoint, from_iso, iso

ORDER = "at"  # the payload field by which pages are ordered
# A cursor is a time, then a part of the id of each point of that time that was read already
TIME = len("2026-07-01T12:00:00.000000Z")  # characters
MARK = 8  # bytes of an id
Fetch = Callable[[str | None, int], Sequence[StoredPoint]]


def ordered_page(fetch: Fetch, *, limit: int, cursor: str | None) -> Page:
    """Read one page; points of equal time are neither lost nor repeated.

    Args:
        fetch: Function of a time, or `None`, and a count: reads up to so many points in order,
            from that time (inclusive) or from the first. Their payload holds `at`.
        limit: Largest number of points of the page.
        cursor: Cursor of the page before; `None` reads the first page.
    Raises:
        FilterError: `cursor` is not the cursor of a page.
    """
    start, seen = _read_cursor(cursor) if cursor else (None, frozenset[bytes]())
    rows = [row for row in fetch(start, limit + len(seen) + 1) if _mark(row.id) not in seen]
    page, more = rows[:limit], len(rows) > limit
    if not more or not page:
        return Page(page, None)
    last = page[-1].payload[ORDER]
    ties = {_mark(row.id) for row in page if row.payload[ORDER] == last}
    if last == start:
        ties |= seen
    return Page(page, _write_cursor(last, ties))


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


def _mark(point: str) -> bytes:
    """Return half of a point's id, which is enough to tell it from others of its time."""
    return UUID(point).bytes[:MARK]


def _write_cursor(start: str, seen: Collection[bytes]) -> str:
    return base64.urlsafe_b64encode(start.encode() + b"".join(sorted(seen))).decode()


def _read_cursor(cursor: str) -> tuple[str, frozenset[bytes]]:
    try:
        content = base64.urlsafe_b64decode(cursor)
        start = content[:TIME].decode("ascii")
        marks = [content[i : i + MARK] for i in range(TIME, len(content), MARK)]
        if len(content) < TIME or any(len(mark) < MARK for mark in marks):
            raise ValueError("truncated")
        return iso(from_iso(start)), frozenset(marks)
    except (binascii.Error, ValueError, TypeError, AttributeError) as error:
        raise _no_cursor(cursor) from error
