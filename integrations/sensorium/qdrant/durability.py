"""What keeps a write safe: files replaced as a whole, and a flush soon after a write."""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

from sensorium.errors import StoreError

logger = logging.getLogger(__name__)

FLUSH_AFTER = 1.0  # seconds from a write to the flush that makes it safe against loss of power


class FlushTimer:
    """Calls a flush some time after the first write, in a thread of its own.

    Attributes:
        error: Error of the last flush on the timer, until `take_error` returns it.
    """

    def __init__(self, flush: Callable[[], None]) -> None:
        """Prepare a timer.

        Args:
            flush: A bound method; the timer does not keep its object alive.
        """
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
        """Cancel the pending flush, because the caller flushes now."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def take_error(self) -> StoreError | None:
        """Return the error of the last flush on the timer, and forget it."""
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
        except StoreError as error:
            # Nobody waits for this thread: the next flush of the caller raises the error.
            self.error = error
            logger.warning("sensorium: flushing failed: %s", error)


def write_whole(file: Path, content: bytes) -> None:
    """Write a file so that a crash leaves either the old content or the new.

    Raises:
        OSError: The file cannot be written; the old content is still there.
    """
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
