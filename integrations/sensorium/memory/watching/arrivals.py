"""What arrived in a store, in order: by the time of remembering, and of one time by id.

A record is stamped when it is written, and read a little later, after others that were stamped
meanwhile, or by a machine whose clock is ahead. So what was stamped longer ago than `SETTLED` is
read once and in order, and what is fresh is looked through again and again until it has settled.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import pairwise
from typing import Any

from sensorium.memory.holding.links import LINKS, is_superseded
from sensorium.memory.layout.ids import part_id
from sensorium.memory.layout.payload import place_in
from sensorium.memory.places import Area
from sensorium.memory.watching.position import Key, Position, digest_of, micros, time_of
from sensorium.qdrant import Backend, Condition, Every, Filter, Ids, Page, Range
from sensorium.qdrant.points import StoredPoint, from_iso

SECOND = 1_000_000  # microseconds
SETTLED = 20 * SECOND  # after which nothing is stamped with an earlier time any more
WIDE = 512  # records of which only the times are read at once
CUTS = 16  # of a stretch of time that has more
MOST_UNREAD = 1_024  # fresh records that are noted at a time
EARLIEST = micros(from_iso("0001-01-02T00:00:00Z"))
KEYS = ("at", "created_at", "parts", "place", "pose")


@dataclass(frozen=True, order=True)
class Arrival:
    """A record that arrived.

    Attributes:
        time: When it was remembered, in microseconds since 1970.
        point: Id of its own point.
        parts: How many points continue it.
    """

    time: int
    point: str
    parts: int = 0

    @property
    def key(self) -> Key:
        """What names this arrival, and not a later one of the same record."""
        return self.time, digest_of(self.point)

    @property
    def points(self) -> list[str]:
        """Ids of all its points."""
        return [self.point, *(part_id(self.point, n) for n in range(1, self.parts + 1))]


class Arrivals:
    """Reads what arrived of what an owner may read, and a condition lets through.

    Nothing is kept but some times at which to cut what has not been read.
    """

    def __init__(
        self,
        readable: Callable[[Condition], Filter],
        condition: Condition | None,
        area: Area | None = None,
    ) -> None:
        """Read nothing yet.

        Args:
            readable: Returns the filter of what the owner may read now and fulfils a condition.
            condition: What records must fulfil.
            area: Where they must have been.
        """
        self._readable, self._condition, self._area = readable, condition, area
        self._cuts: list[int] = []

    def settled(
        self, backend: Backend, position: Position, until: int
    ) -> tuple[list[Arrival], Position]:
        """Read the next of what arrived before a time that nothing comes before any more.

        An engine pages by id and not by this time, so a stretch of time is chosen that fits into
        a page: where one does not, the times of what was read of it tell where to cut it.

        Args:
            backend: The collection.
            position: From where on.
            until: The time, later than the position's.
        Returns:
            At most `WIDE` records in order, and the position after them.
        """
        if position.point is not None:
            return self._of_one_time(backend, position)
        begin = max(position.since, EARLIEST)
        while True:
            self._cuts = [cut for cut in self._cuts if begin < cut < until]
            end = min(self._cuts, default=until)
            page = self._page(backend, begin, end - 1)
            if page.cursor is None:
                return sorted(self._read(page.points)), position.at(end)
            if end == begin + 1:
                return self._of_one_time(backend, position.at(begin))
            self._cuts += _cuts_at([_time_in(point) for point in page.points], begin, end)

    def _of_one_time(self, backend: Backend, position: Position) -> tuple[list[Arrival], Position]:
        """Read some of many records that arrived at once, in order of their ids."""
        time = position.since
        page = self._page(backend, time, time, cursor=position.point)
        after = position.at(time + 1) if page.cursor is None else position.at(time, page.cursor)
        return sorted(self._read(page.points)), after

    def fresh(
        self, backend: Backend, since: int, known: Container[Key]
    ) -> tuple[list[Arrival], bool]:
        """Read what arrived since a time and is not known yet.

        Args:
            backend: The collection.
            since: The time.
            known: What is known.
        Returns:
            Not much more than `MOST_UNREAD` records in order, and whether these are all.
        """
        found: list[Arrival] = []
        cursor: str | None = None
        while len(found) < MOST_UNREAD:
            page = self._page(backend, since, None, cursor=cursor)
            found += [each for each in self._read(page.points) if each.key not in known]
            cursor = page.cursor
            if cursor is None:
                break
        return sorted(found), cursor is None

    def holds(self, backend: Backend, point: str) -> bool:
        """Return whether a record that was found is still there, may be read, and holds."""
        asked = () if self._condition is None else (self._condition,)
        where = self._readable(Every((*asked, Ids((point,)))))
        page = backend.scroll(where, limit=1, payload=LINKS)
        now = datetime.now(timezone.utc)
        return any(not is_superseded(each.payload, now) for each in page.points)

    def _page(
        self, backend: Backend, first: int, last: int | None, *, cursor: str | None = None
    ) -> Page:
        bounds: dict[str, Any] = {"gte": time_of(first)}
        if last is not None:
            bounds["lte"] = time_of(last)
        asked = () if self._condition is None else (self._condition,)
        where = self._readable(Every((*asked, Range("created_at", **bounds))))
        return backend.scroll(where, limit=WIDE, cursor=cursor, payload=KEYS)

    def _read(self, points: Sequence[StoredPoint]) -> list[Arrival]:
        return [
            Arrival(_time_in(point), point.id, point.payload.get("parts", 0))
            for point in points
            if self._area is None or self._area.holds(place_in(point.payload))
        ]


def _time_in(point: StoredPoint) -> int:
    return micros(from_iso(point.payload.get("created_at") or point.payload["at"]))


def _cuts_at(times: Sequence[int], begin: int, end: int) -> list[int]:
    """Return times at which to cut a stretch, at those of some of its records and behind them."""
    chosen = sorted(times)[:: max(1, len(times) // CUTS)]
    return [cut for time in set(chosen) for cut in (time, time + 1) if begin < cut < end]


def steps(arrivals: Sequence[Arrival], before: Position, after: Position) -> list[Position]:
    """Return the position after each of some settled records that were read in order.

    Args:
        arrivals: The records.
        before: The position from which on they were read.
        after: The position after the last.
    """
    between = [
        before.at(following.time, following.point)
        if following.time == arrival.time
        else before.at(arrival.time + 1)
        for arrival, following in pairwise(arrivals)
    ]
    return [*between, after][: len(arrivals)]
