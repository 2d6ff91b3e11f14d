"""When and where something was taken, and what says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sensorium.percepts.place import Place


@dataclass(frozen=True)
class Capture:
    """When and where something was taken, as far as its file says.

    Attributes:
        at: When, aware; `None` if it is not said, or cannot be true.
        by: What said when: `"EXIF"`, `"XMP"`, `"file name"`, ...
        place: Where; `None` if it is not said.
    """

    at: datetime | None = None
    by: str | None = None
    place: Place | None = None

    def or_else(self, other: Capture) -> Capture:
        """Return this, with what it lacks from another."""
        first = self if self.at is not None else other
        return Capture(first.at, first.by, self.place or other.place)


NOTHING = Capture()
