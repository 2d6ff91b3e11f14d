"""A stream: live samples or frames on their way into a memory."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import StreamError, TimeError
from sensorium.memory.closing import Closing
from sensorium.memory.records import Moment
from sensorium.memory.streams.clock import Times, nanoseconds
from sensorium.memory.streams.feeder import Feeder, Parcel
from sensorium.memory.streams.report import StreamReport, Tally
from sensorium.memory.streams.running import RunningStatistics, Statistics
from sensorium.memory.streams.signals import Cut
from sensorium.percepts.source import Array, Given

SAVE_EVERY = 10.0  # s between two writes of the statistics, while the stream is pushed to
EXIT_PATIENCE = 10.0  # s that a stream left open may keep the interpreter from exiting


class Cutter(Protocol):
    """Turns what is pushed into percepts."""

    def push(self, given: Given, *, at: int | Times | None, timestamps: object) -> Iterator[Cut]:
        """Take samples or frames; yield the percepts they complete."""

    def end(self) -> Iterator[Cut]:
        """Yield what is left."""

    def admitted(self, given: Given) -> Array:
        """Return samples as the statistics see them, `(n, C)`."""


@dataclass(frozen=True)
class Labels:
    """What every moment of a stream carries."""

    text: str | None = None
    tags: tuple[str, ...] = ()
    source: str | None = None
    metadata: Mapping[str, Any] | None = None
    annotate: bool = False  # add the running statistics to the metadata


class Stream(Closing):
    """Live samples or frames on their way into a memory; made by `Memory.stream`.

    Pushing checks, copies and cuts; encoding and writing happen in a thread of the stream. Any
    thread may push. Use it as a context manager, or close it: one left open is closed when the
    interpreter exits.
    """

    def __init__(
        self,
        cutter: Cutter,
        feeder: Feeder,
        *,
        labels: Labels,
        statistics: RunningStatistics,
        tally: Tally,
    ) -> None:
        """Put the parts together: see `open_stream`."""
        self._cutter, self._feeder, self._labels = cutter, feeder, labels
        self._running, self._tally = statistics, tally
        self._ready: deque[Parcel] = deque()  # cut, and not yet queued
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._saved = time.monotonic()
        self._closed = False
        atexit.register(self._close_at_exit)

    def push(
        self,
        samples: Given,
        *,
        at: datetime | Sequence[datetime] | None = None,
        timestamps: object = None,
    ) -> None:
        """Take samples or frames; return as soon as they are checked, copied and queued.

        Without `at` and `timestamps`, samples go on where the last push ended; the first push
        starts now. With the policy "block", a full queue is waited for.

        Args:
            samples: Motion `(T, 6)`; sound `(T,)` or `(C, T)`; a frame `(H, W)` or `(H, W, C)`, or
                a batch of frames `(N, H, W)` or `(N, H, W, C)`. Not modified.
            at: When the first sample was taken; for frames also one time for each.
            timestamps: One for each sample: seconds on the sensor's clock, or datetime64 in UTC.
        Raises:
            StreamError: The stream is closed, or windows pushed before could not be remembered;
                then nothing of this push is taken, and it may be tried again.
            PerceptError: What is pushed is not what the stream was opened for; nothing is taken.
        """
        with self._lock:
            self._check_open()
            self._feeder.raise_error()
            first = _times(at, timestamps)
            self._send(self._cutter.push(samples, at=first, timestamps=timestamps))
            if time.monotonic() - self._saved > SAVE_EVERY:
                self._save()

    def flush(self) -> None:
        """Wait until every complete window is remembered; the open window stays open.

        Raises:
            StreamError: The stream is closed, or windows could not be remembered.
        """
        with self._lock:
            self._check_open()
            self._send(iter(()))
            self._save()
        self._feeder.drain()
        self._feeder.raise_error()

    def close(self) -> None:
        """Remember the open window if it is long enough, wait for the queue, and end the thread.

        Raises:
            StreamError: Windows could not be remembered. The stream is closed nevertheless.
        """
        with self._lock:
            if self._closed or os.getpid() != self._process:
                return
            try:
                self._send(self._cutter.end())
                self._save()
            finally:
                self._closed = True
                atexit.unregister(self._close_at_exit)
                self._running.release()
                self._feeder.stop()
        self._feeder.raise_error()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    @property
    def report(self) -> StreamReport:
        """What became of everything that was pushed, as of now."""
        feeder, tally = self._feeder, self._tally  # no lock: a push may be waiting with it
        counts = {**tally.__dict__, "gaps": tuple(tally.gaps.copy())}
        return StreamReport(
            **counts,
            remembered=feeder.remembered,
            waiting=feeder.waiting + len(self._ready),
            dropped=feeder.dropped,
            failed=feeder.failed,
            lost=feeder.lost,
        )

    @property
    def statistics(self) -> Statistics:
        """Mean and spread of each channel, over all that was cut so far, also in earlier runs."""
        with self._lock:
            return self._running.snapshot()

    def normalised(self, samples: Given) -> NDArray[np.float32]:
        """Return samples `(n, C)` as z-scores by the running statistics, in the percept's units.

        Args:
            samples: As they are pushed; of frames, one.
        Raises:
            StreamError: Nothing was cut yet.
            PerceptError: As `push`.
        """
        with self._lock:
            if self._running.channels is None:
                raise StreamError(
                    "z-scores asked of a stream without statistics",
                    "samples that were pushed and cut",
                    "push a window first",
                )
            return self._running.normalised(self._cutter.admitted(samples))

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open"
        return f"<{type(self).__name__} {self._labels.source or ''} {state}>"

    def _send(self, cuts: Iterator[Cut]) -> None:
        """Queue what is cut; what an interruption leaves over goes first the next time."""
        self._ready.extend(Parcel(self._moment(cut), cut.samples) for cut in cuts)
        self._queue_ready()

    def _queue_ready(self) -> None:
        while self._ready:
            self._feeder.put(self._ready[0])
            self._ready.popleft()

    def _moment(self, cut: Cut) -> Moment:
        labels = self._labels
        metadata = labels.metadata
        if labels.annotate:
            metadata = {**(metadata or {}), "statistics": self._running.snapshot().to_dict()}
        return Moment(
            (cut.percept,),
            text=labels.text,
            at=cut.percept.at,
            tags=labels.tags,
            source=labels.source,
            metadata=metadata,
        )

    def _save(self) -> None:
        self._running.save()
        self._saved = time.monotonic()

    def _close_at_exit(self) -> None:
        """Close without keeping the interpreter for long, whatever the sink or a thread does."""
        self._feeder.patience = EXIT_PATIENCE
        if self._lock.acquire(timeout=EXIT_PATIENCE):
            try:
                self.close()
            finally:
                self._lock.release()

    def _check_open(self) -> None:
        if self._closed:
            raise StreamError("a stream that is closed", "an open one", "open another")
        if os.getpid() != self._process:
            raise StreamError(
                "a stream of another process", "one of this process", "open it after the fork"
            )


def _times(at: object, timestamps: object) -> int | Times | None:
    """Return `at` in nanoseconds, one number or one for each frame.

    Raises:
        TimeError: Naive, or beside timestamps that say the same.
    """
    if at is None:
        return None
    several = isinstance(at, Sequence) and not isinstance(at, str)
    dated = timestamps is not None and np.asarray(timestamps).dtype.kind == "M"
    if dated or (several and timestamps is not None):
        raise TimeError(
            "at= and timestamps= that both say when each was taken",
            "one of them",
            "leave out at=, or give it the time of the first alone",
        )
    if isinstance(at, Sequence) and not isinstance(at, str):
        return np.array([nanoseconds(one) for one in at], np.int64)
    return nanoseconds(at)
