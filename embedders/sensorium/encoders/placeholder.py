"""An encoder that only knows its space: enough to open a memory in which nothing is encoded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sensorium.encoders.encoder import EncoderBase, Encoding
from sensorium.encoders.space import EmbeddingSpace
from sensorium.errors import EncodingError, SensoriumError
from sensorium.percepts import Percept


class NoEncoder(EncoderBase):
    """Stands in for an encoder whose weights are not needed; every percept gets an error."""

    def __init__(self, space: EmbeddingSpace, modalities: Iterable[str]) -> None:
        """Name what the true encoder makes.

        Args:
            space: Space of the vectors that the true encoder makes.
            modalities: Modalities that the true encoder can encode.
        """
        self._space, self._modalities = space, frozenset(modalities)

    @property
    def space(self) -> EmbeddingSpace:
        """The space of the encoder it stands in for."""
        return self._space

    @property
    def modalities(self) -> frozenset[str]:
        """The modalities of the encoder it stands in for."""
        return self._modalities

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        """Return an error for each percept."""
        model = self.space.model
        error = EncodingError(
            "a percept for a memory that was opened without its encoder",
            f"the encoder {model!r}",
            "open the memory with that encoder",
        )
        return [error for _ in percepts]
