"""Where a robot was on Earth: the fixes of its receiver, at any time of a recording."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import Any

from sensorium.percepts.place import Place, measured_place
from sensorium.percepts.pose import FIX
from sensorium.sources.bags.bag_file import BagFile, Message
from sensorium.sources.drafts import Draft
from sensorium.sources.stamps import NANOSECONDS, stamp_of

FIX_TYPE = "sensor_msgs/NavSatFix"
NO_FIX = 0  # status below which a receiver has none: sensor_msgs/NavSatStatus, STATUS_FIX
HOLDS = 2.0  # seconds for which a fix holds at least: most receivers give one a second
KEPT = 30 * NANOSECONDS  # of fixes beside the longest stretch


class Fixes:
    """Collects the fixes in the messages of a topic; makes no percepts by itself."""

    key = FIX  # in a reading

    def __init__(self, topic: str, recording: BagFile, *, within: float, stretch: float) -> None:
        """Begin with none.

        Args:
            topic: Name of the topic.
            recording: The recording.
            within: Seconds from a fix within which it still holds, if more than `HOLDS`.
            stretch: Longest time, in seconds, for which places are asked in arrears.
        """
        self.topics = [topic]
        self._recording = recording
        self._within = round(max(within, HOLDS) * NANOSECONDS)
        self._keep = round(stretch * NANOSECONDS) + KEPT + 2 * self._within
        self._times: list[int] = []
        self._places: dict[int, Place] = {}

    def take(self, message: Message) -> Draft | None:
        """Keep what a message says; one without a fix says nothing."""
        decoded = self._recording.decode(message)
        place = measured_place(
            float(decoded.latitude), float(decoded.longitude), float(decoded.altitude)
        )
        time = stamp_of(decoded) or message.log_time
        if place is None or decoded.status.status < NO_FIX or time in self._places:
            return None
        insort(self._times, time)
        self._places[time] = place
        if self._times[0] < self._times[-1] - 2 * self._keep:
            old = bisect_left(self._times, self._times[-1] - self._keep)
            for each in self._times[:old]:
                del self._places[each]
            del self._times[:old]
        return None

    def finish(self) -> Draft | None:
        """Return nothing."""
        return None

    def is_settled(self, draft: Draft, now: int) -> bool:
        """Return whether the place of a percept will not become better by reading on."""
        reached = bool(self._times) and self._times[-1] >= draft.time
        return reached or now > draft.log_time + self._within

    def at(self, time: int) -> dict[str, Any] | str:
        """Return the nearest fix to a time, JSON-ready, or in words why nothing tells."""
        if not self._times:
            return f"no fix of {self.topics[0]} so far"
        later = bisect_left(self._times, time)
        near = min(self._times[max(0, later - 1) : later + 1], key=lambda each: abs(each - time))
        if abs(near - time) > self._within:
            away = abs(near - time) / NANOSECONDS
            return f"the nearest fix of {self.topics[0]} is {away:.3f} s away"
        age = round((time - near) / NANOSECONDS, 9)
        return {**self._places[near].to_dict(), "topic": self.topics[0], "age": age}

    def check_found(self) -> None:
        """Do nothing: a receiver may never have a fix."""
