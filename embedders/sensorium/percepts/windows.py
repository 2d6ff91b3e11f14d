"""Cutting long recordings into windows back to back; the last ends with the recording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import PerceptTooShortError
from sensorium.percepts.imu import IMU, Segment
from sensorium.percepts.percept import Span

SLIVER = 1e-6  # seconds; a remainder this small comes from rounding alone


def back_to_back(duration: float, window: float) -> list[Span]:
    """Cover `duration` seconds with windows; the last ends with it and may overlap its neighbour.

    A recording shorter than one window is one span of its own length.
    """
    if duration <= window:
        return [Span(0.0, duration)]
    starts = [index * window for index in range(int(duration / window))]
    if duration - starts[-1] - window > SLIVER:
        starts.append(duration - window)
    return [Span(start, start + window) for start in starts]


def cut_windows(
    blocks: Iterable[NDArray[np.float32]], window: int
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Cut a stream of samples as `back_to_back` cuts seconds, holding little of it at a time.

    Args:
        blocks: Blocks of samples, each of shape `(n,)`, of any lengths.
        window: Samples in a window.
    Yields:
        The index of a window's first sample, and its samples `(window,)`; a stream shorter than a
        window is yielded whole.
    """
    start, pending = 0, np.empty(0, np.float32)
    previous = pending
    for block in blocks:
        pending = np.concatenate([pending, block])
        while len(pending) >= window:
            previous, pending = pending[:window], pending[window:]
            yield start, previous
            start += window
    if start == 0:
        yield 0, pending
    elif len(pending):
        yield start + len(pending) - window, np.concatenate([previous, pending])[-window:]


def long_segments(imu: IMU, rate: int, shortest: int) -> list[Segment]:
    """Return the stretches without a gap that are long enough for an encoder.

    Args:
        imu: The motion.
        rate: Samples per second that the stretches are resampled to, in Hz.
        shortest: Samples at that rate; shorter stretches are left out.
    Raises:
        PerceptTooShortError: No stretch is that long.
    """
    found = imu.segments(rate)
    segments = [part for part in found if len(part.samples) >= shortest]
    if not segments:
        longest = max(len(part.samples) for part in found)
        raise PerceptTooShortError(
            f"an IMU recording whose longest stretch is {longest} samples at {rate} Hz",
            f"at least {shortest} ({shortest / rate:.3f} s) without a gap",
            "pass a longer stretch",
        )
    return segments
