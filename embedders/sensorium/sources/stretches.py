"""Samples of motion of one stretch, as they were written, put in order of their times."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorium.sources.stamps import NANOSECONDS

PAUSE = NANOSECONDS  # without a sample, or back in time, that ends a stretch
MOST = 1_000_000  # samples of a stretch, whatever their clocks say


class Ordered(NamedTuple):
    """Samples with times that increase."""

    first: int  # nanoseconds, on the clock that was given; 0 where no sample is left
    seconds: NDArray[np.float64]  # (T,) from the first
    samples: NDArray[np.float64]  # (T, C)
    spread: bool  # whether times that were equal were spread


def ordered(times: NDArray[np.int64], samples: NDArray[np.float64]) -> Ordered:
    """Sort samples by their times; leave out those that are repeated or not finite.

    Args:
        times: Shape `(T,)`, nanoseconds.
        samples: Shape `(T, C)`.
    """
    kept = np.isfinite(samples).all(axis=1)
    order = np.argsort(times[kept], kind="stable")
    times, samples = times[kept][order], samples[kept][order]
    again = np.zeros(len(times), bool)
    again[1:] = (np.diff(times) == 0) & (samples[1:] == samples[:-1]).all(axis=1)
    times, samples = times[~again], samples[~again]
    spread, changed = spread_equal(times)
    first = int(times[0]) if len(times) else 0
    return Ordered(first, (spread - spread[:1]) / NANOSECONDS, samples, changed)


def spread_equal(times: NDArray[np.int64]) -> tuple[NDArray[np.float64], bool]:
    """Spread times that are equal evenly up to the next one: packets share the time of their first.

    Args:
        times: Shape `(T,)`, in nanoseconds, sorted.
    Returns:
        Shape `(T,)`, nanoseconds from the first, and whether any time was changed.
    """
    exact = (times - times[:1]).astype(np.float64)
    distinct, first, counts = np.unique(times, return_index=True, return_counts=True)
    if len(distinct) == len(times) or len(distinct) < 2:
        return exact, False
    steps = np.diff(distinct).astype(np.float64)
    periods = np.append(steps, np.median(steps / counts[:-1]) * counts[-1]) / counts
    place = np.arange(len(times)) - np.repeat(first, counts)  # of each in its packet
    return exact + place * np.repeat(periods, counts), True
