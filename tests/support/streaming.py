"""What the tests of streams stand on: a sink that keeps, and recordings that tell samples apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import numpy as np

from sensorium.memory.records import Moment
from sensorium.memory.streams import Stream, open_stream
from sensorium.percepts import IMU, Audio
from sensorium.percepts.source import Samples

START = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
RATE = 50.0  # Hz


class Kept(list[Moment]):
    """A sink that keeps every moment."""

    def __call__(self, moments: Sequence[Moment]) -> None:
        self.extend(moments)

    @property
    def windows(self) -> list[np.ndarray]:
        """Samples of each window, `(n, C)`."""
        return [window(moment) for moment in self]

    @property
    def starts(self) -> list[float]:
        """Seconds from `START` to each."""
        return [(moment.at - START).total_seconds() for moment in self]


def window(moment: Moment) -> np.ndarray:
    [percept] = moment.percepts
    if isinstance(percept, IMU):
        return percept.samples
    assert isinstance(percept, Audio)
    assert isinstance(percept.source, Samples)
    return percept.source.array.T


def motion(count: int) -> np.ndarray:
    """Motion `(count, 6)`, no two samples alike: row i ends in i / 64, which is exact."""
    random = np.random.default_rng(1)
    samples = random.normal((0, 0, 9.8, 0, 0, 0), 3, (count, 6))
    samples[:, 5] = np.arange(count) / 64
    return samples.astype(np.float32)


def wrist(kept: Any, **options: Any) -> Stream:
    """A stream of motion at 50 Hz in windows of half a second: 25 samples."""
    given = {"rate": RATE, "accel": "m/s^2", "gyro": "rad/s", "window": 0.5, **options}
    return open_stream("imu", sink=kept, **given)


def cut(samples: np.ndarray, sizes: Sequence[int]) -> list[np.ndarray]:
    """Cut into pieces of these sizes, over and over."""
    pieces, first, turn = [], 0, 0
    while first < len(samples):
        size = sizes[turn % len(sizes)]
        pieces.append(samples[first : first + size])
        first, turn = first + size, turn + 1
    return pieces
