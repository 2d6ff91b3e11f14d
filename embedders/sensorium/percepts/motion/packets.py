"""Times of samples that come in packets, all of which share the time of the first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LONG = 1.5  # times the usual period; a packet before such a step was followed by a loss


class Spread(NamedTuple):
    """Times of samples, no two of which are equal if a period is known.

    Attributes:
        times: Shape `(T,)`, nanoseconds.
        period: The usual nanoseconds between two samples of a packet; `None` if not known.
        changed: Whether any time was equal to another.
    """

    times: NDArray[np.int64]
    period: float | None
    changed: bool


def spread(
    times: NDArray[np.int64], *, following: int | None = None, period: float | None = None
) -> Spread:
    """Spread times that are equal evenly up to the next one.

    A packet before a loss, and the last one, are spread by the usual period.

    Args:
        times: Shape `(T,)`, in nanoseconds, sorted.
        following: The time of the sample after the last, if it is known.
        period: The usual period of packets before these.
    """
    distinct, first, counts = np.unique(times, return_index=True, return_counts=True)
    if len(distinct) == len(times):
        return Spread(times, period, False)
    known = distinct if following is None else np.append(distinct, following)
    periods = np.diff(known) / counts[: len(known) - 1]
    packets = periods[counts[: len(periods)] > 1]
    usual = [each for each in (period,) if each is not None]
    if len(packets):
        usual.append(float(np.median(packets)))
    if not usual:
        return Spread(times, None, True)
    typical = min(usual)  # a loss makes a period longer, nothing makes it shorter
    if len(periods) < len(counts):
        periods = np.append(periods, typical)
    periods = np.where(periods > LONG * typical, typical, periods)
    place = np.arange(len(times)) - np.repeat(first, counts)  # of each in its packet
    moved = times + np.rint(place * np.repeat(periods, counts)).astype(np.int64)
    return Spread(moved, typical, True)


def repeated(times: NDArray[np.int64], samples: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return which samples came before: of the same time and the same values.

    Args:
        times: Shape `(T,)`, sorted.
        samples: Shape `(T, C)`.
    """
    again = np.zeros(len(times), np.bool_)
    equal = np.zeros(len(times), np.bool_)
    equal[1:] = times[1:] == times[:-1]
    shared = np.flatnonzero(equal | np.append(equal[1:], False))  # those that are not alone
    if len(shared) == 0:
        return again
    # Times to ranks, which floats hold exactly
    ranks = np.cumsum(~equal[shared])
    rows = np.column_stack([ranks, samples[shared]])
    _, firsts = np.unique(rows, axis=0, return_index=True)
    again[shared] = True
    again[shared[firsts]] = False
    return again
