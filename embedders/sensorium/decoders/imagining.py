"""Something new from a vector, or from percepts of any modality, sums included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders import EmbeddingSpace, Encoder, combine
from sensorium.encoders.encoder import Vectors
from sensorium.errors import SourceTypeError, SpaceMismatchError, VectorError, show
from sensorium.percepts import Percept, Text

Asked: TypeAlias = "str | Percept | NDArray[Any] | Sequence[str | Percept | NDArray[Any]]"


@runtime_checkable
class Decoder(Protocol):
    """Makes a percept of a vector of one space."""

    @property
    def space(self) -> EmbeddingSpace:
        """The space whose vectors it takes."""

    def decode(self, vector: Vectors, /) -> Percept:
        """Make a percept of a unit vector `(D,)`."""


def imagine(
    asked: Asked,
    *,
    decoder: Decoder,
    encoder: Encoder,
    weights: Sequence[float] | None = None,
) -> Percept:
    """Make a percept of a vector, of percepts, or of several of them added up.

    Args:
        asked: Words, a percept, a vector `(D,)` of the encoder's space, or a list of these.
        decoder: What makes the percept, of the same space.
        encoder: Encoder of what is asked, and of the vectors.
        weights: A number for each part, negative to subtract it; by default all 1.
    Raises:
        SpaceMismatchError: The decoder takes vectors of another space.
        VectorError: A vector of another dimension, or parts that cancel each other.
        BatchError: Some percepts cannot be encoded.
        SourceTypeError: A part is none of these, or the decoder returned no percept.
    """
    if not decoder.space.agrees(encoder.space):
        raise SpaceMismatchError(
            f"a decoder of {decoder.space.id} for vectors of {encoder.space.id}",
            "a decoder of the same space: no other knows what the numbers mean",
            f"use a decoder that was trained on {encoder.space.model}; or give the nearest words, "
            "nearest_words(vector, encoder=...), to a model that starts from text",
        )
    made = decoder.decode(combined(asked, encoder, weights))
    if not isinstance(made, Percept):
        raise SourceTypeError(
            f"{type(made).__name__} from the decoder {type(decoder).__name__}",
            "a percept, such as Image(picture)",
            "wrap what it makes in the class of its modality",
        )
    return made


def combined(asked: Asked, encoder: Encoder, weights: Sequence[float] | None) -> Vectors:
    """Return what is asked as one unit vector `(D,)`; raises as `imagine`."""
    parts: list[Any] = [asked] if isinstance(asked, (str, Percept, np.ndarray)) else list(asked)
    percepts = [_as_percept(part) for part in parts if not isinstance(part, np.ndarray)]
    encoded = iter(encoder.embed(percepts))
    dimension = encoder.space.dimension
    rows = [
        _checked(part, dimension) if isinstance(part, np.ndarray) else next(encoded)
        for part in parts
    ]
    if not rows:
        raise VectorError("nothing to imagine", "words, a percept or a vector", "pass one")
    return combine(np.stack(rows), weights)


def _as_percept(part: object) -> Percept:
    if isinstance(part, (str, Percept)):
        return Text(part) if isinstance(part, str) else part
    raise SourceTypeError(
        f"a part of type {type(part).__name__}",
        "words, a percept or a vector",
        "wrap a file in its percept, such as Image(path); pass a vector as a numpy array",
    )


def _checked(vector: NDArray[Any], dimension: int) -> Vectors:
    if vector.shape != (dimension,) or vector.dtype.kind != "f":
        raise VectorError(
            f"a vector of shape {vector.shape} and dtype {show(str(vector.dtype))}",
            f"{dimension} floats",
            "pass a vector of the encoder's space",
        )
    return vector.astype(np.float32)
