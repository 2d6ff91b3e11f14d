"""A watch: the hits of a standing question, one after the other, as memories arrive."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections import deque
from collections.abc import Iterator
from threading import Event
from time import monotonic

from typing_extensions import Self

from sensorium.encoders import check_cancelled
from sensorium.encoders.forking import Lock
from sensorium.errors import QueryError, StoreClosedError, show
from sensorium.memory.closing import Closing
from sensorium.memory.records import Hit
from sensorium.memory.shelf import Shelf
from sensorium.memory.watching.lookout import Found, Lookout
from sensorium.memory.watching.position import Position, write_cursor

PAUSE = 0.5  # seconds between two looks: what another process remembers is told after so long


class Watch(Closing, Iterator[Hit]):
    """The hits of a standing question, as memories arrive: an iterator that waits for the next.

    Nothing is looked for, and nothing grows, while nobody asks for the next hit. It ends when it
    has waited for `timeout`, and when it or its memory is closed. Threads may share it: each hit
    goes to one of them.

    Attributes:
        patience: Longest time in seconds that `poll` should be asked to wait at a time, where
            something else may end the waiting.
    """

    patience = 1.0

    def __init__(self, timeout: float | None) -> None:
        """Use `Memory.watch`."""
        self._timeout = check_timeout(timeout)
        self._one = Lock()  # who waits for the next hit
        self._is_closed = False

    @property
    def timeout(self) -> float | None:
        """Seconds that it waits for the next hit; `None` without end."""
        return self._timeout

    @property
    def is_closed(self) -> bool:
        """Whether it, or its memory, was closed: there will be no more hits."""
        return self._is_closed

    @property
    def holds_back(self) -> bool:
        """Whether hits that have arrived wait until they have settled: no cursor names so many."""
        return False

    @property
    @abstractmethod
    def cursor(self) -> str:
        """How far it has come: a later watch with this cursor tells what comes after."""

    @abstractmethod
    def _next(self, patience: float | None, *, whole: bool = False) -> Hit | None:
        """Return the next hit; `None` if none comes in so many seconds, or it was closed.

        Args:
            patience: The seconds; `None` without end.
            whole: Wait longer for what has arrived, and has to settle before it can be told.
        """

    def poll(self, patience: float = 0.0) -> Hit | None:
        """Return the next hit; `None` if there is none by then.

        Args:
            patience: Seconds to wait for it; by default only what has arrived is looked through.
        Raises:
            QueryError: `patience` is no such number; or no confidence is known any more.
            OperationCancelledError: The call around it was given up. The watch can be asked again.
            StoreError: The store cannot be read. The watch can be asked again.
        """
        wait = check_timeout(patience)
        with self._one:
            return self._next(wait)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Hit:
        with self._one:
            hit = self._next(self._timeout, whole=True)
        if hit is None:
            raise StopIteration
        return hit

    def close(self) -> None:
        """End it; whoever waits for the next hit gets none. A second call does nothing."""
        self._is_closed = True


class LocalWatch(Watch):
    """A watch of a memory that this process has open."""

    def __init__(
        self,
        shelf: Shelf,
        lookout: Lookout,
        position: Position,
        *,
        timeout: float | None,
    ) -> None:
        """Look at nothing yet.

        Args:
            shelf: What the owner may read.
            lookout: Looks at what arrived.
            position: From where on.
            timeout: Seconds to wait for the next hit.
        """
        super().__init__(timeout)
        self._shelf, self._lookout, self._position = shelf, lookout, position
        self._found: deque[Found] = deque()
        self._awake = Event()
        self._held = False

    @property
    def cursor(self) -> str:
        """How far it has come: behind the last hit that was returned."""
        return write_cursor(self._position, self._shelf.owner)

    @property
    def holds_back(self) -> bool:
        """Whether hits that have arrived wait until they have settled: no cursor names so many."""
        return self._held

    def wake(self) -> None:
        """Say that something may have arrived."""
        self._awake.set()

    def close(self) -> None:
        """End it; whoever waits for the next hit gets none. A second call does nothing."""
        super().close()
        self._awake.set()

    def _next(self, patience: float | None, *, whole: bool = False) -> Hit | None:
        end = math.inf if patience is None else monotonic() + patience
        earlier = len(self._found)  # found by a call before, and perhaps forgotten since
        while not self._is_closed:
            if self._found:
                holds = earlier <= 0 or self._holds(self._found[0])
                if self._is_closed:
                    break
                found, earlier = self._found.popleft(), earlier - 1
                self._position = found.position
                if holds:
                    return found.hit
                continue
            check_cancelled()
            self._awake.clear()
            if self._look():
                continue
            left = end - monotonic()
            if left <= 0 and not (whole and self._held):
                break
            self._awake.wait(min(PAUSE, left) if left > 0 else PAUSE)
        return None

    def _holds(self, found: Found) -> bool:
        """Return whether a hit may still be told: it was neither forgotten nor unshared."""
        try:
            return self._shelf.ask(lambda setup: self._lookout.holds(setup, found))
        except StoreClosedError:
            self.close()
            return False

    def _look(self) -> bool:
        """Look once; return whether to look at once what there is."""
        try:
            step = self._shelf.ask(self._lookout.step)
        except StoreClosedError:
            self.close()
            return False
        self._found.extend(step.hits)
        self._held = step.held
        if not step.hits:
            self._position = step.position
        return bool(step.hits) or step.more


def check_timeout(seconds: object) -> float | None:
    """Return how long to wait; `None` without end.

    Raises:
        QueryError: It is neither a number from 0 nor `None`.
    """
    number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if seconds is not None and not (number and 0 <= seconds < math.inf):  # type: ignore[operator]
        raise QueryError(
            f"{show(seconds)} as a time to wait",
            "seconds, from 0",
            "write timeout=10, or leave it out to wait without end",
        )
    return None if seconds is None else float(seconds)  # type: ignore[arg-type]  # it is a number
