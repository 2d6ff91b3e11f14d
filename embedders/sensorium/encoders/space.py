"""The identity of an embedding space, which says which vectors may be compared."""

from __future__ import annotations

from dataclasses import asdict, dataclass

DIGEST_SHOWN = 12  # hex digits of the weights' digest that a space's id holds


@dataclass(frozen=True)
class EmbeddingSpace:
    """Two vectors are comparable if, and only if, their spaces are equal.

    Attributes:
        model: Name of the model, e.g. `"imagebind-huge"`.
        weights: SHA-256 of the model's weights, hex.
        preprocessing: Revision of the preprocessing, with the choices made in it.
        dimension: Numbers in a vector.
    """

    model: str
    weights: str
    preprocessing: str
    dimension: int

    @property
    def id(self) -> str:
        """A line that names the space, e.g. beside a stored collection."""
        return f"{self.model}@{self.weights[:DIGEST_SHOWN]}/{self.preprocessing}/{self.dimension}"

    def to_dict(self) -> dict[str, str | int]:
        """Return the fields, JSON-ready; `EmbeddingSpace(**fields)` reads them back."""
        return asdict(self)
