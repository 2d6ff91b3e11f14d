"""What lies around a moment: the motion, or the sound, some seconds before and after it."""

from __future__ import annotations

from typing import Protocol

from sensorium.sources.bags.bag_file import BagFile, Message
from sensorium.sources.bags.imu_samples import sample_of
from sensorium.sources.bags.motion import MotionStretches, draft_of
from sensorium.sources.bags.sound import SoundStretches
from sensorium.sources.bags.sound import draft_of as draft_of_sound
from sensorium.sources.bags.topics import Converter, Topic
from sensorium.sources.drafts import Draft
from sensorium.sources.stamps import NANOSECONDS

LATENESS = NANOSECONDS  # by which a message may be written later than another of its time
MOST = 1_000_000  # messages that are kept, whatever their clocks say


class Nearby(Converter, Protocol):
    """Messages of one topic of which a stretch around a moment can be taken."""

    @property
    def newest(self) -> int:
        """Time of the last message, in nanoseconds."""

    def around(self, time: int) -> Draft | None:
        """Return what lies around a time, half a stretch before and after it.

        Times must not go back by more than `LATENESS` from one call to the next.
        """


class MotionNearby(MotionStretches):
    """Keeps the last messages of sensor_msgs/Imu."""

    def __init__(self, topic: Topic, recording: BagFile) -> None:
        """Begin with nothing; the errors are those of `MotionStretches`."""
        super().__init__(topic, recording)
        self._half = round(topic.stretch * NANOSECONDS / 2)

    @property
    def newest(self) -> int:
        """Time of the last message, in nanoseconds; 0 before the first."""
        return self._last

    def take(self, message: Message) -> Draft | None:
        """Keep a message; forget those that no moment can want any more."""
        self._add(sample_of(message, self._recording), message.log_time)
        kept = _kept(self._half)
        if message.log_time - self._log_times[0] > 2 * kept or len(self._log_times) > MOST:
            self._forget(message.log_time - kept)
        return None

    def finish(self) -> Draft | None:
        """Return nothing: motion without a moment is left out."""
        return None

    def around(self, time: int) -> Draft | None:
        """Return the motion around a time, `None` if there are not two samples."""
        whole = self._stretch()
        times = whole.times
        near = (times >= time - self._half) & (times <= time + self._half)
        if near.sum() < 2:
            return None
        stretch = whole.of(near)
        first = int(times[near].min())
        return draft_of(self._with_rotation(stretch, first), self._topic)

    def _forget(self, log_time: int) -> None:
        whole = self._stretch()
        old = int((whole.log_times < log_time).sum()) or len(whole.log_times) // 2
        del self._log_times[:old], self._stamps[:old], self._samples[: 6 * old]


class SoundNearby(SoundStretches):
    """Keeps the last messages with sound."""

    def __init__(self, topic: Topic, recording: BagFile) -> None:
        """Begin with nothing; the errors are those of `SoundStretches`."""
        super().__init__(topic, recording)
        self._half = round(topic.stretch * NANOSECONDS / 2)

    @property
    def newest(self) -> int:
        """Time up to which there is sound, in nanoseconds; 0 before the first."""
        return self._pieces[-1].end if self._pieces else 0

    def take(self, message: Message) -> Draft | None:
        """Keep a message; forget those that no moment can want any more."""
        self._pieces.append(self._piece(message))
        kept = _kept(self._half)
        if message.log_time - self._pieces[0].log_time > 2 * kept or len(self._pieces) > MOST:
            old = sum(piece.log_time < message.log_time - kept for piece in self._pieces)
            del self._pieces[: old or MOST // 2]
        return None

    def finish(self) -> Draft | None:
        """Return nothing: sound without a moment is left out."""
        return None

    def around(self, time: int) -> Draft | None:
        """Return the messages around a time, whole; `None` if there are none."""
        first, last = time - self._half, time + self._half
        near = [piece for piece in self._pieces if piece.time <= last and piece.end >= first]
        near = [piece for piece in near if piece.format == near[0].format]
        return draft_of_sound(near, self._topic) if near else None


def _kept(half: int) -> int:
    """Return how long messages are kept, in nanoseconds, for moments of half a stretch."""
    return 4 * half + 4 * LATENESS
