"""Units that a file does not state: the keywords that give its numbers a meaning."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Unit:
    """A keyword of a percept's class that says what the numbers of an encoded file mean.

    Attributes:
        meaning: The values it takes, described in words.
        example: One such value, for forms and messages.
        required: Whether a file cannot be understood without it.
        unless: Values of other keywords that make a required one optional.
    """

    meaning: str
    example: Any
    required: bool = False
    unless: Mapping[str, Collection[str]] = field(default_factory=dict)

    def is_missing(self, name: str, given: Mapping[str, Any]) -> bool:
        """Return whether this unit, a keyword called `name`, is required and was not given."""
        excused = any(given.get(other) in values for other, values in self.unless.items())
        return self.required and not excused and given.get(name) is None
