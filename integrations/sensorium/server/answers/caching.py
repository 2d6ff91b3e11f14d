"""What is slow to make and asked for again: previews and drawings, the latest ones by size."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from sensorium.encoders.forking import Lock
from sensorium.percepts.limits import MIB

MOST_BYTES = 64 * MIB


class Cache:
    """The latest things that were made, up to a number of bytes. Any thread may use it."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        """Keep at most so many bytes."""
        self._most, self._bytes = most, 0
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> bytes | None:
        """Return what was kept under a key; `None` if it is not kept any more."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Hashable, made: bytes) -> None:
        """Keep something, in place of what was not asked for longest."""
        with self._lock:
            self._bytes += len(made) - len(self._kept.pop(key, b""))
            self._kept[key] = made
            while self._bytes > self._most:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= len(dropped)
