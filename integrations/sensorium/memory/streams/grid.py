"""The even grid of a stream: samples are moved onto it and cut into windows, each sample once.

A segment is a stretch without a gap; its grid starts at its first sample. Whether a sample moves
onto the grid depends only on its neighbours in its window, never on how the stream was pushed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sensorium.memory.streams.clock import SECOND, Times
from sensorium.memory.streams.ordering import Rows
from sensorium.memory.streams.report import Counts
from sensorium.percepts.resampling import JITTER, TICK, TICK_NOISE

TICK_NS = round(TICK * SECOND)  # tick of clocks that count whole milliseconds
NOISE_NS = round(TICK_NS * TICK_NOISE)


class Window(NamedTuple):
    """A stretch of a stream on its even grid.

    Attributes:
        start: Time of the first sample, ns.
        samples: Shape `(n, C)`, float32.
        fresh: Number of samples that no window before had.
    """

    start: int
    samples: Rows
    fresh: int


class Grid:
    """Cuts samples that come in order of time into windows.

    Memory is bounded by one window, however long the stream and its stride are.
    """

    def __init__(
        self, *, rate: float, window: int, stride: int, shortest: int, gap: int, counts: Counts
    ) -> None:
        """Start without samples.

        Args:
            rate: Rate of the grid, Hz.
            window: Number of samples in a window.
            stride: Number of samples from the start of one window to that of the next.
            shortest: Number of samples with which the rest of a segment still becomes a window.
            gap: Samples more than this many ns apart lie in two segments.
            counts: Counts of gaps and of samples in no window.
        """
        self._rate, self._window, self._stride = rate, window, stride
        self._shortest, self._gap, self._counts = min(shortest, window), gap, counts
        self._period = SECOND / rate
        self._pieces: list[tuple[Times, Rows]] = []
        self._start: int | None = None  # ns: time of the segment's first sample
        self._last = 0  # ns: time of the newest sample
        self._next = 0  # index in the grid: first sample of the next window
        self._taken = 0  # index in the grid: end of the last window

    @property
    def due(self) -> int | None:
        """Time in ns before which no window can be complete; `None` without a segment."""
        return None if self._start is None else int(self._time(self._next + self._window - 1))

    def feed(self, times: Times, samples: Rows) -> Iterator[Window]:
        """Take samples in order of time and yield the windows they complete."""
        before = times[0] if self._start is None else self._last
        first = 0
        for cut in np.flatnonzero(np.diff(times, prepend=before) > self._gap).tolist():
            if first < cut:
                yield from self._extend(times[first:cut], samples[first:cut])
            yield from self.end()
            self._counts.gap(self._last, int(times[cut]))
            first = cut
        yield from self._extend(times[first:], samples[first:])

    def end(self) -> Iterator[Window]:
        """End the segment: yield what is left of it, if that is long enough."""
        if self._start is None:
            return
        times, samples = self._join()
        count = int((self._last - self._start) / self._period + 0.5) + 1
        while self._next + self._window <= count:
            yield self._cut(self._next + self._window, times, samples)
        if count > self._taken and count - self._next >= self._shortest:
            yield self._cut(count, times, samples)
        self._counts.skipped += max(0, min(self._next, count) - self._taken)
        self._counts.discarded += max(0, count - max(self._next, self._taken))
        self._pieces, self._start, self._next, self._taken = [], None, 0, 0

    def _extend(self, times: Times, samples: Rows) -> Iterator[Window]:
        if self._start is None:
            self._start = int(times[0])
        self._pieces.append((times, samples))
        self._last = int(times[-1])
        times, samples = self._join()
        while True:
            covered = self._time(self._next + self._window - 1) - JITTER * self._period
            cover = int(np.searchsorted(times, covered))
            if cover == len(times):
                break
            end = self._next + self._window
            yield self._cut(end, times[: cover + 1], samples[: cover + 1])
        needed = int(np.searchsorted(times, self._time(self._next) - self._period / 2)) - 1
        needed = max(needed, 0)  # one sample before the window stays, to interpolate from it
        self._pieces = [(times[needed:].copy(), samples[needed:].copy())]

    def _join(self) -> tuple[Times, Rows]:
        if len(self._pieces) > 1:
            times, samples = zip(*self._pieces, strict=True)
            self._pieces = [(np.concatenate(times), np.concatenate(samples))]
        return self._pieces[0]

    def _time(self, index: int) -> float:
        assert self._start is not None
        return self._start + round(index * self._period)

    def _cut(self, end: int, times: Times, samples: Rows) -> Window:
        """Return the window up to the grid's index `end`, and advance to the next window."""
        first = self._next
        assert self._start is not None
        grid = self._start + np.rint(np.arange(first, end) * self._period).astype(np.int64)
        fresh = end - max(first, self._taken)
        self._counts.skipped += max(0, first - self._taken)
        self._next, self._taken = first + self._stride, end
        return Window(int(grid[0]), self._even(grid, times, samples), fresh)

    def _even(self, grid: Times, times: Times, samples: Rows) -> Rows:
        """Return samples at the times of the grid, interpolated unless they lie on it."""
        half = self._period / 2
        first, end = np.searchsorted(times, [grid[0] - half, grid[-1] + half]).tolist()
        if end - first == len(grid):
            off = int(np.abs(times[first:end] - grid).max())
            if off <= self._tolerance(times[first:end]):
                return samples[first:end].copy()
        times, samples = times[max(first - 1, 0) :], samples[max(first - 1, 0) :]
        since, wanted = (times - grid[0]).astype(np.float64), (grid - grid[0]).astype(np.float64)
        columns = [np.interp(wanted, since, column) for column in samples.T]
        return np.stack(columns, axis=1).astype(np.float32)

    def _tolerance(self, times: Times) -> float:
        """Return how far from the grid samples may lie and still count as on it, in ns."""
        assert self._start is not None
        # A clock that counts whole milliseconds rounds each time by up to one tick.
        rest = (times - self._start + NOISE_NS) % TICK_NS
        rounded = bool((rest <= 2 * NOISE_NS).all())
        return JITTER * self._period + TICK_NS * rounded
