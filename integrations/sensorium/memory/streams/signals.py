"""From pushed samples to windows: times, order, gaps, the even grid, running statistics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sensorium.errors import PerceptShapeError, PerceptTooShortError, TimeError, UnitError
from sensorium.memory.streams.clock import SECOND, Clock, Stretch, Times, moment_of, stamps
from sensorium.memory.streams.ordering import Ordering, Signal
from sensorium.memory.streams.report import Tally
from sensorium.memory.streams.running import RunningStatistics
from sensorium.memory.streams.senses import Sense
from sensorium.memory.streams.windowing import Grid, Window
from sensorium.percepts import IMU, Percept
from sensorium.percepts.imu import GAP_PERIODS, Motion
from sensorium.percepts.source import Array, Given, Samples

BLOCK = 2**14  # samples worked on at a time, and held at most before they are sorted
PACE_STAMPS = 16  # timestamps that show how fast a sensor is
PACE = 1.5  # times the nominal period: another rate than was said


class Cut(NamedTuple):
    """A percept of a stream, ready to be remembered."""

    percept: Percept
    samples: int  # that no other percept of the stream has


class Lengths(NamedTuple):
    """Lengths in seconds."""

    window: float
    stride: float
    shortest: float  # rest of a segment that is a window still
    gap: float
    lateness: float


class SignalCutter:
    """Cuts a stream of samples into percepts."""

    def __init__(
        self,
        sense: Sense,
        clock: Clock,
        *,
        rate: float | None,
        lengths: Lengths,
        near: int,
        statistics: RunningStatistics,
        tally: Tally,
    ) -> None:
        """Start without samples.

        Args:
            sense: What the samples are.
            clock: When they were taken.
            rate: Nominal, in Hz; `None` to learn it from the timestamps of the first window.
            lengths: Of windows, gaps and waiting.
            near: Samples at most this many ns apart are one.
            statistics: Merged with every sample that is kept.
            tally: Where everything is counted.
        """
        self._sense, self._clock, self._rate, self._lengths = sense, clock, rate, lengths
        self._statistics, self._tally = statistics, tally
        self._lateness = round(lengths.lateness * SECOND)
        self._ordering = Ordering(lateness=self._lateness, near=near)
        self._unpaced: list[tuple[Times, Signal]] = []
        self._grid = None if rate is None else self._new_grid(rate)
        self._paced = False

    def push(self, given: Given, *, at: int | Times | None, timestamps: object) -> Iterator[Cut]:
        """Take samples, all of them or, where they are refused, none; yield what is complete."""
        if isinstance(at, np.ndarray):
            raise TimeError(
                "several times in at=", "the time of the first sample", "pass timestamps="
            )
        samples = self._sense.admit(given)
        self._check_channels(samples)
        times = None if timestamps is None else stamps(timestamps, len(samples))
        if times is None and self._rate is None:
            raise UnitError(
                "samples without timestamps, in a stream without a rate",
                "one of them",
                "pass timestamps=, or open the stream with rate=",
            )
        if times is not None:
            self._check_pace(times)
        return self._blocks(samples, at, times)

    def end(self) -> Iterator[Cut]:
        """Yield what is left, where it is long enough."""
        yield from map(self._percept, self._finish())

    def admitted(self, given: Given) -> Signal:
        """Return samples as the statistics see them: `(n, C)` in the percept's units."""
        return self._sense.admit(given)

    def _blocks(self, samples: Signal, at: int | None, times: Array | None) -> Iterator[Cut]:
        for first in range(0, len(samples), BLOCK):
            block = samples[first : first + BLOCK]
            own = None if times is None else times[first : first + BLOCK]
            placed = self._clock.place(len(block), at=None if first else at, timestamps=own)
            yield from map(self._percept, list(self._take(block, placed)))

    def _take(self, samples: Signal, placed: list[Stretch]) -> Iterator[Window]:
        tally, first = self._tally, 0
        tally.pushed += len(samples)
        for times, late, jumped in placed:
            if jumped:
                yield from self._finish()
                tally.jumps += 1
            part = samples[first : first + len(times)]
            first += len(times)
            kept = np.isfinite(part).all(axis=1)
            tally.nan += len(part) - int(kept.sum())
            if late is not None:
                tally.late += int((late & kept).sum())
                kept &= ~late
            if kept.all():
                self._ordering.add(times, part)
            else:
                self._ordering.add(times[kept], part[kept])
        if self._due():
            yield from self._advance(everything=False)

    def _due(self) -> bool:
        """Whether a window may be complete: nothing is sorted before."""
        newest, due = self._ordering.newest, self._grid.due if self._grid else None
        waited = newest is not None and (due is None or newest >= due + self._lateness)
        return waited or self._ordering.waiting >= BLOCK

    def _advance(self, *, everything: bool) -> Iterator[Window]:
        released = self._ordering.release(everything=everything)
        self._tally.duplicates = self._ordering.duplicates
        if released is not None:
            self._statistics.add(released[1])
            self._unpaced.append(released)
        if self._grid is None and not self._learn(everything):
            return
        assert self._grid is not None
        ready, self._unpaced = self._unpaced, []
        for times, samples in ready:
            yield from self._grid.feed(times, samples)

    def _finish(self) -> Iterator[Window]:
        yield from self._advance(everything=True)
        if self._grid is not None:
            yield from self._grid.end()
        self._tally.discarded += sum(len(times) for times, _ in self._unpaced)
        self._unpaced = []

    def _learn(self, everything: bool) -> bool:
        """Learn the rate from the first window's timestamps; return whether it is known."""
        if not self._unpaced:
            return False
        times = np.concatenate([times for times, _ in self._unpaced])
        long = times[-1] - times[0] >= self._lengths.window * SECOND
        if len(times) < 2 or not (long or everything):
            return False
        samples = np.zeros((len(times), 6), np.float32)
        motion = Motion(Samples(samples), Samples((times - times[0]) / SECOND))
        try:
            rate = IMU(motion, accel="m/s^2", gyro="rad/s").rate
        except (UnitError, TimeError):
            self._unpaced.clear()
            self._tally.discarded += len(times)
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
            tally=self._tally,
        )

    def _percept(self, window: Window) -> Cut:
        self._tally.windows += 1
        at = moment_of(window.start)
        return Cut(self._sense.percept(window.samples, rate=self._pace, at=at), window.fresh)

    def _check_channels(self, samples: Signal) -> None:
        known = self._statistics.channels
        if known not in (None, samples.shape[1]):
            raise PerceptShapeError(
                f"{samples.shape[1]} channels for statistics of {known}",
                "the same channels as when the stream of that name was last open",
                "choose another name=",
            )

    def _check_pace(self, times: Array) -> None:
        """Compare the first timestamps with the rate that was said."""
        if self._rate is None or self._paced or len(times) < PACE_STAMPS:
            return
        steps = np.diff(np.unique(times.astype(np.int64)))
        step = float(np.median(steps)) / SECOND if len(steps) else 0.0
        if step and not 1 / PACE <= step * self._rate <= PACE:
            raise UnitError(
                f"rate={self._rate:g} with timestamps {step:g} s apart ({1 / step:g} Hz)",
                "timestamps in seconds, and the rate the sensor has",
                f"pass rate={1 / step:.4g}, or divide milliseconds by 1e3",
            )
        self._paced = True
