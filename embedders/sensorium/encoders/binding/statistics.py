"""How alike unrelated vectors of a bound sense are, for the scale of its scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders.arithmetic import normalise

MOST = 1024  # vectors that are compared with each other
NARROWEST = 1e-3  # spread of cosines, where too few were compared


def measure(
    vectors: NDArray[np.float32],
    rows: NDArray[np.float32],
    kinds: NDArray[np.intp],
    *,
    place: NDArray[np.float32],
    centre: NDArray[np.float32],
) -> dict[str, list[float]]:
    """Compare vectors of the sense with each other, and with targets that are not theirs.

    Args:
        vectors: Of the sense, as held out, shape `(N, D)`, unit length.
        rows: Vector of each kind of target, shape `(K, D)`.
        kinds: Kind of each vector, shape `(N,)`.
        place: Mean vector of the sense, `(D,)`.
        centre: Mean vector of the targets' modality, `(D,)`.
    Returns:
        Mean and spread of the cosines as they are, and after centring: `"own"` among the vectors,
        `"anchor"` with the targets.
    """
    vectors, kinds = vectors[:MOST], kinds[:MOST]
    apart = kinds[:, None] != kinds[None]
    foreign = kinds[:, None] != np.arange(len(rows))[None]
    ours, theirs = _centred(vectors, place), _centred(rows, centre)
    return {
        "own": [*_moments(vectors @ vectors.T, apart), *_moments(ours @ ours.T, apart)],
        "anchor": [*_moments(vectors @ rows.T, foreign), *_moments(ours @ theirs.T, foreign)],
    }


def _centred(vectors: NDArray[np.float32], mean: NDArray[np.float32]) -> NDArray[np.float32]:
    moved = vectors - mean
    moved[np.linalg.norm(moved, axis=1) < NARROWEST] = mean  # the mean itself has no direction
    return normalise(moved)


def _moments(cosines: NDArray[np.float32], unrelated: NDArray[np.bool_]) -> tuple[float, float]:
    chosen = cosines[unrelated]
    return float(chosen.mean()), max(float(chosen.std()), NARROWEST)
