"""The clock of a stream: when each sample was taken, in whole nanoseconds since 1970 (UTC).

Whole numbers make every comparison exact, so that a recording gives the same windows however it is
cut into pushes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import PerceptShapeError, TimeError
from sensorium.percepts.source import Array

Times = NDArray[np.int64]

SECOND = 1_000_000_000  # ns
MICROSECOND = 1_000  # ns
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
EARLIEST = -1_000_000_000  # s, the year 1938; sums and differences of such times
LATEST = 4_000_000_000  # s, the year 2096: fit 64 bits of nanoseconds (9.2e9 s)
FORWARD = 3_600 * SECOND  # a step beyond it is a clock that was set, or a sensor that slept
BACKWARD = 10 * SECOND  # a step back beyond it (and the lateness) is a clock that was set


def nanoseconds(moment: object) -> int:
    """Return an aware datetime as nanoseconds since 1970.

    Raises:
        TimeError: Naive, no datetime, or of another century.
    """
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        kind = "naive" if isinstance(moment, datetime) else f"a {type(moment).__name__}"
        raise TimeError(
            f"at={moment!r}, which is {kind}"[:200],
            "a datetime with its zone",
            "write at=datetime(..., tzinfo=timezone.utc) or at.astimezone()",
        )
    since = (moment - EPOCH) // timedelta(microseconds=1) * MICROSECOND
    if not EARLIEST * SECOND <= since <= LATEST * SECOND:
        raise TimeError(f"at={moment}", "a year from 1939 to 2095", "check the sensor's date")
    return since


def moment_of(time_ns: int) -> datetime:
    """Return nanoseconds since 1970 as a datetime in UTC, to the nearest microsecond."""
    return EPOCH + timedelta(microseconds=(time_ns + MICROSECOND // 2) // MICROSECOND)


class Stretch(NamedTuple):
    """Samples that follow each other on one clock, in the order they came."""

    times: Times  # (n,)
    late: NDArray[np.bool_] | None  # (n,): which came too late; `None` if none did
    jumped: bool  # whether the clock jumped before it


class Clock:
    """Gives each pushed sample its time, and notices when the clock jumps.

    The nominal rate counts samples that come without timestamps. Seconds on the sensor's own clock
    are tied to the wall clock by the first push, or by the last `at`; when that clock jumps, it is
    tied anew: to as long after the first sample as the wall clock says, and never into the past.
    """

    def __init__(
        self,
        *,
        rate: float | None,
        lateness: int,
        slack: int,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        """Start a clock.

        Args:
            rate: Nominal, in Hz; `None` if there always are timestamps.
            lateness: How far behind the newest sample one may come, in ns.
            slack: How far `at` may be from where the last push ended, in ns, and still continue it.
            now: The wall clock, in ns.
        """
        self.now = now
        self._rate, self._lateness, self._slack = rate, lateness, slack
        self._backward = max(BACKWARD, lateness)
        self._anchor: int | None = None  # ns: time of the sample that `_count` counts from
        self._count = 0
        self._offset: int | None = None  # ns from the sensor's clock to the wall clock
        self._tied: tuple[int, int] | None = None  # wall clock and sample's time when first tied
        self._newest: int | None = None

    def place(
        self, count: int, *, at: int | None = None, timestamps: Array | None = None
    ) -> list[Stretch]:
        """Return the times of `count` samples, in stretches between jumps of the clock.

        Args:
            count: How many, at least one.
            at: Time of the first, ns.
            timestamps: As `stamps` returns them, shape `(count,)`; needed without a rate.
        """
        if timestamps is None:
            return self._stretches(self._counted(count, at), movable=False)
        if timestamps.dtype.kind == "M":
            found = self._stretches(timestamps.astype(np.int64), movable=False)
        else:
            if at is not None or self._offset is None:
                self._offset = (self.now() if at is None else at) - int(timestamps[0])
            found = self._stretches(timestamps + self._offset, movable=at is None)
        if self._rate is not None:  # samples without any time go on from here
            self._anchor = int(found[-1].times.max()) + round(SECOND / self._rate)
            self._count = 0
        return found

    def _counted(self, count: int, at: int | None) -> Times:
        assert self._rate is not None  # which the cutters see to
        period = SECOND / self._rate
        expected = None if self._anchor is None else self._anchor + round(self._count * period)
        far = expected is None or (at is not None and abs(at - expected) > self._slack)
        if far:
            self._anchor, self._count = self.now() if at is None else at, 0
        assert self._anchor is not None
        steps = np.rint(np.arange(self._count, self._count + count) * period)
        self._count += count
        times: Times = self._anchor + steps.astype(np.int64)
        return times

    def _stretches(self, times: Times, *, movable: bool) -> list[Stretch]:
        """Cut where the clock jumps; `movable` times have no date of their own."""
        found: list[Stretch] = []
        if self._tied is None:
            self._tied = (self.now(), int(times[0]))
        newest, jumped = self._newest, False
        while len(times):
            if newest is None or jumped:
                newest = int(times[0])
            seen = np.maximum.accumulate(np.concatenate([[newest], times]))
            steps = times - seen[:-1]
            jumps = (steps > FORWARD) | (steps < -self._backward)
            end = int(jumps.argmax()) if jumps.any() else len(times)
            newest = int(seen[end])
            if end:
                late = steps[:end] < -self._lateness
                found.append(Stretch(times[:end], late if late.any() else None, jumped))
            times, jumped = times[end:], True
            if movable and len(times):
                times = times + self._tied_anew(int(times[0]), newest)
        self._newest = newest
        return found

    def _tied_anew(self, first: int, newest: int) -> int:
        """Return by how much the sensor's clock has to be moved after it jumped, in ns."""
        assert self._tied is not None
        assert self._offset is not None
        wall, tied = self._tied
        move = max(tied + self.now() - wall, newest + MICROSECOND) - first
        self._offset += move
        return move


def stamps(timestamps: object, count: int) -> Array:
    """Check timestamps: int64 nanoseconds of the sensor's clock, or datetime64[ns].

    Raises:
        PerceptShapeError: Not one for each sample, or neither numbers nor datetime64.
        TimeError: NaN, NaT, or beyond what 64 bits hold.
    """
    array = np.asarray(timestamps)
    if array.shape != (count,) or array.dtype.kind not in "iufM":
        raise PerceptShapeError(
            f"timestamps of shape {array.shape} and dtype {array.dtype} for {count} samples",
            f"shape ({count},), seconds or datetime64",
            "pass one for each sample",
        )
    dated = array.dtype.kind == "M"
    seconds = array.astype("datetime64[s]").astype(np.int64) if dated else array
    wrong = np.isnat(array) if dated else ~np.isfinite(array)
    wrong |= (seconds > LATEST) | (seconds < EARLIEST)
    if wrong.any():
        index = int(wrong.argmax())
        raise TimeError(
            f"timestamp {index} is {array[index]}",
            f"seconds from {EARLIEST:.0e} to {LATEST:.0e}, or datetime64 of 1939 to 2095",
            "pass seconds: divide milliseconds by 1e3, nanoseconds by 1e9",
        )
    if dated:
        return array.astype("datetime64[ns]")
    whole = np.floor(array)  # apart, so that whole seconds stay exact beyond 2**53 ns
    rest = np.rint((array - whole) * SECOND).astype(np.int64)
    return np.asarray(whole.astype(np.int64) * SECOND + rest)
