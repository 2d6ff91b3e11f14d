"""The watches of one open memory: begun, woken when something is remembered, and ended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timezone
from weakref import WeakSet

from sensorium.encoders.forking import Lock
from sensorium.errors import FilterError, QueryError, ReadOnlyError
from sensorium.memory.calibrating.calibrator import Calibrator
from sensorium.memory.checks import check_time
from sensorium.memory.filters import Filters, conditions, events_among
from sensorium.memory.places.near import standing_near
from sensorium.memory.recalling.options import RecallOptions
from sensorium.memory.recalling.query import Query
from sensorium.memory.recalling.recaller import Recaller
from sensorium.memory.shelf import Shelf
from sensorium.memory.watching.arrivals import Arrivals
from sensorium.memory.watching.lookout import PAGE, Lookout
from sensorium.memory.watching.position import Position, micros, read_cursor
from sensorium.memory.watching.standing import StandingQuestion
from sensorium.memory.watching.watch import LocalWatch, check_timeout
from sensorium.qdrant.read_only import ReadOnlyBackend


class Watches:
    """The watches of one open memory."""

    def __init__(self, shelf: Shelf, recaller: Recaller, calibrator: Calibrator) -> None:
        """Begin none yet.

        Args:
            shelf: The owner's records.
            recaller: Answers the owner's questions.
            calibrator: Calibration of the owner's records.
        """
        self._shelf, self._recaller, self._calibrator = shelf, recaller, calibrator
        self._open: WeakSet[LocalWatch] = WeakSet()
        self._lock = Lock()

    def begin(
        self,
        query: Query | None,
        *,
        modalities: Collection[str] | None,
        weights: Sequence[float] | None,
        min_confidence: float,
        cursor: str | None,
        after: datetime | None,
        timeout: float | None,
        filters: Filters,
    ) -> LocalWatch:
        """Begin a watch; `Memory.watch` describes the arguments and errors."""
        check_timeout(timeout)
        shelf = self._shelf
        _check_lives(shelf)
        near, area = standing_near(shelf, filters.get("near"))
        condition = events_among(conditions("watch", filters, near=near))
        check_least(min_confidence)
        options = RecallOptions(
            limit=PAGE,
            modalities=modalities,
            condition=condition,
            min_confidence=min_confidence or None,
        )
        check_beside_nothing(query, modalities=modalities, weights=weights)
        position = first_position(cursor, after, shelf.owner)
        question = StandingQuestion(
            self._recaller,
            self._calibrator,
            shelf,
            query=query,
            options=options,
            weights=weights,
        )
        shelf.ask(question.check)
        arrivals = Arrivals(shelf.readable, condition, area)
        lookout = Lookout(arrivals, question.compare, position)
        watch = LocalWatch(shelf, lookout, position, timeout=timeout)
        with self._lock:
            self._open.add(watch)
        return watch

    def wake(self) -> None:
        """Say to all of them that something was remembered."""
        for watch in self._all():
            watch.wake()

    def close(self) -> None:
        """End all of them."""
        for watch in self._all():
            watch.close()

    def _all(self) -> list[LocalWatch]:
        with self._lock:
            return list(self._open)


def _check_lives(shelf: Shelf) -> None:
    """Check that something can arrive.

    Raises:
        ReadOnlyError: The memory is a copy of a folder.
    """
    if isinstance(shelf.backend, ReadOnlyBackend) and shelf.place.scratch is not None:
        raise ReadOnlyError(
            "a watch of a folder that is only read, as it was when it was opened",
            "a memory in which something can arrive",
            "open it without read_only (--read-only), which other processes may share",
        )


def first_position(cursor: str | None, after: datetime | None, owner: str) -> Position:
    """Return where a watch begins: at a cursor, after a time, or now.

    Raises:
        QueryError: Both are given.
        FilterError: The cursor is none, or another owner's; or the time has no zone.
    """
    check_start(cursor, after)
    if cursor is not None:
        return read_cursor(cursor, owner)
    return Position(micros(datetime.now(timezone.utc) if after is None else after))


def check_start(cursor: object, after: datetime | None) -> None:
    """Check where a watch is to begin; the cursor is read by whoever looks.

    Raises:
        QueryError: Both are given.
        FilterError: The time has no zone.
    """
    check_time("after", after, error=FilterError)
    if cursor is not None and after is not None:
        raise QueryError(
            "both cursor and after", "one of them", "pass the cursor to go on, or a time to begin"
        )


def check_least(min_confidence: object) -> None:
    """Check the least confidence of a hit; 0 lets all through.

    Raises:
        QueryError: It is no number from 0 to 1.
    """
    RecallOptions(limit=1, min_confidence=-1 if min_confidence is None else min_confidence)  # type: ignore[arg-type]  # what is checked


def check_beside_nothing(query: object, **options: object) -> None:
    """Check that nothing is said of a question where none is asked.

    Raises:
        QueryError: Something is.
    """
    given = [name for name, value in options.items() if value is not None]
    if query is None and given:
        raise QueryError(
            f"{', '.join(given)} without a query", "a query", f"leave {', '.join(given)} out"
        )
