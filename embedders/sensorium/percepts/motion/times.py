"""The times of samples of motion: seconds from the first, their rate, and what a gap is."""

from __future__ import annotations

import numbers

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import (
    PerceptShapeError,
    PerceptValueError,
    Phrase,
    TimeError,
    UnitError,
    listed,
    show,
)
from sensorium.percepts.resampling import TICK
from sensorium.percepts.source import Array

GAP = 0.1  # seconds without a sample split a recording,
GAP_PERIODS = 1.5  # or so many periods, if they are longer
# Stamps just 100 ms apart are not a gap; seconds since 1970 are exact to 2.4e-7 s
ROUNDING = 1e-6  # seconds
SLOWEST = 4.0  # Hz; slower "motion" is milliseconds given as seconds
FASTEST_BODY = 4000.0  # Hz, as far as a unit is suggested
FASTEST = 1e6  # Hz; faster is a period, or hours, given as the rate or seconds
BURSTS = 3.0  # times the mean rate; timestamps that are denser than this come in bursts
SORTED = {"clock": "sorted"}
RATE_DIGITS = 6  # decimals of a rate derived from timestamps, whose rounding is not its own


def seconds_from_first(stamps: Array, count: int) -> NDArray[np.float64]:
    """Return `(T,)` seconds from the first stamp, which increase strictly.

    Args:
        stamps: Shape `(T,)`, seconds from any origin, or datetime64.
        count: Samples that they belong to, T.
    Raises:
        PerceptShapeError: They are not one number or moment for each sample.
        TimeError: One is not later than the one before, or not finite.
    """
    if stamps.shape != (count,) or stamps.dtype.kind not in "iufM":
        raise PerceptShapeError(
            f"timestamps of shape {stamps.shape} and dtype {stamps.dtype} for {count} samples",
            f"shape ({count},), seconds or datetime64",
            "pass one for each sample",
        )
    if stamps.dtype.kind == "M":
        since = (stamps - stamps[0]).astype("timedelta64[ns]")
        seconds = np.where(np.isnat(since), np.nan, since.astype(np.int64) * 1e-9)
    else:
        seconds = stamps.astype(np.float64) - np.float64(stamps[0])
    late = ~(np.diff(seconds) > 0) | ~np.isfinite(seconds[1:])
    if late.any():
        index = int(late.argmax()) + 1
        raise TimeError(
            f"timestamp {index} ({stamps[index]}) after {stamps[index - 1]}",
            "finite timestamps, each later than the one before",
            _ordered(seconds),
        )
    return seconds


def _ordered(seconds: NDArray[np.float64]) -> Phrase:
    """Say how times that do not increase are read."""
    stamps, counts = np.unique(seconds[np.isfinite(seconds)], return_counts=True)
    # Of stamps cut to whole seconds, the first and the last one may have fewer samples
    first, last = (1, -1) if len(stamps) > 2 and counts.min() != counts.max() else (0, -1)
    lasting = float(stamps[last] - stamps[first]) if len(stamps) > 1 else 0.0
    rate = float(counts[first:last].sum()) / lasting if lasting > 0 else 0.0
    step = float(np.nanmedian(np.diff(seconds)))
    if step > 0:  # not packets: several recordings, or a few rows again
        rate = 1 / step
    by_rate = {"rate": float(f"{rate:.4g}"), "clock": "rate"}
    evenly = "if the rows are of one sensor and lie evenly"
    backwards = bool(np.nanmedian(np.diff(seconds)) < 0)
    if backwards or not SLOWEST <= rate <= FASTEST:
        return Phrase("pass {0} to sort the samples and leave out doubles", SORTED)
    if len(stamps) * 2 <= counts.sum():  # without doubles little would be left
        return Phrase(f"pass {{0}} {evenly}", by_rate)
    return Phrase(
        f"pass {{0}} to sort the samples and leave out doubles, or {{1}} {evenly}", SORTED, by_rate
    )


def _slowed(period: float) -> str:
    """Say which unit makes times that far apart those of motion, if they are taken for seconds."""
    ways = [
        {"time_unit": unit}
        for unit, ticks in (("ms", 1e3), ("us", 1e6), ("ns", 1e9))
        if 1 / FASTEST_BODY < period / ticks <= 1 / SLOWEST
    ]
    if not ways:
        return "leave it out: so slow or fast it is no motion of a body"
    return Phrase(f"pass {listed(ways)}", *ways)


def _likely_rate(rate: object) -> float:
    """Return a rate in Hz that may be meant: one over a period in seconds or milliseconds."""
    value = float(rate) if isinstance(rate, numbers.Real) and not isinstance(rate, bool) else 0.0
    periods = (1.0, 1e3)
    found = [ticks / value for ticks in periods if value > 0]
    return next((each for each in found if SLOWEST <= each <= FASTEST), 100.0)


def nominal_rate(times: NDArray[np.float64]) -> float:
    """Return the rate in Hz: one over the mean period, those with lost samples left out.

    In whole milliseconds 700 Hz has periods of 1 and 2 ms, so a period one tick longer than the
    median does not mean a lost sample.

    Args:
        times: Shape `(T,)`, seconds, increasing.
    Raises:
        UnitError: They are slower or faster than motion is sampled.
        TimeError: They come in bursts.
    """
    steps = np.diff(times)
    median = float(np.median(steps))
    lost = steps > median + max((GAP_PERIODS - 1) * median, GAP_PERIODS * TICK)
    period = float(steps[~lost].mean())
    if not 1 / FASTEST <= period <= 1 / SLOWEST + ROUNDING:
        raise UnitError(
            f"timestamps {period:g} s apart",
            f"motion sampled at {SLOWEST:g} Hz to {FASTEST:g} Hz",
            _slowed(period),
        )
    mean = float(np.minimum(steps, max(GAP, period)).mean())  # pauses are capped
    if mean > BURSTS * period:
        raise TimeError(
            f"timestamps in bursts: {1 / period:g} Hz at most times, {1 / mean:g} Hz on average",
            "the times at which the samples were taken, not those at which they arrived",
            Phrase(
                "pass the rate of the sensor, on average {0}, or the times of the sensor",
                {"rate": float(f"{1 / mean:.4g}"), "clock": "rate"},
            ),
        )
    return round(1 / period, RATE_DIGITS)


def check_rate(rate: object) -> float:
    """Return a rate in Hz after checking it.

    Raises:
        PerceptValueError: It is not a number from 4 to a million.
    """
    numeric = (int, float, np.integer, np.floating)  # True is 1, which is too slow
    if not isinstance(rate, numeric) or not SLOWEST <= rate <= FASTEST:
        raise PerceptValueError(
            f"a rate of {show(rate)}",
            f"samples per second, a number from {SLOWEST:g} Hz to {FASTEST:g} Hz",
            Phrase("pass {0}", {"rate": _likely_rate(rate)}),
        )
    return float(rate)
