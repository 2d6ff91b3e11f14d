"""Ids for people: the first eight characters are shown, and are enough to name a record."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from typing_extensions import Unpack

from sensorium.errors import QueryError, RecordNotFoundError

if TYPE_CHECKING:
    from sensorium.memory import Filters, Memory, Record

SHOWN = 8  # characters: the first group of a UUID
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
BEGINNING = re.compile(r"[0-9a-f]{8}[0-9a-f-]{0,27}")
PAGE = 1000  # records read in one go


def short_id(record_id: str) -> str:
    """Return the characters of an id that are shown: all of them, if somebody chose the id."""
    return record_id[:SHOWN] if UUID.fullmatch(record_id) else record_id


def find_id(memory: Memory, text: str) -> str:
    """Return the id of the record that has this id, or whose id alone begins with it.

    Raises:
        RecordNotFoundError: No id is or begins with this text.
        QueryError: Several ids begin with it.
    """
    try:
        return memory.get(text).id
    except RecordNotFoundError:
        if not BEGINNING.fullmatch(text):
            raise _not_found(memory, f"whose id is {text!r}") from None
    matches = [record.id for record in all_records(memory) if record.id.startswith(text)]
    if len(matches) == 1:
        return matches[0]
    if not matches:
        raise _not_found(memory, f"whose id begins with {text!r}")
    raise QueryError(
        f"{text!r}, with which {len(matches)} ids begin",
        "the id of one record",
        f"write more of it: {', '.join(matches[:3])}",
    )


def all_records(memory: Memory, **filters: Unpack[Filters]) -> Iterator[Record]:
    """Yield all records of a memory that match, newest first, read page by page."""
    cursor: str | None = None
    while True:
        page = memory.timeline(limit=PAGE, cursor=cursor, **filters)
        yield from page
        cursor = page.cursor
        if not cursor:
            return


def _not_found(memory: Memory, which: str) -> RecordNotFoundError:
    return RecordNotFoundError(
        f"no record of {memory.owner!r} {which}", "an existing record", "see: sensorium timeline"
    )
