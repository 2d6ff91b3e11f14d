"""Sinks, recordings and streams that the tests of streams share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensorium.memory.records import Moment
from sensorium.memory.streams import Stream, open_stream
from sensorium.percepts import IMU, Audio, Percept
from sensorium.percepts.source import Samples

START = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
RATE = 50.0  # Hz


class Kept(list[Moment]):
    """A sink that keeps every moment."""

    def __call__(self, moments: Sequence[Moment]) -> None:
        self.extend(moments)

    @property
    def percepts(self) -> list[Percept]:
        """The percept of each moment: a stream remembers one at a time."""
        return [percept for moment in self for percept in several(moment)]

    @property
    def windows(self) -> list[NDArray[Any]]:
        """Samples of each window, `(n, C)`."""
        return [window(percept) for percept in self.percepts]

    @property
    def starts(self) -> list[float]:
        """Seconds from `START` to each moment."""
        return [(moment.at - START).total_seconds() for moment in self if moment.at is not None]


def several(moment: Moment) -> Sequence[Percept]:
    """The percepts of a moment, even if it has a single one."""
    return [moment.percepts] if isinstance(moment.percepts, Percept) else moment.percepts


def window(percept: Percept) -> NDArray[Any]:
    """The samples of a percept, `(n, C)`."""
    if isinstance(percept, IMU):
        return percept.samples
    assert isinstance(percept, Audio)
    assert isinstance(percept.source, Samples)
    return percept.source.array.T


def motion(count: int) -> NDArray[np.float32]:
    """Motion `(count, 6)`, no two samples alike: row i ends in i / 64, which is exact."""
    random = np.random.default_rng(1)
    samples = random.normal((0, 0, 9.8, 0, 0, 0), 3, (count, 6))
    samples[:, 5] = np.arange(count) / 64
    return samples.astype(np.float32)


def wrist(kept: Any, **options: Any) -> Stream:
    """A stream of motion at 50 Hz in windows of half a second: 25 samples."""
    given = {"rate": RATE, "accel": "m/s^2", "gyro": "rad/s", "window": 0.5, **options}
    return open_stream("imu", sink=kept, **given)


def cut(samples: NDArray[Any], sizes: Sequence[int]) -> list[NDArray[Any]]:
    """Cut into pieces of these sizes, over and over."""
    pieces, first, turn = [], 0, 0
    while first < len(samples):
        size = sizes[turn % len(sizes)]
        pieces.append(samples[first : first + size])
        first, turn = first + size, turn + 1
    return pieces
