"""The kept percept nearest to a vector: retrieval, in the form of a decoder."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol

from sensorium.encoders import EmbeddingSpace, Encoder
from sensorium.encoders.encoder import Vectors
from sensorium.errors import MediaNotFoundError
from sensorium.memory.records import Hit, Medium
from sensorium.percepts import Percept

LOOKED_AT = 20  # hits among which one has a medium that is kept


class Recalling(Protocol):
    """What a memory offers here."""

    @property
    def encoder(self) -> Encoder:
        """The encoder of the vectors."""

    def recall(self, query: Any, /, *, limit: int, modalities: Collection[str]) -> Sequence[Hit]:
        """Find the memories that answer a question best."""

    def open_medium(self, medium: Medium, /) -> Percept:
        """Open one kept percept."""


class NearestMedia:
    """Finds what was perceived that is nearest to a vector; nothing is made up.

    It stands where a decoder stands, see `sensorium.decoders.imagine`, for spaces that have none.
    """

    def __init__(self, memory: Recalling, *, modality: str = "image") -> None:
        """Look among the media of a memory.

        Args:
            memory: A `Memory`.
            modality: Modality of what is wanted.
        """
        self._memory, self.modality = memory, modality

    @property
    def space(self) -> EmbeddingSpace:
        """The space of the memory's vectors."""
        return self._memory.encoder.space

    def decode(self, vector: Vectors, /) -> Percept:
        """Return the kept percept of the modality that is nearest to a vector `(D,)`.

        Raises:
            MediaNotFoundError: No percept of that modality is kept.
        """
        hits = self._memory.recall(vector, limit=LOOKED_AT, modalities=[self.modality])
        for hit in hits:
            if hit.medium is not None and hit.medium.file is not None:
                return self._memory.open_medium(hit.medium)
        raise MediaNotFoundError(
            f"a memory in which no {self.modality} is kept",
            f"media of the modality {self.modality}",
            "remember some, with keep_media=True",
        )
