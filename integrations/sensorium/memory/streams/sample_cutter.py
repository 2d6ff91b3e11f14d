"""Cutting pushed samples into percepts: times, order, gaps, the even grid, running statistics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sensorium.errors import PerceptShapeError, PerceptTooShortError, TimeError, UnitError
from sensorium.memory.streams.clock import SECOND, Clock, Stretch, Times, moment_of, stamps
from sensorium.memory.streams.cutter import ReadyPercept
from sensorium.memory.streams.grid import Grid, Window
from sensorium.memory.streams.modalities import SampledModality
from sensorium.memory.streams.ordering import Rows, SampleOrder
from sensorium.memory.streams.report import Counts
from sensorium.memory.streams.running_statistics import RunningStatistics
from sensorium.percepts import IMU
from sensorium.percepts.motion.canonical import Motion
from sensorium.percepts.motion.packets import repeated
from sensorium.percepts.motion.times import GAP_PERIODS
from sensorium.percepts.source import Array, Given, Samples

BLOCK = 2**14  # samples to process at a time, and to hold at most before they are sorted
PACE_STAMPS = 16  # timestamps that are enough to compare with the nominal rate
PACE = 1.5  # ratio of the measured and the nominal period from which the rate is wrong


class Lengths(NamedTuple):
    """Lengths in seconds."""

    window: float
    stride: float
    shortest: float  # rest of a segment that still becomes a window
    gap: float
    lateness: float


class SampleCutter:
    """Cuts a stream of samples into percepts."""

    def __init__(
        self,
        modality: SampledModality,
        clock: Clock,
        *,
        rate: float | None,
        lengths: Lengths,
        near: int,
        statistics: RunningStatistics,
        counts: Counts,
    ) -> None:
        """Start without samples.

        Args:
            modality: Modality of the samples.
            clock: Clock that gives each sample its time.
            rate: Nominal rate in Hz; `None` to learn it from the timestamps of the first window.
            lengths: Lengths of windows, gaps and waiting.
            near: Samples at most this many ns apart are duplicates.
            statistics: Statistics of all samples that are kept.
            counts: Counts of the stream.
        """
        self._modality, self._clock, self._rate, self._lengths = modality, clock, rate, lengths
        self._statistics, self._counts = statistics, counts
        self._lateness = round(lengths.lateness * SECOND)
        self._order = SampleOrder(lateness=self._lateness, near=near, counts=counts)
        self._unpaced: list[tuple[Times, Rows]] = []
        self._grid = None if rate is None else self._new_grid(rate)
        self._paced = False

    def push(
        self, given: Given, *, at: int | Times | None, timestamps: object
    ) -> Iterator[ReadyPercept]:
        """Take samples; yield the percepts that they complete.

        Raises:
            PerceptError: They cannot be samples of the modality; none is taken then.
            TimeError: Several times in `at`, or timestamps that cannot be.
            UnitError: Neither timestamps nor a rate, or timestamps that contradict the rate.
        """
        if isinstance(at, np.ndarray):
            raise TimeError(
                "several times in at=", "the time of the first sample", "pass timestamps="
            )
        samples = self._modality.admit(given)
        self._check_channels(samples)
        times = None if timestamps is None else stamps(timestamps, len(samples))
        if times is None and self._rate is None:
            raise UnitError(
                "samples without timestamps, in a stream without a rate",
                "timestamps or a rate",
                "pass timestamps=, or open the stream with rate=",
            )
        if times is not None:
            self._check_pace(times, samples)
        return self._blocks(samples, at, times)

    def end(self) -> Iterator[ReadyPercept]:
        """Yield the last percept, if what is left is long enough."""
        yield from map(self._percept, self._finish())

    def admitted(self, given: Given) -> Rows:
        """Return samples in the units of the statistics, shape `(n, C)`."""
        return self._modality.admit(given)

    def _blocks(self, samples: Rows, at: int | None, times: Array | None) -> Iterator[ReadyPercept]:
        for first in range(0, len(samples), BLOCK):
            block = samples[first : first + BLOCK]
            own = None if times is None else times[first : first + BLOCK]
            placed = self._clock.place(len(block), at=None if first else at, timestamps=own)
            yield from map(self._percept, list(self._take(block, placed)))

    def _take(self, samples: Rows, placed: list[Stretch]) -> Iterator[Window]:
        self._counts.pushed += len(samples)
        first = 0
        for times, jumped in placed:
            if jumped:
                yield from self._finish()
                self._counts.jumps += 1
            self._order.add(times, samples[first : first + len(times)])
            first += len(times)
        if self._due():
            yield from self._advance(self._order.release(), at_end=False)

    def _due(self) -> bool:
        """Return whether a window may be complete; until then, sorting samples would be waste."""
        newest, due = self._order.newest, self._grid.due if self._grid else None
        waited = newest is not None and (due is None or newest >= due + self._lateness)
        return waited or self._order.waiting >= BLOCK

    def _advance(self, released: tuple[Times, Rows] | None, *, at_end: bool) -> Iterator[Window]:
        if released is not None:
            self._statistics.add(released[1])
            self._unpaced.append(released)
        if self._grid is None and not self._learn(at_end):
            return
        assert self._grid is not None
        ready, self._unpaced = self._unpaced, []
        for times, samples in ready:
            yield from self._grid.feed(times, samples)

    def _finish(self) -> Iterator[Window]:
        yield from self._advance(self._order.release_all(), at_end=True)
        if self._grid is not None:
            yield from self._grid.end()
        self._counts.discarded += sum(len(times) for times, _ in self._unpaced)
        self._unpaced = []

    def _learn(self, at_end: bool) -> bool:
        """Learn the rate from the first window's timestamps; return whether it is known.

        Args:
            at_end: Whether no more samples come, so that less than a window must do.
        """
        if not self._unpaced:
            return False
        times = np.concatenate([times for times, _ in self._unpaced])
        long = times[-1] - times[0] >= self._lengths.window * SECOND
        if len(times) < 2 or not (long or at_end):
            return False
        samples = np.zeros((len(times), 6), np.float32)
        motion = Motion(Samples(samples), Samples((times - times[0]) / SECOND))
        try:
            rate = IMU(motion, accel="m/s^2", gyro="rad/s").rate
        except (UnitError, TimeError):
            self._unpaced.clear()
            self._counts.discarded += len(times)
            raise
        self._grid = self._new_grid(rate)
        return True

    def _new_grid(self, rate: float) -> Grid:
        self._pace = rate
        window, stride, shortest, gap, _ = self._lengths
        if round(window * rate) < 2:
            raise PerceptTooShortError(
                f"windows of {window:g} s at {rate:g} Hz", "two samples or more", "raise window="
            )
        return Grid(
            rate=rate,
            window=round(window * rate),
            stride=max(1, round(stride * rate)),
            shortest=max(2, round(shortest * rate)),
            gap=round(max(gap, GAP_PERIODS / rate) * SECOND),
            counts=self._counts,
        )

    def _percept(self, window: Window) -> ReadyPercept:
        self._counts.windows += 1
        at = moment_of(window.start)
        return ReadyPercept(
            self._modality.percept(window.samples, rate=self._pace, at=at), window.fresh
        )

    def _check_channels(self, samples: Rows) -> None:
        known = self._statistics.channels
        if known not in (None, samples.shape[1]):
            raise PerceptShapeError(
                f"{samples.shape[1]} channels for statistics of {known}",
                "as many channels as when the stream of that name was last open",
                "choose another name=",
            )

    def _check_pace(self, times: Array, samples: Rows) -> None:
        """Check that the first timestamps agree with the nominal rate."""
        if self._rate is None or self._paced or len(times) < PACE_STAMPS:
            return
        order = np.argsort(times, kind="stable")
        placed = times[order].astype(np.int64)
        placed = placed[~repeated(placed, samples[order])]
        distinct, counts = np.unique(placed, return_counts=True)
        steps = np.diff(distinct) / counts[:-1]  # packets share a stamp
        step = float(np.median(steps)) / SECOND if len(steps) else 0.0
        if step and not 1 / PACE <= step * self._rate <= PACE:
            raise UnitError(
                f"rate={self._rate:g} with timestamps {step:g} s apart ({1 / step:g} Hz)",
                "timestamps in seconds, at the rate of the sensor",
                f"pass rate={1 / step:.4g}, or divide milliseconds by 1e3",
            )
        self._paced = True
