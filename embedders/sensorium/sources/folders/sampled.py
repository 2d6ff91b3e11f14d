"""Sources of samples of motion, several on one clock, and cut into stretches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sensorium.percepts.motion.merging import GAP
from sensorium.percepts.resampling import interpolate
from sensorium.sources.stamps import NANOSECONDS
from sensorium.sources.stretches import MOST, PAUSE

AXES = 3
KEPT = NANOSECONDS  # of another sensor before a block, for its first samples

Block: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float64]]  # times (n,) in ns, samples (n, C)


class Sampled(Protocol):
    """A source of samples of one or several sensors, with one clock.

    Attributes:
        uri: Where it is.
        samples: Columns of each sensor in the blocks: `"accel"`, `"linear"`, `"gravity"`, `"gyro"`.
        timed: Where the times are from, in words.
    """

    @property
    def uri(self) -> str: ...
    @property
    def samples(self) -> Mapping[str, slice]: ...
    @property
    def timed(self) -> str: ...

    def describe(self, kind: str) -> str:
        """Return where the samples of a sensor are from, in words."""

    def unit(self, kind: str) -> str | None:
        """Return the unit of a sensor, if the source says it."""

    def count(self) -> int:
        """Return how many samples there are, about."""

    def blocks(self) -> Iterator[Block]:
        """Yield times in nanoseconds and samples, some thousands at a time."""


# Sensors of a part: the source of each, and the kind that it has there
Tracks: TypeAlias = Mapping[str, tuple[Sampled, str]]


class Beside:
    """A sensor, at the times of the accelerometer."""

    def __init__(self, source: Sampled, kind: str, *, same: bool) -> None:
        self._columns, self._same = source.samples[kind], same
        self._blocks = iter(()) if same else source.blocks()
        self._times = np.empty(0, np.int64)
        self._values = np.empty((0, AXES))

    @classmethod
    def of(cls, track: tuple[Sampled, str] | None, source: Sampled) -> Beside | None:
        """Begin to read a sensor, if there is one; that of the same source comes with its rows."""
        return None if track is None else cls(*track, same=track[0] is source)

    def at(self, times: NDArray[np.int64], block: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return its samples `(n, 3)`, NaN where there is none near on both sides."""
        if self._same:
            return block[:, self._columns]
        start, end = int(times.min()) - KEPT, int(times.max())
        while not len(self._times) or self._times[-1] <= end:
            more = next(self._blocks, None)
            if more is None:
                break
            values = more[1][:, self._columns]
            full = np.isfinite(values).all(axis=1)
            self._times = np.concatenate([self._times, more[0][full]])
            self._values = np.concatenate([self._values, values[full]])
            order = np.argsort(self._times, kind="stable")
            order = order[np.searchsorted(self._times[order], start) :]
            self._times, self._values = self._times[order], self._values[order]
        if len(self._times) < 2:
            return np.full((len(times), AXES), np.nan)
        known, ours = self._times - self._times[0], times - self._times[0]  # floats hold them
        return interpolate(self._values, known, ours, gap=GAP * NANOSECONDS)


def cut(blocks: Iterable[Block], longest: int) -> Iterator[Block]:
    """Put blocks together, and cut them at pauses, at jumps of the clock and at the longest length.

    Args:
        blocks: Times in nanoseconds, and samples.
        longest: Nanoseconds.
    """
    held: list[Block] = []
    for block in blocks:
        held.append(block)
        times, samples = (np.concatenate(parts) for parts in zip(*held, strict=True))
        while len(times):
            steps = np.abs(np.diff(times)) > PAUSE
            over = steps | (times[1:] - times[0] >= longest)
            end = int(over.argmax()) + 1 if over.any() else MOST
            if end >= len(times) and not over.any():
                break
            yield times[:end], samples[:end]
            times, samples = times[end:], samples[end:]
        held = [(times, samples)]
    for times, samples in held:
        if len(times):
            yield times, samples
