"""Times of moments that state none: in the order in which they are remembered."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from sensorium.encoders.forking import Lock

TICK = timedelta(microseconds=1)  # between two moments of the same time: they keep their order
LARGEST_LEAD = timedelta(seconds=1)  # of such moments over the clock, which may be set back


class MomentClock:
    """Gives each moment a time of its own. May be used from several threads."""

    def __init__(self) -> None:
        """Begin before all times."""
        self._latest = datetime.min.replace(tzinfo=timezone.utc)
        self._lock = Lock()

    def next(self, now: datetime) -> datetime:
        """Return the time of the next moment: `now`, or just behind the latest one.

        A clock that was set back by more than a second counts from then on: times go back, too.
        """
        with self._lock:
            following = self._latest + TICK
            self._latest = following if now < following < now + LARGEST_LEAD else now
            return self._latest
