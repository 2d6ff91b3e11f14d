"""The episodes of one owner's records: found once, then continued with what is remembered."""

from __future__ import annotations

import math
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone

import numpy as np

from sensorium.encoders.forking import Lock
from sensorium.errors import FilterError, QueryError, show
from sensorium.memory.checks import check_limit, check_time
from sensorium.memory.episodes.evidence import Position
from sensorium.memory.episodes.keeping import load, save
from sensorium.memory.episodes.observing import Centring, newer, read_pages
from sensorium.memory.episodes.progress import Progress
from sensorium.memory.episodes.seen import position_of
from sensorium.memory.episodes.telling import evenly, telling
from sensorium.memory.filters import events_among
from sensorium.memory.layout.ids import owner_key
from sensorium.memory.layout.payload import record_of
from sensorium.memory.records import Episode, Record
from sensorium.memory.shelf import Setup, Shelf
from sensorium.percepts import Place, Pose
from sensorium.qdrant import Backend, Every, Filter, OneOf, Range

LOOKED_AT = 48  # records of an episode among which the telling ones are chosen
PLACES = 5  # of an episode that are named
MOST_MOMENTS = 20  # of an episode
APART = 50.0  # metres between two places that are named
LEAST_SAVED = 1_000  # records that are found anew, rather than saved after each few
SHARE, FIRST_SHARE = 0.05, 0.25  # of all records, that are new before they are saved; meanwhile
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

    Kept are, of each record, its id, times, modalities and place, and the sums of the runs that are
    followed: no vectors of records. What comes later in time goes on from there, what comes earlier
    from a checkpoint before it. Anything else that changed (removed, updated) lets all be read
    anew. A place with a folder keeps all this in a file, for the next opening.
    """

    def __init__(self, shelf: Shelf, mark: Callable[[], tuple[str | None, int]]) -> None:
        """Find episodes on a shelf; nothing is read yet.

        Args:
            shelf: Place, encoder and owner of the records.
            mark: Tells the state of what was removed or changed; see `Calibrator.mark`.
        """
        self._shelf = shelf
        self._mark = mark
        self._file = shelf.place.episodes_file(shelf.owner)
        self._lock = Lock()
        self._setup: Setup | None = None
        self._forget(None, (None, 0))

    def _forget(self, setup: Setup | None, mark: tuple[str | None, int]) -> None:
        """Begin anew."""
        self._setup, self._marked = setup, mark
        self._progress = Progress.none()
        self._saved = 0  # records of the file
        self._read_at = time.monotonic()
        self._told: dict[tuple[int, int, int], list[str]] = {}  # ids of the telling moments
        self._settle()

    def _settle(self) -> None:
        """Note where episodes begin and end."""
        seen = self._progress.seen
        self._starts = self._progress.detector.starts()
        self._times = [seen.at[start] for start in self._starts]  # at which the episodes begin
        ends = np.maximum.reduceat(np.array(seen.until), self._starts) if self._starts else ()
        self._ends: list[float] = [float(end) for end in ends]

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
                numbers = [n for n in numbers if self._ends[n] >= start]
            chosen = (numbers[::-1] if asked.newest_first else numbers)[: asked.limit]
            return [self._episode(setup, number, asked.moments) for number in chosen]

    def _episode(self, setup: Setup, number: int, moments: int) -> Episode:
        seen = self._progress.seen
        first, after = [*self._starts, len(seen)][number : number + 2]
        return Episode(
            id=seen.id(first),
            start=datetime.fromtimestamp(seen.at[first], timezone.utc),
            end=datetime.fromtimestamp(self._ends[number], timezone.utc),
            records=after - first,
            modalities=seen.senses(first, after),
            places=_places(seen.places(first, after)),
            moments=self._moments(setup, first, after, moments) if moments else (),
            is_last=after == len(seen),
        )

    def _moments(self, setup: Setup, first: int, after: int, count: int) -> tuple[Record, ...]:
        """Read the telling moments of an episode; which they are is kept."""
        key, backend, owner = (first, after, count), setup.backend, self._shelf.owner
        if key not in self._told:
            ids = [self._progress.seen.id(first + i) for i in evenly(after - first, LOOKED_AT)]
            read = backend.retrieve(ids, owner=owner, payload=False, vectors=True)
            points = {point.id: point for point in read}
            there = [points[name] for name in ids if name in points]
            rows = self._progress.centring.centred(there)
            self._told[key] = [there[i].id for i in telling(rows, count)]
        found = backend.retrieve(self._told[key], owner=owner, payload=True, vectors=False)
        return tuple(sorted((record_of(point) for point in found), key=lambda each: each.at))

    def _refresh(self, setup: Setup) -> None:
        """Look at what was remembered since, or at everything if something else changed."""
        mark, now = self._mark(), datetime.now(timezone.utc)
        is_old = mark[0] is None and time.monotonic() - self._read_at > RENEWED
        if setup is not self._setup or mark != self._marked or is_old:
            self._forget(setup, mark)
            self._use_kept(setup)
        everything = Filter(self._shelf.owner, events_among(None), alive_at=now)
        seen = self._progress.seen
        added = replace(everything, condition=events_among(Every(newer(seen.newest))))
        more = setup.backend.count(added)
        if len(seen) and not more and setup.backend.count(everything) == len(seen):
            return
        since = self._resume(setup.backend, everything, newest=seen.newest)
        rest = None if since is None else Range("at", gt=since)
        later = replace(everything, condition=events_among(rest))
        if since is None or self._moves_centres(setup.backend, later):
            self._forget(setup, mark)
            centring = Centring.of(setup.encoder.background, setup.backend, everything)
            self._progress = replace(self._progress, centring=centring)
            later = everything
        for page in read_pages(setup.backend, later):
            self._progress.take(page)
            self._save(FIRST_SHARE)
        self._settle()
        self._save(SHARE)

    def _resume(
        self, backend: Backend, everything: Filter, *, newest: datetime | None
    ) -> datetime | None:
        """Go back to before the first change; return up to when all is known, `None` if nothing is.

        Up to a time nothing has changed if as many records are there as were seen, none of them
        remembered later: removals and updates change the mark besides.
        """
        for checkpoint in self._progress.ways_back():
            until = datetime.fromtimestamp(checkpoint.last, timezone.utc)
            early = Range("at", lte=until)
            upto = replace(everything, condition=events_among(early))
            late = replace(upto, condition=events_among(Every((early, *newer(newest)))))
            if backend.count(upto) == checkpoint.count and not backend.count(late):
                self._progress.back_to(checkpoint)
                self._told = {k: ids for k, ids in self._told.items() if k[1] < checkpoint.count}
                return until
        return None

    def _moves_centres(self, backend: Backend, later: Filter) -> bool:
        """Return whether records are of a modality whose mean is learnt from too few so far."""
        names = tuple(sorted(self._progress.centring.unsettled))
        if not names:
            return False
        given = () if later.condition is None else (later.condition,)
        return (
            backend.count(replace(later, condition=Every((*given, OneOf("modalities", names))))) > 0
        )

    def _use_kept(self, setup: Setup) -> None:
        """Go on from the file, if nothing was removed or changed since it was written."""
        if self._file is not None and self._marked[0] is not None:
            kept = load(self._file, self._key(setup))
            if kept is not None:
                self._progress, self._saved = kept, len(kept.seen)
                self._settle()

    def _save(self, share: float) -> None:
        """Keep what was found, if so much more of it was found since.

        Raises:
            StoreFormatError: The memory's folder was removed while open.
        """
        count = len(self._progress.seen)
        setup, mark = self._setup, self._marked
        if self._file is None or setup is None or mark[0] is None:
            return
        if count - self._saved < max(LEAST_SAVED, share * count):
            return
        save(self._file, self._key(setup), self._progress)
        self._saved = count
        if self._mark() != mark:  # what it holds may be of records that are gone
            self._file.unlink(missing_ok=True)

    def _key(self, setup: Setup) -> dict[str, str]:
        """Return what a file has to be of."""
        space = setup.encoder.space
        return {
            "removals": str(self._marked[0]),
            "owner": owner_key(self._shelf.owner),
            "space": f"{space.model} {space.weights} {space.preprocessing} {space.dimension}",
        }


def _places(places: Iterable[Place | Pose]) -> tuple[Place | Pose, ...]:
    """Return the first places of an episode that are apart from each other."""
    found: list[tuple[Position, Place | Pose]] = []
    for place in places:
        position = position_of(place)
        if any(_is_near(position, other) for other, _ in found):
            continue
        found.append((position, place))
        if len(found) == PLACES:
            break
    return tuple(place for _, place in found)


def _is_near(one: Position, other: Position) -> bool:
    return one[0] == other[0] and math.dist(one[1], other[1]) <= APART
