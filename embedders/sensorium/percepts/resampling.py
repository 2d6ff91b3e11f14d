"""Resampling of sensor samples: any rates, several channels, without aliases or bent edges.

Gravity is a constant of 9.81 in most recordings. A filter that sees silence beyond the edges would
bend it there, so here the weights of the samples that exist always add up to one.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sensorium.percepts.source import Array

CROSSINGS = 16  # zero crossings of the sinc on each side, under a Hann window
ROLLOFF = 0.89  # cutoff as a fraction of the lower Nyquist frequency, where -40 dB is reached
BLOCK = 2**18  # weights held at a time; six channels in double precision are 12 MiB of samples
PHASE_DIGITS = 9  # decimals (of an input period) that tell two positions between samples apart
JITTER = 0.01  # of a period: timestamps nearer to an even grid than this are even
TICK = 1e-3  # s; timestamps in whole milliseconds are off by half of it, at both ends of a period
TICK_NOISE = 1e-3  # of a tick: seconds since 1970 are rounded to 2.4e-7 s
GAP_PERIODS = 3.0  # periods without a sample that are a gap, if they are long enough
EDGE = 1e-6  # of a period: how far the last output may lie beyond the last input, for rounding


def grid_length(seconds: float, rate: float) -> int:
    """Return how many samples at `rate` Hz lie in `[0, seconds]`, both ends included."""
    return math.floor(seconds * rate + EDGE) + 1


def interpolate(
    values: NDArray[np.float64], times: Array, at: Array, *, gap: float
) -> NDArray[np.float64]:
    """Interpolate samples linearly at other times; a gap stays a gap.

    Args:
        values: Shape `(T, C)`.
        times: Shape `(T,)`, sorted, two at least, of any unit.
        at: Shape `(N,)`, of the same unit.
        gap: Two samples farther apart than this, and than three usual steps, have a gap between.
    Returns:
        Shape `(N, C)`; NaN in gaps, before the first sample and after the last.
    """
    known = np.stack([np.interp(at, times, column) for column in values.T], axis=1)
    steps = np.diff(times)
    longest = max(gap, GAP_PERIODS * float(np.median(steps)))
    after = np.searchsorted(times, at).clip(1, len(times) - 1)
    told = (times[0] <= at) & (at <= times[-1]) & (steps[after - 1] <= longest)
    told |= (times[after] == at) | (times[after - 1] == at)  # beside a gap, but not in it
    known[~told] = np.nan
    return known


def resample(samples: Array, *, rate_in: float, rate_out: float) -> NDArray[np.float32]:
    """Resample evenly spaced samples with a windowed sinc.

    Args:
        samples: Shape `(T, C)`, float, `T` at least 1. Not modified.
        rate_in: Their rate in Hz.
        rate_out: The wanted rate in Hz; the ratio may be any real number.
    Returns:
        Shape `(T', C)`: the values at times `j / rate_out` up to that of the last input sample.
        Frequencies above the lower of the two Nyquist frequencies are at least 40 dB down, a
        constant stays exactly what it is, and equal rates give an equal copy.
    """
    count, channels = samples.shape
    if rate_in == rate_out:
        return samples.astype(np.float32)
    step = rate_in / rate_out  # input periods between two outputs
    cutoff = ROLLOFF * min(1.0, 1 / step)  # of the input's Nyquist frequency
    reach = min(math.ceil(CROSSINGS / cutoff), count)  # taps on each side
    taps = np.arange(1 - reach, reach + 1)
    values = samples.astype(np.float64)
    resampled = np.empty((grid_length((count - 1) / rate_in, rate_out), channels), np.float32)
    block = max(1, BLOCK // taps.size)  # output samples
    for start in range(0, len(resampled), block):
        positions = np.arange(start, min(start + block, len(resampled))) * step
        nearest = np.floor(positions + EDGE).astype(np.int64)
        phases, which = np.unique((positions - nearest).round(PHASE_DIGITS), return_inverse=True)
        weights = _weights(taps - phases[:, None], cutoff)[which]  # (n, taps)
        index = nearest[:, None] + taps
        outside = (index < 0) | (index >= count)
        weights[outside] = 0.0
        weights /= weights.sum(axis=1, keepdims=True)
        windows = values[index.clip(0, count - 1)]  # (n, taps, C)
        resampled[start : start + len(nearest)] = np.einsum("nt,ntc->nc", weights, windows)
    return resampled


def _weights(distances: NDArray[np.float64], cutoff: float) -> NDArray[np.float64]:
    """Return the windowed sinc at `distances`, in input periods from its centre."""
    crossings = distances * cutoff
    window = np.cos(np.clip(crossings / CROSSINGS, -1, 1) * (math.pi / 2)) ** 2
    weights: NDArray[np.float64] = np.sinc(crossings) * window
    return weights


def uniform(samples: Array, times: Array, rate: float) -> NDArray[np.float32]:
    """Bring samples with jittered timestamps onto an even grid, by linear interpolation.

    Args:
        samples: Shape `(T, C)`, float. Not modified.
        times: Shape `(T,)`, seconds, strictly increasing.
        rate: Rate of the grid in Hz; it starts at the first sample.
    Returns:
        Shape `(T', C)`. The samples as they are when all lie within 1 % of a period of the grid,
        or, of timestamps in whole milliseconds, as near as their rounding tells.
    """
    since = times - times[0]
    ticks = since / TICK
    rounded = np.abs(ticks - ticks.round()).max() <= TICK_NOISE
    tolerance = JITTER + TICK * rate * rounded
    if np.abs(since * rate - np.arange(len(since))).max() <= tolerance:
        return samples.astype(np.float32)
    grid = np.arange(grid_length(float(since[-1]), rate)) / rate
    columns = [np.interp(grid, since, column) for column in samples.T]
    return np.stack(columns, axis=1).astype(np.float32)
