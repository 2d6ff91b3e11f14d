"""The identity of an embedding space, which says which vectors may be compared."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import numpy as np

from sensorium.errors import VectorError

DIGEST_SHOWN = 12  # hex digits of the weights' digest that a space's id holds
ALIKE = 0.99  # cosine of the two vectors of a probe from which on two models are one


@dataclass(frozen=True)
class EmbeddingSpace:
    """Vectors may be compared if their spaces agree.

    Spaces that are equal agree. A model whose weights are not known here, such as one behind an
    API, is known by what it does: its name may be that of another, so that the vectors of one
    sentence decide where both spaces have one.

    Attributes:
        model: Name of the model, e.g. `"imagebind-huge"`.
        weights: SHA-256 of the model's weights, hex.
        preprocessing: Revision of the preprocessing, with the choices made in it.
        dimension: Numbers in a vector.
        probe: Vector of one fixed sentence, of unit length (`probe.py`); `None` where the weights
            say enough, or the model could not be asked.
    """

    model: str
    weights: str
    preprocessing: str
    dimension: int
    probe: tuple[float, ...] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("model", "weights", "preprocessing"):
            if not isinstance(getattr(self, name), str):
                raise VectorError(
                    f"an embedding space of {name}={getattr(self, name)!r}", "text", "name it"
                )
        if isinstance(self.dimension, bool) or not isinstance(self.dimension, int):
            raise VectorError(
                f"an embedding space of dimension={self.dimension!r}", "a number", "correct it"
            )

    @property
    def id(self) -> str:
        """A line that names the space, e.g. beside a stored collection."""
        return f"{self.model}@{self.weights[:DIGEST_SHOWN]}/{self.preprocessing}/{self.dimension}"

    def to_dict(self) -> dict[str, str | int]:
        """Return all fields but the probe, JSON-ready; `EmbeddingSpace(**fields)` reads them."""
        return {name: value for name, value in asdict(self).items() if name != "probe"}

    def agrees(self, other: EmbeddingSpace) -> bool:
        """Return whether the vectors of two spaces may be compared."""
        likeness = self.likeness(other)
        return self == other if likeness is None else likeness >= ALIKE

    def likeness(self, other: EmbeddingSpace) -> float | None:
        """Return the cosine of the vectors that two spaces have of one sentence.

        Returns:
            `None` where one of the spaces has no such vector, or the spaces differ in dimension,
            weights or preprocessing.
        """
        alike = (self.weights, self.preprocessing, self.dimension) == (
            other.weights,
            other.preprocessing,
            other.dimension,
        )
        if not alike or self.probe is None or other.probe is None:
            return None
        return float(np.dot(self.probe, other.probe))
