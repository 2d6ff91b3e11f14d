"""How many memories there are of each hour, day or month."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone
from typing import Literal, TypeAlias

from typing_extensions import Unpack

from sensorium.memory import Filters, Memory
from sensorium.qdrant import Filter

By: TypeAlias = Literal["hour", "day", "month"]
KEPT = {"hour": 13, "day": 10, "month": 7}  # characters of a time that say which bin it is in
REST = "0000-01-01T00:00:00+00:00"  # what stands after them at the beginning of a bin
PAGE = 10_000  # records whose times are read together


def density(memory: Memory, by: By, **filters: Unpack[Filters]) -> list[tuple[datetime, int]]:
    """Count records by the hour, day or month of UTC in which they begin.

    Args:
        memory: The memory.
        by: Length of a bin.
        filters: Which records; see `Filters`.
    Returns:
        When each bin begins, and how many records are in it, earliest first; bins
        without a record are left out.
    Raises:
        FilterError: A filter is wrong; see `Filters`.
    """
    now = datetime.now(timezone.utc)
    condition = memory._conditions("density", filters)
    alive = Filter(memory.owner, condition, alive_at=now, shared=memory.shared)
    kept = KEPT[by]
    counts: Counter[str] = Counter()
    cursor: str | None = None
    while True:
        page = memory.backend.scroll(alive, limit=PAGE, cursor=cursor, payload=["at"])
        counts.update(point.payload["at"][:kept] for point in page.points)
        cursor = page.cursor
        if cursor is None:
            found = sorted(counts.items())
            return [(datetime.fromisoformat(start + REST[kept:]), n) for start, n in found]
