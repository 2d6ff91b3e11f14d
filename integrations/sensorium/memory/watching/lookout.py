"""Looking at what arrived since the last look, a page of records at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import NamedTuple, TypeAlias

from sensorium.memory.records import Hit
from sensorium.memory.shelf import Setup
from sensorium.memory.watching.arrivals import SECOND, SETTLED, Arrival, Arrivals, steps
from sensorium.memory.watching.position import MOST_TOLD, Key, Position, micros

PAGE = 64  # records that are compared together
LAG = 5 * SECOND  # by which the position may be behind what has settled
RECENT = 3 * SECOND  # before the newest record: what is stamped then may still become visible
MOST_KNOWN = 4_096  # fresh records that are remembered as compared; more wait until they settle

# Compares records with a question: returns the hits by the ids of their points
Compare: TypeAlias = Callable[[Setup, Sequence[Arrival]], Mapping[str, Hit]]


class Found(NamedTuple):
    """A hit, the position after it, and the id of its record's own point."""

    hit: Hit
    position: Position
    point: str


@dataclass(frozen=True)
class Step:
    """What one look found.

    Attributes:
        hits: Hits in the order of arrival.
        position: The position after the look.
        more: Whether there is more to look at, at once.
        held: Whether there is more which has to settle first, as no cursor could name it.
    """

    hits: Sequence[Found]
    position: Position
    more: bool
    held: bool = False


class Lookout:
    """Looks at what arrives, and compares each record once. What it keeps is bounded."""

    def __init__(self, arrivals: Arrivals, compare: Compare, position: Position) -> None:
        """Look at nothing yet.

        Args:
            arrivals: What arrives.
            compare: Compares it with the question.
            position: From where on.
        """
        self._arrivals, self._compare, self._position = arrivals, compare, position
        self._known: set[Key] = set(position.told)  # fresh records that were compared
        self._settled: deque[tuple[Arrival, Position]] = deque()  # read, and not compared yet
        self._unread: deque[Arrival] = deque()  # of what is fresh
        self._newest = position.since
        self._is_whole = True  # whether all that was fresh at the last look was read

    def step(self, setup: Setup) -> Step:
        """Look once, at no more than a page of records."""
        now = micros(datetime.now(timezone.utc))
        settled = now - SETTLED
        is_behind = self._position.point is not None or self._position.since < settled - LAG
        if self._settled or is_behind:
            return self._look_at_settled(setup, settled)
        return self._look_at_fresh(setup, now)

    def holds(self, setup: Setup, found: Found) -> bool:
        """Return whether a hit that was found earlier may still be told."""
        return self._arrivals.holds(setup.backend, found.point)

    def _look_at_settled(self, setup: Setup, until: int) -> Step:
        if not self._settled:
            before = self._position
            found, self._position = self._arrivals.settled(setup.backend, before, until)
            self._settled.extend(zip(found, steps(found, before, self._position), strict=True))
        page = [self._settled.popleft() for _ in range(min(PAGE, len(self._settled)))]
        new = [arrival for arrival, _ in page if arrival.key not in self._known]
        hits = self._compare(setup, new) if new else {}
        told = [
            Found(hits[arrival.point], position, arrival.point)
            for arrival, position in page
            if arrival.point in hits
        ]
        if page:
            _, self._position = page[-1]
        since = self._position.since
        self._known = {key for key in self._known if key[0] >= since}
        self._unread.clear()  # they have settled, too, or are read again
        self._newest = max(self._newest, since)
        return Step(told, self._position, more=True)

    def _look_at_fresh(self, setup: Setup, now: int) -> Step:
        if not self._unread and len(self._known) < MOST_KNOWN:
            since = max(self._position.since, min(self._newest, now) - RECENT)
            found, self._is_whole = self._arrivals.fresh(setup.backend, since, self._known)
            self._unread.extend(found)
        room = MOST_TOLD - len(self._position.told)  # hits beyond are told when these have settled
        page = [self._unread[index] for index in range(min(room, PAGE, len(self._unread)))]
        hits = self._compare(setup, page) if page else {}
        told = []
        for arrival in page:
            self._unread.popleft()
            self._known.add(arrival.key)
            if self._is_whole:
                self._newest = max(self._newest, arrival.time)
            if arrival.point in hits:
                self._position = self._position.with_told(arrival.key)
                told.append(Found(hits[arrival.point], self._position, arrival.point))
        is_full = len(self._known) >= MOST_KNOWN or len(self._position.told) >= MOST_TOLD
        return Step(told, self._position, more=bool(page and self._unread), held=is_full)
