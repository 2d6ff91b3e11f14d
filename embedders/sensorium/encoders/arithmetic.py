"""Adding and subtracting vectors: a bark plus the sea."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sensorium.errors import VectorError

SMALLEST_LENGTH = 1e-6  # a sum shorter than this has no direction


def normalise(vectors: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Scale each vector along the last axis to unit length.

    Args:
        vectors: Shape `(..., D)`, any float dtype. Not modified.
    Returns:
        The same shape, float32.
    Raises:
        VectorError: A vector has NaN or infinity in it, or is too short to have a direction.
    """
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=-1, keepdims=True)
    if not np.isfinite(lengths).all():
        raise VectorError("a vector with NaN or infinity", "finite numbers", "check its source")
    if lengths.size and lengths.min() < SMALLEST_LENGTH:
        raise VectorError(
            f"a vector of length {lengths.min():.1e}",
            "a vector with a direction",
            "use weights that do not cancel each other",
        )
    unit: NDArray[np.float32] = (vectors / lengths).astype(np.float32)
    return unit


def combine(vectors: ArrayLike, weights: Sequence[float] | None = None) -> NDArray[np.float32]:
    """Combine vectors of one space into one: normalise, weigh, add, normalise.

    Args:
        vectors: Shape `(N, D)`, floats, N at least 1; their lengths do not matter.
        weights: N numbers, negative to subtract a vector; by default all 1.
    Returns:
        Shape `(D,)`, float32, unit length.
    Raises:
        VectorError: Vectors or weights have the wrong shape or are not finite, a vector has length
            zero, or the weights cancel each other.
    """
    rows = _array(vectors)
    if rows.ndim != 2 or rows.size == 0 or rows.dtype.kind != "f":
        raise VectorError(
            f"vectors of shape {rows.shape} and dtype {rows.dtype}",
            "floats of shape (N, D)",
            "stack vectors of one encoder: np.stack([...])",
        )
    factors = np.ones(len(rows)) if weights is None else _array(weights)
    numbers = factors.dtype.kind in "fiub"
    if factors.shape != (len(rows),) or not numbers or not np.isfinite(factors).all():
        raise VectorError(
            f"weights of shape {factors.shape} and dtype {factors.dtype} for {len(rows)} vectors",
            "one finite number for each vector",
            "pass as many weights as vectors",
        )
    return normalise(factors.astype(np.float64) @ normalise(rows).astype(np.float64))


def _array(values: object) -> NDArray[Any]:
    """Return values as an array; rows of different lengths become an array of objects."""
    try:
        return np.asarray(values)
    except ValueError:
        return np.asarray(values, dtype=object)
