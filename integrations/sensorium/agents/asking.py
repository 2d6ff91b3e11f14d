"""A question as people put it: times in its words are conditions, notes are kept for the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sensorium.agents.wording import related_line, times_line
from sensorium.encoders.noting import noted
from sensorium.memory import Filters, Hit, Memory
from sensorium.memory.times import TimesRead, limit_by_times


@dataclass(frozen=True)
class Answered:
    """What a question found.

    Attributes:
        hits: The hits, best first.
        times: The times that were read in its words; `None` if there were none.
        notes: What makes the hits doubtful.
        keywords: Whether words were looked for, so that no hit is a coincidence.
    """

    hits: Sequence[Hit]
    times: TimesRead | None
    notes: Sequence[str]
    keywords: bool = False

    @property
    def remarks(self) -> list[str]:
        """What is said before the hits: times that were read, notes, that nothing is related."""
        return [*self.understood(), *self.unrelated]

    def understood(self, **wording: str) -> list[str]:
        """Return how the question was understood: times that were read, and the notes.

        Args:
            wording: As of `times_line`.
        """
        return [*times_line(self.times, **wording), *self.notes]

    @property
    def unrelated(self) -> list[str]:
        """That no hit is probably related, if that is so: one line."""
        return related_line(self.hits, keywords=self.keywords)


def ask(
    memory: Memory,
    question: Sequence[Any],
    given: Filters,
    *,
    read_times: bool = True,
    **options: Any,
) -> Answered:
    """Ask a memory, with the times that the words name as conditions.

    Args:
        memory: The memory.
        question: Words, percepts and vectors; nothing if `options` have `like` or `keywords`.
        given: Conditions that are given; with a time among them, none is read.
        read_times: Whether times are read at all.
        options: As of `Memory.recall`; what is `None` was not given.
    Raises:
        SensoriumError: As `Memory.recall` does.
    """
    times = None
    if read_times:
        question, given, times = limit_by_times(question, given)
    with noted() as notes:
        hits = memory.recall(question or None, **options, **given)
    return Answered(hits, times, notes, keywords=bool(options.get("keywords")))
