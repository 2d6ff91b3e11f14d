"""A stream: live samples or frames on their way into a memory."""

from __future__ import annotations

import atexit
import os
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders.forking import Lock
from sensorium.errors import StreamError, TimeError
from sensorium.memory.closing import Closing
from sensorium.memory.records import Moment
from sensorium.memory.streams.clock import Times, nanoseconds
from sensorium.memory.streams.cutter import Cutter, ReadyPercept
from sensorium.memory.streams.feeder import Feeder, Parcel
from sensorium.memory.streams.report import Counts, StreamReport
from sensorium.memory.streams.running_statistics import RunningStatistics, Statistics
from sensorium.percepts.source import Given

SAVE_EVERY = 10.0  # s between two writes of the statistics, while the stream is pushed to
EXIT_PATIENCE = 10.0  # s that a stream left open may keep the interpreter from exiting


@dataclass(frozen=True)
class Labels:
    """What every moment of a stream has in common."""

    text: str | None = None
    tags: tuple[str, ...] = ()
    source: str | None = None
    metadata: Mapping[str, Any] | None = None
    annotate: bool = False  # add the running statistics to the metadata


class Stream(Closing):
    """Live samples or frames on their way into a memory; made by `Memory.stream`.

    Pushing checks, copies and cuts; encoding and writing happen in a thread of the stream. Any
    thread may push. Use it as a context manager, or close it: a stream left open is closed when the
    interpreter exits.
    """

    def __init__(
        self,
        cutter: Cutter,
        feeder: Feeder,
        *,
        labels: Labels,
        statistics: RunningStatistics,
        counts: Counts,
    ) -> None:
        """Put the parts together; `open_stream` does."""
        self._cutter, self._feeder, self._labels = cutter, feeder, labels
        self._running, self._counts = statistics, counts
        self._ready: deque[Parcel] = deque()  # percepts that are not queued yet
        self._lock = Lock()
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

        Without `at` and `timestamps`, samples follow the last push; the first push starts now. With
        the policy "block", this waits while the queue is full.

        Args:
            samples: Motion `(T, 6)`; sound `(T,)` or `(C, T)`; a frame `(H, W)` or `(H, W, C)`, or
                a batch of frames `(N, H, W)` or `(N, H, W, C)`. Not modified.
            at: Time of the first sample; for frames also a list of one time for each.
            timestamps: Timestamp of each sample: seconds on the sensor's clock, or datetime64 in
                UTC.
        Raises:
            StreamError: The stream is closed, or windows pushed before could not be remembered;
                then nothing of this push is taken, and it may be tried again.
            PerceptError: The samples are not of the stream's modality and units; nothing is taken.
            TimeError: `at` is naive, or contradicts `timestamps`; nothing is taken.
            UnitError: Samples without times in a stream without a rate; nothing is taken.
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
        """Whether the stream was closed."""
        return self._closed

    @property
    def report(self) -> StreamReport:
        """Counts of what became of everything that was pushed so far."""
        # The lock is not taken: a push that waits for room in the queue holds it.
        feeder = self._feeder
        counts = {**self._counts.__dict__, "gaps": tuple(self._counts.gaps.copy())}
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
        """Mean and spread of each channel, over all windows so far, those of earlier runs too."""
        with self._lock:
            return self._running.snapshot()

    def normalised(self, samples: Given) -> NDArray[np.float32]:
        """Return samples `(n, C)` as z-scores by the running statistics, in the percept's units.

        Args:
            samples: Samples as they are pushed, or a single frame.
        Raises:
            StreamError: No window was cut yet.
            PerceptError: The samples are not of the stream's modality and units.
        """
        with self._lock:
            if self._running.channels is None:
                raise StreamError(
                    "z-scores asked of a stream without statistics",
                    "at least one window",
                    "push a window first",
                )
            return self._running.normalised(self._cutter.admitted(samples))

    def __reduce__(self) -> NoReturn:
        raise StreamError(
            "a stream to be pickled, whose windows fill in this process",
            "a memory, in which every process opens streams of its own",
            "send the memory, and call memory.stream(...) where the samples come in",
        )

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open"
        return f"<{type(self).__name__} {self._labels.source or ''} {state}>"

    def _send(self, percepts: Iterator[ReadyPercept]) -> None:
        """Queue percepts; those that an interruption leaves over go first the next time."""
        self._ready.extend(Parcel(self._moment(ready), ready.samples) for ready in percepts)
        self._queue_ready()

    def _queue_ready(self) -> None:
        while self._ready:
            self._feeder.put(self._ready[0])
            self._ready.popleft()

    def _moment(self, ready: ReadyPercept) -> Moment:
        labels = self._labels
        metadata = labels.metadata
        if labels.annotate:
            metadata = {**(metadata or {}), "statistics": self._running.snapshot().to_dict()}
        return Moment(
            (ready.percept,),
            text=labels.text,
            at=ready.percept.at,
            tags=labels.tags,
            source=labels.source,
            metadata=metadata,
        )

    def _save(self) -> None:
        self._running.save()
        self._saved = time.monotonic()

    def _close_at_exit(self) -> None:
        """Close, but keep the interpreter only for a while, whatever the sink or a thread does."""
        self._feeder.patience = EXIT_PATIENCE
        if self._lock.acquire(timeout=EXIT_PATIENCE):
            try:
                self.close()
            finally:
                self._lock.release()

    def _check_open(self) -> None:
        if self._closed:
            raise StreamError("a closed stream", "an open stream", "open another one")
        if os.getpid() != self._process:
            raise StreamError(
                "a stream of another process",
                "a stream of this process",
                "open the stream after the fork",
            )


def _times(at: object, timestamps: object) -> int | Times | None:
    """Return `at` in nanoseconds: one number, or one for each frame.

    Raises:
        TimeError: A naive time, or timestamps that give the times, too.
    """
    if at is None:
        return None
    several = isinstance(at, Sequence) and not isinstance(at, str)
    dated = timestamps is not None and np.asarray(timestamps).dtype.kind == "M"
    if dated or (several and timestamps is not None):
        raise TimeError(
            "at= and timestamps= that both give the time of each sample",
            "one of them",
            "leave out at=, or pass the time of the first sample alone",
        )
    if isinstance(at, Sequence) and not isinstance(at, str):
        return np.array([nanoseconds(moment) for moment in at], np.int64)
    return nanoseconds(at)
