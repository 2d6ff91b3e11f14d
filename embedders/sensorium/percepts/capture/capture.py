"""When and where something was taken, what says so, and what people wrote of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sensorium.percepts.place import Place


@dataclass(frozen=True)
class Capture:
    """When and where something was taken, and its caption, as far as its file says.

    Attributes:
        at: When, aware; `None` if it is not said, or cannot be true.
        by: What said when: `"EXIF"`, `"XMP"`, `"file name"`, ...
        place: Where; `None` if it is not said.
        description: The caption that people gave it; empty without one.
        keywords: Their keywords, in their order.
    """

    at: datetime | None = None
    by: str | None = None
    place: Place | None = None
    description: str = ""
    keywords: tuple[str, ...] = ()

    def or_else(self, other: Capture) -> Capture:
        """Return this, with what it lacks from another."""
        if other is NOTHING:
            return self
        if self is NOTHING:
            return other
        first = self if self.at is not None else other
        return Capture(
            first.at,
            first.by,
            self.place or other.place,
            both_captions(self.description, other.description),
            tuple(dict.fromkeys((*self.keywords, *other.keywords))),
        )


def both_captions(first: str, second: str) -> str:
    """Return two captions, one below the other; one that stands in the other is left out.

    Programs copy a caption from one field to the next.
    """
    if second in first:
        return first
    return second if first in second else f"{first}\n{second}"


NOTHING = Capture()
