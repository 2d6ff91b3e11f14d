"""InfoNCE: a map that is taught to tell targets apart, for thousands of pairs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders.binding.ridge import Matrix

TEMPERATURE = 0.07  # as CLIP begins with
STEPS = 400
BATCH = 256  # pairs
RATE = 1e-3  # of Adam
MOMENTS = (0.9, 0.999)
SMALL = 1e-8


def sharpen(
    weights: Matrix,
    centre: Matrix,
    features: Matrix,
    rows: Matrix,
    kinds: NDArray[np.intp],
    *,
    seed: int,
) -> Matrix:
    """Improve a map by contrast: each prediction is drawn to its target, away from the others'.

    Args:
        weights: Map to start from, shape `(F, D)`.
        centre: What is added to each prediction, shape `(D,)`.
        features: Standardised features, shape `(N, F)`.
        rows: Vector of each kind of target, shape `(K, D)`, unit length.
        kinds: Kind of each pair, shape `(N,)`.
        seed: Of the batches.
    Returns:
        The better map, shape `(F, D)`.
    """
    draw = np.random.default_rng(seed)
    weights = weights.copy()
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):
        chosen = draw.permutation(len(features))[:BATCH]
        slope = _slope(weights, centre, features[chosen], rows, kinds[chosen])
        first = MOMENTS[0] * first + (1 - MOMENTS[0]) * slope
        second = MOMENTS[1] * second + (1 - MOMENTS[1]) * slope**2
        mean = first / (1 - MOMENTS[0] ** step)
        spread = np.sqrt(second / (1 - MOMENTS[1] ** step))
        weights -= RATE * (1 - step / STEPS) * mean / (spread + SMALL)
    return weights


def _slope(
    weights: Matrix, centre: Matrix, features: Matrix, rows: Matrix, kinds: NDArray[np.intp]
) -> Matrix:
    """Return the gradient of the loss: cross-entropy over the kinds in the batch, once each."""
    present, own = np.unique(kinds, return_inverse=True)
    others = rows[present]  # (P, D): what is one target is never its own opposite
    predicted = features @ weights + centre  # (B, D)
    lengths = np.linalg.norm(predicted, axis=1, keepdims=True) + SMALL
    unit = predicted / lengths
    logits = unit @ others.T / TEMPERATURE  # (B, P)
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    chances[np.arange(len(own)), own] -= 1
    towards = chances @ others / (TEMPERATURE * len(own))  # (B, D), of the unit vectors
    across = (towards - (towards * unit).sum(axis=1, keepdims=True) * unit) / lengths
    return np.asarray(features.T @ across, np.float64)
