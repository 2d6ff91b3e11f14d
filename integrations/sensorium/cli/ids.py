"""Ids for people: the first eight characters are shown, and are enough to name a record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sensorium.errors import QueryError, RecordNotFoundError

if TYPE_CHECKING:
    from sensorium.memory import Memory

SHOWN = 8  # characters: the first group of a UUID
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
BEGINNING = re.compile(r"[0-9a-f]{8}[0-9a-f-]{0,27}")
PAGE = 1000  # records looked at together


def short(record_id: str) -> str:
    """Return what is shown of an id: all of one that somebody chose."""
    return record_id[:SHOWN] if UUID.fullmatch(record_id) else record_id


def full(memory: Memory, given: str) -> str:
    """Return the id of a record that is named by its id or by the beginning of it.

    Raises:
        RecordNotFoundError: There is none.
        QueryError: Several begin like this.
    """
    try:
        return memory.get(given).id
    except RecordNotFoundError:
        if not BEGINNING.fullmatch(given):
            raise _absent(memory, f"whose id is {given!r}") from None
    page = memory.timeline(limit=PAGE)
    matches = [record.id for record in page if record.id.startswith(given)]
    while page.cursor:
        page = memory.timeline(limit=PAGE, cursor=page.cursor)
        matches += [record.id for record in page if record.id.startswith(given)]
    if len(matches) == 1:
        return matches[0]
    if not matches:
        raise _absent(memory, f"whose id begins with {given!r}")
    raise QueryError(
        f"{given!r}, with which {len(matches)} ids begin",
        "the id of one record",
        f"write more of it: {', '.join(matches[:3])}",
    )


def _absent(memory: Memory, which: str) -> RecordNotFoundError:
    return RecordNotFoundError(
        f"no record of {memory.owner!r} {which}"[:200],
        "one that is there",
        "see: sensorium timeline",
    )
