"""Ridge regression in closed form, with its strength chosen by cross-validation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
STRENGTHS = tuple(10.0 ** (power / 2) for power in range(-2, 9))  # of standardised features
FOLDS = 5


class Chosen(NamedTuple):
    """The strength that did best on examples that were held out.

    Attributes:
        strength: The penalty, lambda.
        held_out: Share of held-out examples whose own target is the nearest of all.
        predicted: What was predicted for each example while it was held out, shape `(N, D)`.
    """

    strength: float
    held_out: float
    predicted: Matrix


class Standardised(NamedTuple):
    """The scale of features: each has mean 0 and spread 1 over the examples."""

    mean: Matrix
    spread: Matrix

    @classmethod
    def of(cls, features: Matrix) -> Standardised:
        """Measure features; one that never changes stays 0."""
        spread = features.std(axis=0)
        steady = spread <= 1e-12 * (1 + np.abs(features).max(axis=0, initial=0))
        return cls(features.mean(axis=0), np.where(steady, np.inf, spread))

    def __call__(self, features: Matrix) -> Matrix:
        """Return features on that scale."""
        scaled: Matrix = (features - self.mean) / self.spread
        return scaled


def solve(features: Matrix, targets: Matrix, strength: float) -> Matrix:
    """Return the map `(F, D)` from standardised features to centred targets.

    Fewer examples than features are solved by the matrix of examples, which is the smaller one.
    """
    count, width = features.shape
    if count < width:
        gram = features @ features.T
        return np.asarray(
            features.T @ np.linalg.solve(gram + strength * np.eye(count), targets), np.float64
        )
    gram = features.T @ features
    return np.asarray(
        np.linalg.solve(gram + strength * np.eye(width), features.T @ targets), np.float64
    )


def choose(
    features: Matrix, rows: Matrix, kinds: NDArray[np.intp], *, seed: int, folds: int = FOLDS
) -> Chosen:
    """Choose the strength by cross-validation.

    Args:
        features: Shape `(N, F)`, as they come.
        rows: Vector of each kind of target, shape `(K, D)`, unit length.
        kinds: Kind of each example, shape `(N,)`.
        seed: Of the folds.
        folds: Parts, each of which is held out once.
    """
    order = np.random.default_rng(seed).permutation(len(features))
    # Kinds go round the folds, so that each fold has its share of every kind
    order = order[np.argsort(kinds[order], kind="stable")]
    fold = np.empty(len(order), int)
    fold[order] = np.arange(len(order)) % min(folds, len(order))
    targets = rows[kinds]
    predicted = {strength: np.empty_like(targets) for strength in STRENGTHS}
    for part in np.unique(fold):
        held = fold == part
        scale, centre = Standardised.of(features[~held]), targets[~held].mean(axis=0)
        taught, asked = scale(features[~held]), scale(features[held])
        for strength, found in zip(
            STRENGTHS, _for_all(taught, targets[~held] - centre, asked), strict=True
        ):
            predicted[strength][held] = found + centre
    scores = {strength: _score(found, rows, kinds) for strength, found in predicted.items()}
    best = max(STRENGTHS, key=lambda strength: scores[strength])
    return Chosen(best, scores[best][0], predicted[best])


def _for_all(taught: Matrix, targets: Matrix, asked: Matrix) -> list[Matrix]:
    """Return what each strength predicts, from one decomposition."""
    if len(taught) < taught.shape[1]:
        values, vectors = np.linalg.eigh(taught @ taught.T)
        left, right = asked @ (taught.T @ vectors), vectors.T @ targets
    else:
        values, vectors = np.linalg.eigh(taught.T @ taught)
        left, right = asked @ vectors, vectors.T @ (taught.T @ targets)
    values = np.maximum(values, 0)
    return [(left / (values + strength)) @ right for strength in STRENGTHS]


def nearest(predicted: Matrix, rows: Matrix) -> NDArray[np.intp]:
    """Return the nearest kind of each prediction, by the cosine."""
    return np.asarray((predicted @ rows.T).argmax(axis=1))


def _score(predicted: Matrix, rows: Matrix, kinds: NDArray[np.intp]) -> tuple[float, float]:
    """Return the share of right kinds, and the mean cosine with the right one, to break ties."""
    lengths = np.linalg.norm(predicted, axis=1) + 1e-12
    cosines = (predicted * rows[kinds]).sum(axis=1) / lengths
    return float((nearest(predicted, rows) == kinds).mean()), float(cosines.mean())
