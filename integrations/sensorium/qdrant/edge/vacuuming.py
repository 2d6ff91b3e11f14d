"""When a shard is copied without being asked, to leave behind what its points were before.

Edge keeps the place of every point that was removed, in memory and on disk, and 32 MiB of its log
of what was written. In a memory of few records that are replaced over and over, nearly all of its
files is of states that are gone. A copy of the living points costs about a millisecond each.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sensorium.encoders.forking import Lock, finalize

FEWEST = 250  # dead points from which on a copy pays: some 1.3 MB of the log
SHARE = 0.5  # dead points for each living one, from which on a copy pays
LARGEST = 10_000  # living points up to which a shard is copied, in some seconds
REST = 1.0  # times that the last copy took, to wait at least until the next
AFTER_FAILURE = 60.0  # seconds to wait at least after one that failed
TOGETHER = 64  # points that are read at a time: others wait some milliseconds


class DeadPoints:
    """Counts what writes left dead in a shard. May be used from several threads."""

    def __init__(self, living: int) -> None:
        """Begin with a shard that was opened, or copied.

        Args:
            living: How many points it has.
        """
        self._written = living
        self._living = living  # when it was last looked
        self._not_before = 0.0  # on the monotonic clock
        self._lock = Lock()

    def wrote(self, count: int) -> bool:
        """Note points that were written; return whether it is time to look whether a copy is due.

        Args:
            count: How many; one that was there already counts, too.
        """
        with self._lock:
            self._written += count
            return self._are_many(self._living) and time.monotonic() >= self._not_before

    def due(self, living: int) -> bool:
        """Return whether a copy of the shard is due.

        Args:
            living: How many points it has.
        """
        with self._lock:
            self._living = living
            many = self._are_many(living)
            return many and living <= LARGEST and time.monotonic() >= self._not_before

    def copied(self, living: int, *, began: float) -> None:
        """Begin anew with a copy, and rest, so that copies take a part of the time only.

        Args:
            living: How many points it has.
            began: When the copy was begun, on the monotonic clock.
        """
        now = time.monotonic()
        with self._lock:
            self._written = self._living = living
            self._not_before = now + REST * (now - began)

    def failed(self) -> None:
        """Note that a copy failed: the next one is not tried for a while."""
        self._not_before = time.monotonic() + AFTER_FAILURE

    def _are_many(self, living: int) -> bool:
        return self._written - living >= max(FEWEST, SHARE * living)


class CopyUnderWay:
    """The one copy of a shard that may be under way, and gives up for whoever closes.

    Attributes:
        is_given_up: Whether no copy is to be begun or ended any more.
    """

    def __init__(self) -> None:
        """Begin without a copy."""
        self.lock = Lock()  # held by the copy
        self.is_given_up = False

    def give_up(self) -> None:
        """Wait until no copy is under way; none is begun any more."""
        self.is_given_up = True
        with self.lock:
            pass

    @contextmanager
    def until_exit(self, copier: object) -> Iterator[None]:
        """Let the end of the process wait for the copy to give up.

        A copy that ended after the folder is released would undo what the next process wrote.

        Args:
            copier: What copies.
        """
        at_exit = finalize(copier, self.give_up)  # runs before those that were made before it
        try:
            yield
        finally:
            at_exit.detach()
