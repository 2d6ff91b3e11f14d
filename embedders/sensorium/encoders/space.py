"""Which vectors may be compared: the identity of an embedding space."""

from __future__ import annotations

from dataclasses import asdict, dataclass

DIGEST_SHOWN = 12  # hex digits of the weights' digest in a space's id


@dataclass(frozen=True)
class EmbeddingSpace:
    """Two vectors are comparable if, and only if, their spaces are equal.

    Attributes:
        model: Name of the model, e.g. `"imagebind-huge"`.
        weights: SHA-256 of its weights, hex.
        preprocessing: Name of the preprocessing: its revision and choices.
        dimension: Numbers in a vector.
    """

    model: str
    weights: str
    preprocessing: str
    dimension: int

    @property
    def id(self) -> str:
        """One line that names the space, e.g. for a collection."""
        return f"{self.model}@{self.weights[:DIGEST_SHOWN]}/{self.preprocessing}/{self.dimension}"

    def to_dict(self) -> dict[str, str | int]:
        """Return the fields, JSON-ready; `EmbeddingSpace(**fields)` reads them back."""
        return asdict(self)
