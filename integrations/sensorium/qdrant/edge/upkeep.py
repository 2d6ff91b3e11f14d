"""What keeps a shard in order beside its use: flushing soon after a write, indexing when told."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

from sensorium.errors import StoreError

logger = logging.getLogger(__name__)

FLUSH_AFTER = 1.0  # seconds from a write to the flush that makes it safe against loss of power
# Edge holds Python's lock while it indexes, so a process that does nothing else is told to
INDEX = """
import sys, qdrant_edge
shard = qdrant_edge.EdgeShard.load(sys.argv[1])
print(int(shard.optimize()))
shard.close()
"""


class FlushTimer:
    """Calls a flush some time after the first write, in a thread of its own.

    Attributes:
        error: Of the last flush on the timer, until somebody takes it.
    """

    def __init__(self, flush: Callable[[], None]) -> None:
        """Prepare; `flush` is a method, whose object the timer does not keep alive."""
        self._flush = weakref.WeakMethod(flush)
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self.error: StoreError | None = None

    def wrote(self) -> None:
        """Note a write: it will be flushed soon."""
        with self._lock:
            if self._timer is None:
                self._timer = threading.Timer(FLUSH_AFTER, self._run)
                self._timer.daemon = True
                self._timer.start()

    def cancel(self) -> None:
        """Forget what was to be flushed: somebody does it now."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def take_error(self) -> StoreError | None:
        """Return the error of the last flush on the timer, once."""
        error, self.error = self.error, None
        return error

    def _run(self) -> None:
        with self._lock:
            self._timer = None
        flush = self._flush()
        if flush is None:
            return
        try:
            flush()
        except StoreError as error:  # nobody waits for this thread: the next flush tells
            self.error = error
            logger.warning("sensorium: flushing failed: %s", error)


def index(shard: Path) -> bool:
    """Index a closed shard in a process of its own; say whether there was anything to do.

    Raises:
        StoreError: That process failed; the shard is as it was.
    """
    command = [sys.executable, "-c", INDEX, str(shard)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StoreError(
            f"the indexing of {str(shard)!r}, which failed: {done.stderr[-200:]}",
            "memory and disk for a second copy of the vectors",
            "try again with more room; nothing is lost",
        )
    return done.stdout.strip() == "1"
