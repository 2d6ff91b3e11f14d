"""A thread that removes expired items at intervals."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future

from sensorium.encoders.forking import Lock, mind_forks
from sensorium.errors import QueryError, SensoriumError, StoreUnavailableError

logger = logging.getLogger(__name__)
MINUTE = 60.0  # seconds


class Sweeper:
    """Calls a function at intervals in a daemon thread, until it is stopped."""

    def __init__(self, sweep: Callable[[], int]) -> None:
        """Prepare to call a function.

        Args:
            sweep: Function to call, which returns the number of items it removed.
        """
        self._sweep = sweep
        self._guard = Lock()
        self.after_fork()
        mind_forks(self)

    def after_fork(self) -> None:
        """Begin without a thread; in a forked child the parent goes on sweeping."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._ended: Future[None] = Future()

    def start(self, minutes: float) -> Future[None]:
        """Start the thread, unless it is running already.

        Args:
            minutes: Minutes from one sweep to the next.
        Returns:
            A future that is done when the thread has ended; cancelling it stops the thread.
        Raises:
            QueryError: The minutes are not a positive number.
        """
        numeric = isinstance(minutes, (int, float)) and not isinstance(minutes, bool)
        if not numeric or not 0 < minutes * MINUTE <= threading.TIMEOUT_MAX:
            raise QueryError(
                f"sweep_interval_minutes={minutes!r}", "a positive number", "write 5, for example"
            )
        with self._guard:
            if self._thread is None or not self._thread.is_alive():
                self._stop, self._ended = threading.Event(), Future()
                stop = self._stop
                self._ended.add_done_callback(lambda _: stop.set())
                self._thread = threading.Thread(
                    target=self._run,
                    args=(minutes * MINUTE, stop, self._ended),
                    name="sensorium-ttl",
                    daemon=True,
                )
                self._thread.start()
            return self._ended

    def stop(self, timeout: float | None = None) -> bool:
        """Stop the thread, and wait for a sweep that is running.

        Args:
            timeout: Longest time to wait, in seconds; `None` waits until the sweep ends.
        Returns:
            Whether the thread has ended.
        """
        with self._guard:
            thread = self._thread
            self._stop.set()
        if thread is not None:
            thread.join(timeout)
        return thread is None or not thread.is_alive()

    def _run(self, seconds: float, stop: threading.Event, ended: Future[None]) -> None:
        error: SensoriumError | None = None
        while error is None and not stop.wait(seconds):
            try:
                self._sweep()
            except StoreUnavailableError as unavailable:  # the next sweep may succeed
                logger.warning("sensorium: sweeping expired items failed: %s", unavailable)
            except SensoriumError as fatal:
                logger.warning("sensorium: no more expired items are swept: %s", fatal)
                error = fatal
        if not ended.set_running_or_notify_cancel():
            return
        if error is None:
            ended.set_result(None)
        else:
            ended.set_exception(error)
