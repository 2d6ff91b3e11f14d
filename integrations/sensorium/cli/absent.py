"""What stands in for an encoder where nothing is encoded."""

from __future__ import annotations

from collections.abc import Sequence

from sensorium.encoders import EmbeddingSpace, EncoderBase, Encoding
from sensorium.errors import EncodingError, SensoriumError
from sensorium.percepts import Percept
from sensorium.qdrant import CollectionSchema


class AbsentEncoder(EncoderBase):
    """Knows the space and the senses of a memory, and encodes nothing."""

    def __init__(self, schema: CollectionSchema) -> None:
        """Stand in for the encoder of a stored schema."""
        self._schema = schema

    @property
    def space(self) -> EmbeddingSpace:
        """That of the memory."""
        return self._schema.space

    @property
    def modalities(self) -> frozenset[str]:
        """Those of the memory."""
        return frozenset(self._schema.modalities)

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        """Give each percept an error."""
        model = self.space.model
        refusal = EncodingError(
            "a percept for a memory that was opened without its encoder",
            f"the encoder {model!r}",
            "open it with that",
        )
        return [refusal for _ in percepts]
