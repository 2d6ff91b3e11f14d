"""The thread of a stream: a bounded queue of moments, written in batches."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from sensorium.encoders.forking import Lock
from sensorium.errors import StreamError
from sensorium.memory.records import Moment

Policy: TypeAlias = Literal["block", "drop-oldest"]
Sink: TypeAlias = Callable[[Sequence[Moment]], None]


class Parcel(NamedTuple):
    """A moment on its way to the memory."""

    moment: Moment
    samples: int  # samples that no other window has


class Feeder:
    """Hands moments to a sink in order, in one thread of its own.

    At most `queue` moments wait, and as many are being written: that is all a crash can lose. The
    sink's return acknowledges its batch. An error of the sink is kept for the next caller.

    Attributes:
        patience: Seconds to wait for room in the queue before a moment is dropped; `None` waits for
            ever.
        remembered: Number of moments acknowledged.
        dropped: Number of moments that a full queue dropped.
        failed: Number of moments in batches for which the sink raised an error.
        lost: Number of samples in dropped and failed moments.
    """

    def __init__(self, sink: Sink, *, queue: int, policy: Policy, name: str) -> None:
        """Start the thread.

        Args:
            sink: Function that writes a batch.
            queue: Number of moments that may wait.
            policy: Behaviour of a full queue.
            name: Name of the thread.
        """
        self._sink, self._bound, self._policy = sink, queue, policy
        self._waiting: deque[Parcel] = deque()
        self._writing = 0
        self._changed = threading.Condition(Lock())
        self._closing = False
        self._error: BaseException | None = None
        self.patience: float | None = None
        self.remembered = self.dropped = self.failed = self.lost = 0
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Number of moments that are not acknowledged yet."""
        with self._changed:
            return len(self._waiting) + self._writing

    def put(self, parcel: Parcel) -> None:
        """Queue a moment; if the queue is full, wait or drop the oldest, as the policy says."""
        with self._changed:
            if self._policy == "drop-oldest" and len(self._waiting) >= self._bound:
                self._drop(self._waiting.popleft())
            if self._changed.wait_for(self._has_room, timeout=self.patience):
                self._waiting.append(parcel)
                self._changed.notify_all()
            else:
                self._drop(parcel)

    def _has_room(self) -> bool:
        return len(self._waiting) < self._bound

    def _drop(self, parcel: Parcel) -> None:
        self.dropped += 1
        self.lost += parcel.samples

    def raise_error(self) -> None:
        """Raise the error of the sink, if there was one since the last call.

        Raises:
            StreamError: The sink raised an error, which is the cause of this one.
        """
        with self._changed:
            error, self._error = self._error, None
        if error is not None:
            raise StreamError(
                f"moments of a stream that could not be remembered ({error})",
                "a memory that accepts them",
                "see the cause of this error; report.failed counts the moments",
            ) from error

    def drain(self) -> None:
        """Wait until everything queued is acknowledged or failed, or patience ends."""
        with self._changed:
            if not self._changed.wait_for(self._is_idle, timeout=self.patience):
                waiting = len(self._waiting) + self._writing
                self._error = self._error or TimeoutError(f"{waiting} moments still waited at exit")

    def stop(self) -> None:
        """End the thread once everything queued is acknowledged or failed, or patience ends."""
        self.drain()
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout=self.patience)

    def _is_idle(self) -> bool:
        return not self._waiting and not self._writing

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if not self._waiting:
                    return
                batch = list(self._waiting)
                self._waiting.clear()
                self._writing = len(batch)
                self._changed.notify_all()
            error: BaseException | None = None
            try:
                self._sink([parcel.moment for parcel in batch])
            except BaseException as raised:  # any error is the caller's: see raise_error
                error = raised
            self._acknowledge(batch, error)

    def _acknowledge(self, batch: Sequence[Parcel], error: BaseException | None) -> None:
        with self._changed:
            self._writing = 0
            if error is None:
                self.remembered += len(batch)
            else:
                self._error = self._error or error
                self.failed += len(batch)
                self.lost += sum(parcel.samples for parcel in batch)
            self._changed.notify_all()
