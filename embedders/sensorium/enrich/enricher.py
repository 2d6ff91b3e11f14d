"""What an enricher is: one class that finds words in percepts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, runtime_checkable

from sensorium.enrich.found import Found
from sensorium.percepts import Percept


@runtime_checkable
class Enricher(Protocol):
    """Finds words in percepts of some modalities. May be used from several threads.

    Attributes:
        by: What finds them, with its version; kept with the words.
        modalities: Modalities that it looks at.
    """

    by: str
    modalities: frozenset[str]

    def find(self, percept: Percept) -> Iterable[Found]:
        """Yield the words of a percept, earlier and upper ones first; nothing if it has none.

        Args:
            percept: A percept of one of the modalities.
        Raises:
            PerceptError: The percept cannot be read.
        """


def find_words(percept: Percept, enrichers: Sequence[Enricher]) -> Iterator[Found]:
    """Yield what some enrichers find in a percept; those for other modalities are not asked.

    Args:
        percept: Any percept.
        enrichers: Enrichers, in the order in which they are asked.
    Raises:
        PerceptError: The percept cannot be read.
    """
    for enricher in enrichers:
        if percept.modality in enricher.modalities:
            yield from enricher.find(percept)
