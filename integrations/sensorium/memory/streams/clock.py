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

from sensorium.errors import PerceptShapeError, TimeError, show
from sensorium.percepts.source import Array

Times = NDArray[np.int64]

SECOND = 1_000_000_000  # ns
MICROSECOND = 1_000  # ns
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
EARLIEST = -1_000_000_000  # s, the year 1938; sums and differences of such times
LATEST = 4_000_000_000  # s, the year 2096: fit 64 bits of nanoseconds (9.2e9 s)
# A longer step is a jump: the clock was set, or the sensor slept.
FORWARD = 3_600 * SECOND
BACKWARD = 10 * SECOND  # or the lateness, if that is longer


def nanoseconds(moment: object) -> int:
    """Return an aware datetime as nanoseconds since 1970.

    Raises:
        TimeError: A naive datetime, another type, or a year out of range.
    """
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        kind = "naive" if isinstance(moment, datetime) else f"a {type(moment).__name__}"
        raise TimeError(
            f"at={show(moment)}, which is {kind}",
            "a timezone-aware datetime",
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
    """Samples that follow each other on one clock, in the order in which they came."""

    times: Times  # (n,)
    jumped: bool  # whether the clock jumped before the first of them


class Clock:
    """Gives each pushed sample its time, and notices when the clock jumps.

    Samples without timestamps are counted at the nominal rate. Seconds on the sensor's own clock
    are tied to the wall clock by the first push, or by the last `at`. After a jump of that clock it
    is tied anew: as long after the first sample as the wall clock says, and never into the past.
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
            rate: Nominal rate in Hz; `None` if every push has timestamps.
            lateness: How far behind the newest sample another may come, in ns: no jump is nearer.
            slack: How far `at` may be from the end of the last push, in ns, and still continue it.
            now: The wall clock, in ns.
        """
        self.now = now
        self._rate, self._slack = rate, slack
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
            count: Number of samples, at least one.
            at: Time of the first sample, ns.
            timestamps: Timestamps that `stamps` returned, shape `(count,)`; needed without a rate.
        """
        if timestamps is None:
            return self._stretches(self._count_times(count, at), movable=False)
        if timestamps.dtype.kind == "M":
            stretches = self._stretches(timestamps.astype(np.int64), movable=False)
        else:
            if at is not None or self._offset is None:
                self._offset = (self.now() if at is None else at) - int(timestamps[0])
            stretches = self._stretches(timestamps + self._offset, movable=at is None)
        if self._rate is not None:  # a push without any time goes on from here
            self._anchor = int(stretches[-1].times.max()) + round(SECOND / self._rate)
            self._count = 0
        return stretches

    def _count_times(self, count: int, at: int | None) -> Times:
        assert self._rate is not None  # the cutters refuse such a push
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
        """Split times where the clock jumps.

        Args:
            times: Times in the order in which the samples came, ns.
            movable: Whether the sensor's clock may be tied anew, because it has no date of its own.
        """
        stretches: list[Stretch] = []
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
                stretches.append(Stretch(times[:end], jumped))
            times, jumped = times[end:], True
            if movable and len(times):
                times = times + self._tie_again(int(times[0]), newest)
        self._newest = newest
        return stretches

    def _tie_again(self, first: int, newest: int) -> int:
        """Move the sensor's clock after it jumped; return by how much, in ns."""
        assert self._tied is not None
        assert self._offset is not None
        wall, tied = self._tied
        move = max(tied + self.now() - wall, newest + MICROSECOND) - first
        self._offset += move
        return move


def stamps(timestamps: object, count: int) -> Array:
    """Check timestamps: int64 nanoseconds of the sensor's clock, or datetime64[ns].

    Raises:
        PerceptShapeError: Not one timestamp for each sample, or neither numbers nor datetime64.
        TimeError: NaN, NaT, or a year out of range.
    """
    array = np.asarray(timestamps)
    if array.shape != (count,) or array.dtype.kind not in "iufM":
        raise PerceptShapeError(
            f"timestamps of shape {array.shape} and dtype {array.dtype} for {count} samples",
            f"shape ({count},), seconds or datetime64",
            "pass one timestamp for each sample",
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
    # Seconds and their fractions are converted apart: as one float, ns would be exact only up to
    # 2**53, which is 104 days.
    whole = np.floor(array)
    rest = np.rint((array - whole) * SECOND).astype(np.int64)
    return np.asarray(whole.astype(np.int64) * SECOND + rest)
