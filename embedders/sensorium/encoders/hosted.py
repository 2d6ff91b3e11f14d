"""Encoders around another: what they add to it is theirs, and questions are asked in its way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from sensorium.encoders.encoder import (
    ChecksQuestions,
    Encoder,
    EncoderBase,
    Encoding,
    ReadsQuestions,
    Vectors,
    embed_questions,
)
from sensorium.encoders.questions.negation import Exclusion
from sensorium.errors import SensoriumError
from sensorium.percepts import Percept

TryEncode: TypeAlias = "Callable[[Sequence[Percept]], list[Encoding | SensoriumError]]"


def dealt_out(
    percepts: Sequence[Percept], whose: Callable[[Percept], TryEncode]
) -> list[Encoding | SensoriumError]:
    """Encode a batch whose percepts are of different encoders; each of them is called once.

    Args:
        percepts: The batch.
        whose: Returns the `try_encode` that a percept goes to.
    Returns:
        The encoding or the error of each percept, in order.
    """
    places: dict[TryEncode, list[int]] = {}
    for place, percept in enumerate(percepts):
        places.setdefault(whose(percept), []).append(place)
    results: dict[int, Encoding | SensoriumError] = {}
    for try_encode, of in places.items():
        results |= zip(of, try_encode([percepts[place] for place in of]), strict=True)
    return [results[place] for place in range(len(percepts))]


class HostedEncoder(EncoderBase):
    """An encoder that adds modalities to a host, or puts others in the place of the host's.

    Attributes:
        host: The encoder of the space.
    """

    host: Encoder

    @property
    def hosted(self) -> frozenset[str]:
        """The modalities that the host encodes."""
        return self.host.modalities

    def embed_questions(self, percepts: Sequence[Percept], /) -> Vectors:
        """Embed what asks, those that the host encodes in its way; see `EmbedsQuestions`."""
        rows = np.empty((len(percepts), self.dimension), np.float32)
        own = [each.modality in self.hosted for each in percepts]
        asked = [each for each, is_own in zip(percepts, own, strict=True) if is_own]
        added = [each for each, is_own in zip(percepts, own, strict=True) if not is_own]
        if asked:
            rows[own] = embed_questions(self.host, asked)
        if added:
            rows[[not is_own for is_own in own]] = self.embed(added)
        return rows

    def check_question(self, text: str) -> None:
        """Check a question as the host does; see `ChecksQuestions`."""
        if isinstance(self.host, ChecksQuestions):
            self.host.check_question(text)

    def asked_for(self, question: str) -> str:
        """Return the words that are to be encoded, as the host does; see `ReadsQuestions`."""
        return self.host.asked_for(question) if isinstance(self.host, ReadsQuestions) else question

    def exclusion_in(self, asked: str) -> Exclusion | None:
        """Return what is wanted and what is not, as the host does; see `ReadsQuestions`."""
        return self.host.exclusion_in(asked) if isinstance(self.host, ReadsQuestions) else None
