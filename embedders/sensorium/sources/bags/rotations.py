"""The rotation of a gyroscope that has a topic of its own, at the times of an accelerometer."""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import PerceptFormatError, show
from sensorium.percepts.resampling import interpolate
from sensorium.sources.bags.bag_file import BagFile, Message
from sensorium.sources.bags.imu_samples import IMU_TYPE, sample_of
from sensorium.sources.drafts import Draft
from sensorium.sources.stamps import NANOSECONDS

GAP = NANOSECONDS // 10  # between two samples: nothing is interpolated
KEPT = NANOSECONDS  # of rotation before a stretch, for its first samples
MOST = 1_000_000  # samples that wait for an acceleration
AXES = 3


class Rotations:
    """Collects the rotation in the messages of a topic; makes no percepts by itself."""

    def __init__(self, topic: str, recording: BagFile) -> None:
        """Begin with nothing.

        Raises:
            PerceptFormatError: There is no such topic, or it is of another type.
        """
        if recording.topics.get(topic) != IMU_TYPE:
            named = [name for name, kind in recording.topics.items() if kind == IMU_TYPE]
            raise PerceptFormatError(
                f"gyro_topic={show(topic)}",
                f"a topic of the type {IMU_TYPE}: {', '.join(named)}",
                "correct the name",
            )
        self._recording = recording
        self._times, self._values = array("q"), array("d")

    def take(self, message: Message) -> Draft | None:
        """Keep what a message says."""
        stamp, values, _ = sample_of(message, self._recording)
        self._times.append(stamp or message.log_time)
        self._values.extend(values[AXES:])
        if len(self._times) > MOST:  # the accelerometer has fallen silent
            self.until(self._times[-1])
        return None

    def finish(self) -> Draft | None:
        """Return nothing: what is left belongs to no acceleration."""
        return None

    def until(self, time: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return times `(T,)` and values `(T, 3)` so far, and forget those long before a time."""
        times = np.array(self._times, np.int64)
        values = np.array(self._values, np.float64).reshape(-1, AXES)
        kept = times >= time - KEPT
        self._times, self._values = array("q", times[kept]), array("d", values[kept].ravel())
        order = np.argsort(times, kind="stable")
        return times[order], values[order]


def interpolated(
    times: NDArray[np.int64], turned: tuple[NDArray[np.int64], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return the rotation `(T, 3)` at some times, NaN where there is no sample near on both sides.

    Args:
        times: Shape `(T,)`, nanoseconds.
        turned: Times of the gyroscope and its values, sorted.
    """
    theirs, values = turned
    if len(theirs) < 2:
        return np.full((len(times), AXES), np.nan)
    known, ours = theirs - theirs[0], times - theirs[0]  # floats hold them exactly
    return interpolate(values, known, ours, gap=GAP)
