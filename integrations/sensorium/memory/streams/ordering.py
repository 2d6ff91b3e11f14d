"""Order of time: what is waited for, and what comes too late.

This is the only place where a sample or frame is dropped for its time. Samples may come late by the
stream's lateness, and are held back as long; frames are never waited for. Samples that share one
time, as packets do, are spread up to the next.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sensorium.memory.streams.clock import Times
from sensorium.memory.streams.report import Counts
from sensorium.percepts.motion import packets

Rows = NDArray[np.float32]  # samples, (n, C)


class SampleOrder:
    """Holds samples back for the lateness, sorts them, spreads packets, drops late and double ones.

    Attributes:
        newest: Time of the newest sample that is kept, ns; `None` before the first.
        waiting: Number of samples held.
    """

    def __init__(self, *, lateness: int, near: int, counts: Counts) -> None:
        """Start without samples.

        Args:
            lateness: How far behind the newest sample another may come, in ns.
            near: Samples at most this many ns apart are duplicates; the first one stays.
            counts: Counts of what is dropped.
        """
        self._lateness, self._near, self._counts = lateness, near, counts
        self._held: list[tuple[Times, Rows]] = []
        self._seen: int | None = None  # ns: newest sample that came, even if it was dropped
        self._last: int | None = None  # ns: last sample released, even if it was a duplicate
        self._packets = False  # whether samples share their times
        self._period: float | None = None  # ns between the samples of packets
        self.newest: int | None = None
        self.waiting = 0

    def add(self, times: Times, samples: Rows) -> None:
        """Take samples in the order in which they came; drop those with NaN and late ones."""
        before = times[0] if self._seen is None else self._seen
        seen = np.maximum.accumulate(np.concatenate([[before], times]))
        self._seen = int(seen[-1])
        finite = np.isfinite(samples).all(axis=1)
        late = finite & (times - seen[:-1] < -self._lateness)
        self._counts.nan += len(samples) - int(finite.sum())
        self._counts.late += int(late.sum())
        kept = finite & ~late
        if not kept.all():
            times, samples = times[kept], samples[kept]
        if len(times) == 0:
            return
        self._held.append((times, samples))
        self.waiting += len(times)
        latest = int(times.max())
        self.newest = latest if self.newest is None else max(self.newest, latest)

    def release(self) -> tuple[Times, Rows] | None:
        """Return samples before which no other can come any more, `None` if there are none."""
        bound = None if self.newest is None else self.newest - self._lateness
        return self._release_until(bound, at_end=False)

    def release_all(self) -> tuple[Times, Rows] | None:
        """Return all samples without waiting, `None` if there are none; start anew after them."""
        released = self._release_until(self.newest, at_end=True)
        self._seen = self._last = self.newest = None
        return released

    def _release_until(self, bound: int | None, *, at_end: bool) -> tuple[Times, Rows] | None:
        if not self._held or bound is None:
            return None
        times, samples = self._sorted()
        ready = int(np.searchsorted(times, bound, "right"))
        if self._packets and ready == len(times) and not at_end:
            # The rest of the last packet may still come, and the next stamp says how long it is.
            ready = int(np.searchsorted(times, times[-1], "left"))
        self._held = [(times[ready:], samples[ready:])] if ready < len(times) else []
        self.waiting = len(times) - ready
        following = int(times[ready]) if ready < len(times) else None
        times, samples = times[:ready], samples[:ready]
        if not ready:
            return None
        if self._packets:
            spread = packets.spread(times, following=following, period=self._period)
            times, self._period = spread.times, spread.period
        before = times[0] - self._near - 1 if self._last is None else self._last
        steps = np.diff(times, prepend=before)
        self._packets = self._packets or bool((steps == 0).any())
        kept = steps > self._near
        self._last = int(times[-1])
        if not kept.all():
            self._counts.duplicates += ready - int(kept.sum())
            times, samples = times[kept], samples[kept]
        return (times, samples) if len(times) else None

    def _sorted(self) -> tuple[Times, Rows]:
        """Return what is held in order of time, without samples that were sent twice."""
        times = np.concatenate([times for times, _ in self._held])
        samples = np.concatenate([samples for _, samples in self._held])
        if (np.diff(times) <= 0).any():
            order = np.argsort(times, kind="stable")
            times, samples = times[order], samples[order]
            again = packets.repeated(times, samples)
            if again.any():
                self._counts.duplicates += int(again.sum())
                times, samples = times[~again], samples[~again]
            self._packets = self._packets or bool((np.diff(times) == 0).any())
        return times, samples


class FrameOrder:
    """Accepts frames in order of time, and drops late and double ones."""

    def __init__(self, *, gap: int | None, counts: Counts) -> None:
        """Start without frames.

        Args:
            gap: Frames more than this many ns apart are reported; `None` reports nothing.
            counts: Counts of what is dropped, and gaps.
        """
        self._gap, self._counts = gap, counts
        self._newest: int | None = None  # ns

    def restart(self) -> None:
        """Accept any time next, after the clock jumped."""
        self._newest = None

    def accepts(self, time: int) -> bool:
        """Return whether a frame is newer than those before it; count it if it is not."""
        newest = self._newest
        if newest is not None and time <= newest:
            self._counts.duplicates += time == newest
            self._counts.late += time < newest
            return False
        if newest is not None and self._gap is not None and time - newest > self._gap:
            self._counts.gap(newest, time)
        self._newest = time
        return True
