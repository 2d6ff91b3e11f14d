"""A question as vectors: words, percepts, vectors, or a record to resemble."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders import Encoder, normalise
from sensorium.errors import QueryError, UnsupportedModalityError
from sensorium.memory.calibrating.calibration import QueryVector
from sensorium.memory.checks import are_names
from sensorium.percepts import Percept, Text
from sensorium.qdrant.points import Vectors

Query: TypeAlias = "str | Percept | NDArray[np.float32] | Sequence[str | Percept | NDArray[Any]]"


def query_vectors(
    query: Query, encoder: Encoder, weights: Sequence[float] | None
) -> list[QueryVector]:
    """Turn a question into vectors.

    Args:
        query: Words, a percept, a vector `(D,)`, or several of these.
        encoder: Of the memory's space.
        weights: One of each; negative ones subtract. By default all 1.
    Raises:
        QueryError: Nothing asked, blank words, a wrong vector, or weights that do not fit.
        EncodingError: A percept that cannot be encoded.
    """
    parts: list[object] = [query]
    if isinstance(query, Sequence) and not isinstance(query, (str, bytes)):
        parts = list(query)
    if not parts:
        raise QueryError(
            "a question of no parts", "words, a percept or a vector", 'ask recall("the sea")'
        )
    shares = _checked_weights(weights, len(parts))
    percepts = [_percept(part) for part in parts]
    vectors = iter(encoder.embed([percept for percept in percepts if percept is not None]))
    return [
        QueryVector(_vector(part, encoder.space.dimension), None, share)
        if percept is None
        else QueryVector(next(vectors), percept.modality, share)
        for part, percept, share in zip(parts, percepts, shares, strict=True)
    ]


def _checked_weights(weights: Sequence[float] | None, parts: int) -> list[float]:
    if weights is None:
        return [1.0] * parts
    numeric = (int, float, np.number)
    try:
        numbers = [float(one) if isinstance(one, numeric) else math.nan for one in weights]
    except (TypeError, OverflowError):  # no list at all, or an integer beyond all floats
        numbers = []
    if len(numbers) != parts or not all(map(math.isfinite, numbers)):
        raise QueryError(
            f"weights={weights!r} for {parts} parts"[:200],
            "one finite number for each part",
            "pass a list of as many weights as parts",
        )
    return numbers


def _percept(part: object) -> Percept | None:
    """Return what must be encoded; `None` for a vector."""
    if isinstance(part, str):
        if not part.strip():
            raise QueryError(
                f"the question {part!r}", "words", "use timeline() to list without a question"
            )
        return Text(part)
    if isinstance(part, Percept):
        return part
    if isinstance(part, (np.ndarray, list, tuple)):
        return None
    raise QueryError(
        f"a {type(part).__name__} as a question",
        "words, a percept or a vector",
        "wrap a file in its percept: Image(path), Audio(path), ...",
    )


def _vector(part: object, dimension: int) -> NDArray[np.float32]:
    try:
        vector = np.asarray(part, np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise QueryError(f"a vector of {error}", "numbers", "pass a numpy array") from error
    if vector.shape != (dimension,) or not np.isfinite(vector).all() or not vector.any():
        raise QueryError(
            f"a vector of shape {vector.shape}",
            f"{dimension} finite numbers that are not all zero",
            "pass a vector of the memory's encoder",
        )
    return normalise(vector)


def resembling(rows: Mapping[str, Vectors]) -> list[QueryVector]:
    """Ask for what is like a record: each of its senses counts the same."""
    return [
        QueryVector(normalise(found.mean(axis=0)), modality)
        for modality, found in sorted(rows.items())
    ]


def checked_modalities(wanted: Collection[str] | None, encoder: Encoder) -> list[str]:
    """Return the senses to search, sorted; by default all of the encoder's.

    Raises:
        UnsupportedModalityError: One the encoder does not know.
        QueryError: None at all, or bare text.
    """
    if wanted is None:
        return sorted(encoder.modalities)
    if not are_names(wanted) or not wanted:
        raise QueryError(f"modalities={wanted!r}", "a list of senses", 'write modalities=["audio"]')
    unknown = set(wanted) - encoder.modalities
    if unknown:
        raise UnsupportedModalityError(
            f"modalities={sorted(wanted)!r}",
            f"senses of the encoder: {', '.join(sorted(encoder.modalities))}",
            f"leave out {', '.join(sorted(unknown))}",
        )
    return sorted(set(wanted))
