"""How much of what clients sent is held in memory, over all requests together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sensorium.encoders.forking import Lock
from sensorium.errors import TooManyRequestsError
from sensorium.percepts.limits import MIB

MOST_BYTES = 256 * MIB  # of all requests; what is read from them takes about as much again
RETRY = 5.0  # seconds after which some may be answered


class HeldBytes:
    """Counts the bytes that requests hold; any thread may take some."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        """Allow so many bytes."""
        self._most, self._held = most, 0
        self._lock = Lock()

    @contextmanager
    def one(self) -> Iterator[Holding]:
        """Count what one request takes, until the block ends."""
        holding = Holding(self)
        try:
            yield holding
        finally:
            self.change(-holding.bytes)

    def change(self, count: int) -> None:
        """Count more bytes, or fewer.

        Raises:
            TooManyRequestsError: All together are more than may be; nothing is counted.
        """
        with self._lock:
            if count > 0 and self._held + count > self._most:
                raise TooManyRequestsError(
                    f"requests that hold {self._held:,} bytes already",
                    f"at most {self._most:,} of all clients together",
                    "send files as parts of a form, which are not held, or send again later",
                    RETRY,
                )
            self._held += count


class Holding:
    """What one request holds.

    Attributes:
        bytes: How much that is.
    """

    def __init__(self, of: HeldBytes) -> None:
        """Begin with nothing; `HeldBytes.one` does."""
        self._of = of
        self.bytes = 0

    def take(self, count: int) -> None:
        """Hold more bytes; raises as `HeldBytes.change`."""
        self._of.change(count)
        self.bytes += count
