"""The episodes of one owner's records: found once, then continued with what is remembered."""

from __future__ import annotations

import math
import time
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import chain, islice

from sensorium.encoders.forking import Lock
from sensorium.errors import FilterError, QueryError, show
from sensorium.memory.checks import check_limit, check_time
from sensorium.memory.episodes.detection import Detector
from sensorium.memory.episodes.evidence import Position
from sensorium.memory.episodes.observing import (
    Centring,
    Seen,
    created,
    newer,
    observed,
    pooled,
    position_of,
    read_points,
    seen,
)
from sensorium.memory.episodes.telling import evenly, telling
from sensorium.memory.layout.payload import place_in, record_of
from sensorium.memory.records import Episode, Record
from sensorium.memory.shelf import Setup, Shelf
from sensorium.percepts import Place, Pose
from sensorium.qdrant import Filter
from sensorium.qdrant.points import StoredPoint

LOOKED_AT = 48  # records of an episode among which the telling ones are chosen
PLACES = 5  # of an episode that are named
MOST_MOMENTS = 20  # of an episode
APART = 50.0  # metres between two places that are named
MOST_ADDED = 1_000  # records that are taken up at a time: they are held with their vectors
RENEWED = 300.0  # seconds for which findings hold where changes by others leave no mark


@dataclass(frozen=True)
class Asked:
    """What is asked of the episodes; `Memory.episodes` explains it.

    Attributes:
        since: Only those that end at or after this time.
        until: Only those that start before this time.
        limit: The most episodes.
        newest_first: Whether the newest comes first.
        moments: How many telling records of each are read.
    """

    since: datetime | None
    until: datetime | None
    limit: int
    newest_first: bool
    moments: int

    def __post_init__(self) -> None:
        """Check the arguments.

        Raises:
            QueryError: A number out of its range.
            FilterError: Not aware datetimes, or a time that ends before it begins.
        """
        check_time("since", self.since, error=FilterError)
        check_time("until", self.until, error=FilterError)
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise FilterError(
                f"until={self.until.isoformat()}, not after since={self.since.isoformat()}",
                "a stretch of time",
                "exchange the two, or leave one out",
            )
        check_limit(self.limit)
        whole = isinstance(self.moments, int) and not isinstance(self.moments, bool)
        if not whole or not 0 <= self.moments <= MOST_MOMENTS:
            needed = f"a whole number from 0 to {MOST_MOMENTS}"
            raise QueryError(f"moments={show(self.moments)}", needed, "write moments=3")


class EpisodeFinder:
    """Finds the episodes of one owner.

    Kept in this process are, of each record, its id, times, modalities and place, and the sums of
    the runs that are followed: no vectors. What is remembered after the last record goes on from
    there; anything else that changed (removed, dated earlier, updated) lets all be read anew.
    """

    def __init__(self, shelf: Shelf, mark: Callable[[], tuple[str | None, int]]) -> None:
        """Find episodes on a shelf; nothing is read yet.

        Args:
            shelf: Place, encoder and owner of the records.
            mark: Tells the state of what was removed or changed; see `Calibrator.mark`.
        """
        self._shelf = shelf
        self._mark = mark
        self._lock = Lock()
        self._setup: Setup | None = None
        self._forget(None)

    def _forget(self, setup: Setup | None) -> None:
        """Begin anew."""
        self._setup = setup
        self._detector = Detector()
        self._centring = Centring({})
        self._seen: list[Seen] = []
        self._newest: datetime | None = None  # when the last of them was remembered
        self._read_at = time.monotonic()
        self._marked: tuple[str | None, int] = (None, 0)
        self._starts: list[int] = []
        self._times: list[float] = []  # at which the episodes begin
        self._told: dict[tuple[int, int, int], list[str]] = {}  # ids of the telling moments

    def episodes(self, asked: Asked) -> list[Episode]:
        """Return the episodes of a time."""
        return self._shelf.ask(lambda setup: self._between(setup, asked))

    def at(self, times: Sequence[datetime]) -> list[Episode | None]:
        """Return the episode of each time, without its moments; `None` before the first."""
        return self._shelf.ask(lambda setup: self._at(setup, times))

    def _at(self, setup: Setup, times: Sequence[datetime]) -> list[Episode | None]:
        with self._lock:
            self._refresh(setup)
            numbers = [bisect_right(self._times, at.timestamp()) - 1 for at in times]
            made = {n: self._episode(setup, n, 0) for n in set(numbers) if n >= 0}
        return [made.get(number) for number in numbers]

    def _between(self, setup: Setup, asked: Asked) -> list[Episode]:
        with self._lock:
            self._refresh(setup)
            last = len(self._starts)
            if asked.until is not None:
                last = bisect_left(self._times, asked.until.timestamp())
            numbers = list(range(last))
            if asked.since is not None:
                start = asked.since.timestamp()
                numbers = [n for n in numbers if self._end(n) >= start]
            chosen = (numbers[::-1] if asked.newest_first else numbers)[: asked.limit]
            return [self._episode(setup, number, asked.moments) for number in chosen]

    def _span(self, number: int) -> tuple[int, int]:
        """Return the first record of an episode, and the one after its last."""
        following = [*self._starts[number + 1 : number + 2], len(self._seen)]
        return self._starts[number], following[0]

    def _end(self, number: int) -> float:
        first, after = self._span(number)
        return max(record.until for record in self._seen[first:after])

    def _episode(self, setup: Setup, number: int, moments: int) -> Episode:
        first, after = self._span(number)
        records = self._seen[first:after]
        senses = Counter(chain.from_iterable(record.modalities for record in records))
        return Episode(
            id=records[0].id,
            start=datetime.fromtimestamp(records[0].at, timezone.utc),
            end=datetime.fromtimestamp(self._end(number), timezone.utc),
            records=len(records),
            modalities=dict(senses.most_common()),
            places=_places(records),
            moments=self._moments(setup, first, after, moments) if moments else (),
            is_last=after == len(self._seen),
        )

    def _moments(self, setup: Setup, first: int, after: int, count: int) -> tuple[Record, ...]:
        """Read the telling moments of an episode; which they are is kept."""
        key, backend, owner = (first, after, count), setup.backend, self._shelf.owner
        if key not in self._told:
            ids = [self._seen[first + i].id for i in evenly(after - first, LOOKED_AT)]
            read = backend.retrieve(ids, owner=owner, payload=False, vectors=True)
            points = {point.id: point for point in read}
            ids = [name for name in ids if name in points]
            rows = [self._centring.centred(pooled(points[name])) for name in ids]
            self._told[key] = [ids[i] for i in telling(rows, count)]
        found = backend.retrieve(self._told[key], owner=owner, payload=True, vectors=False)
        return tuple(sorted((record_of(point) for point in found), key=lambda each: each.at))

    def _refresh(self, setup: Setup) -> None:
        """Look at what was remembered since, or at everything if something else changed."""
        now, mark = datetime.now(timezone.utc), self._mark()
        is_new = setup is not self._setup or mark != self._marked or not self._seen
        if mark[0] is None and time.monotonic() - self._read_at > RENEWED:
            is_new = True
        if is_new or not self._continued(setup, now):
            self._forget(setup)
            self._marked = mark
            everything = Filter(self._shelf.owner, alive_at=now)
            self._centring = Centring.of(setup.encoder.background, setup.backend, everything)
            self._take(read_points(setup.backend, everything))

    def _continued(self, setup: Setup, now: datetime) -> bool:
        """Take what was added after the last record; return false if more than that changed."""
        owner, backend = self._shelf.owner, setup.backend
        added = Filter(owner, newer(self._newest), alive_at=now)
        more = backend.count(added)
        if backend.count(Filter(owner, alive_at=now)) != len(self._seen) + more:
            return False
        if not more:
            return True
        points = list(islice(read_points(backend, added), MOST_ADDED + 1))
        first = seen(points[0]) if points else None
        if first is None or first.at <= self._seen[-1].at or len(points) > MOST_ADDED:
            return False
        if self._centring.unsettled & set(chain.from_iterable(p.vectors for p in points)):
            return False
        self._take(points)
        return True

    def _take(self, points: Iterable[StoredPoint]) -> None:
        """Let the detection see points, in order of time, and note where episodes begin."""
        before = len(self._seen)  # what ended here goes on
        self._told = {key: ids for key, ids in self._told.items() if key[1] < before}
        for point in points:
            record, remembered = seen(point), created(point)
            self._seen.append(record)
            self._detector.add(observed(record, self._centring.centred(pooled(point))))
            if self._newest is None or remembered > self._newest:
                self._newest = remembered
        self._starts = self._detector.starts()
        self._times = [self._seen[start].at for start in self._starts]


def _places(records: Sequence[Seen]) -> tuple[Place | Pose, ...]:
    """Return the first places of an episode that are apart from each other."""
    found: list[tuple[Position, Place | Pose]] = []
    for record in records:
        position = position_of(record.where)
        place = place_in(record.where) if record.where and position else None
        if place is None or position is None or any(_is_near(position, o) for o, _ in found):
            continue
        found.append((position, place))
        if len(found) == PLACES:
            break
    return tuple(place for _, place in found)


def _is_near(one: Position, other: Position) -> bool:
    return one[0] == other[0] and math.dist(one[1], other[1]) <= APART
