"""Samples of motion of one stretch, as they were written, put in order of their times."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorium.percepts.motion import packets
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
    again = packets.repeated(times, samples)
    times, samples = times[~again], samples[~again]
    spread = packets.spread(times)
    first = int(times[0]) if len(times) else 0
    return Ordered(first, (spread.times - first) / NANOSECONDS, samples, spread.changed)
