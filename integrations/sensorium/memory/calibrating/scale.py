"""What the similarities to one question are worth in one stored modality.

For a question q' (centred, unit length) and a stored row x of a modality with the centre m, the
score is the centred cosine `q'·(x - m) / |x - m|`, over the overlap of the two modalities. A store
only returns `t = q'·x` of a point's best row; `(t - q'·m) / length` comes close, with the mean
length of `x - m`. The mathematics, and what was measured, are in docs/calibration.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import tanh

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders.background import Pair
from sensorium.memory.calibrating.extremes import best_of, deviate_below, log_below, luckiest
from sensorium.memory.calibrating.sample import NARROWEST

Vector = NDArray[np.float32]
EVEN = 2.8  # spreads beyond the luckiest unrelated point, where confidence is a half
UNKNOWN = Pair(0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Scale:
    """What similarities to one question are worth in one stored modality.

    Attributes:
        vector: What the store is asked with: shape `(D,)`, float32, unit length.
        calibrated: Whether scores are on the scale all modalities share; else raw similarities.
        asked: The question as it is, not centred; shape `(D,)`, unit length.
        centre: Of the stored modality, shape `(D,)`.
        offset: Similarity of `vector` and the centre.
        length: Mean distance of rows from the centre.
        overlap: By which a centred cosine is divided.
        unrelated: Mean and spread of the scores of rows that have nothing to do with the question.
        points: How many there are to compare with.
        in_spreads: Whether scores count spreads above the mean, instead of cosines.
    """

    vector: Vector
    calibrated: bool
    asked: Vector
    centre: Vector = field(repr=False)
    offset: float = 0.0
    length: float = 1.0
    overlap: float = 1.0
    unrelated: Pair = UNKNOWN
    points: int = 1
    in_spreads: bool = False

    @classmethod
    def raw(cls, vector: Vector) -> Scale:
        """Make the scale of similarities as they are."""
        return cls(vector, False, asked=vector, centre=np.zeros_like(vector))

    def score(self, similarity: float, rows: int = 1) -> float:
        """Return what a similarity is worth.

        Args:
            similarity: Of `vector` and a point's best row, as the store returned it.
            rows: How many rows the point has: the more, the higher the best one is by luck.
        """
        if not self.calibrated:
            return similarity
        return self._fair((similarity - self.offset) / (self.length * self.overlap), rows)

    def exact(self, rows: Vector, *, of: int = 0) -> tuple[float, int, float]:
        """Score a point whose rows are at hand, without the approximation of `score`.

        Args:
            rows: Shape `(W, D)`, float32, unit length.
            of: How many rows there are in all, where these are some of a longer recording.
        Returns:
            The score, the index of the best row, and that row's cosine with the question as it is.
        """
        if not self.calibrated:
            cosines = rows @ self.asked
            best = int(cosines.argmax())
            return float(cosines[best]), best, float(cosines[best])
        squared = 1 + self.centre @ self.centre - 2 * (rows @ self.centre)  # |x - m|² of unit x
        away = np.sqrt(np.maximum(squared, NARROWEST**2))  # (W,)
        cosines = (rows @ self.vector - self.offset) / away  # (W,)
        best = int(cosines.argmax())
        score = self._fair(float(cosines[best]) / self.overlap, max(of, len(rows)))
        return score, best, float(rows[best] @ self.asked)

    def confidence(self, score: float) -> float | None:
        """Return the chance in [0, 1] that a hit of this score is meant; `None` if uncalibrated."""
        if not self.calibrated:
            return None
        beyond = self.deviate(score) - luckiest(self.points)
        return (1 + tanh((beyond - EVEN) / 2)) / 2  # logistic: each spread gains a factor e in odds

    def deviate(self, score: float) -> float:
        """Return by how many spreads a score exceeds those of unrelated rows."""
        if self.in_spreads:
            return score
        return (score - self.unrelated.mean) / self.unrelated.spread

    def at(self, deviate: float) -> float:
        """Return the score that exceeds those of unrelated rows by that many spreads."""
        if self.in_spreads:
            return deviate
        return self.unrelated.mean + self.unrelated.spread * deviate

    def _fair(self, cosine: float, rows: int) -> float:
        """Return the score of the best of so many rows."""
        if rows <= 1 and not self.in_spreads:
            return cosine
        return self.at(best_of((cosine - self.unrelated.mean) / self.unrelated.spread, rows))


def record_score(pairs: Sequence[tuple[Scale, float]]) -> tuple[float, int]:
    """Score a record by its best modality, with no advantage from having many.

    Args:
        pairs: Of each modality that was compared: its scale and its score there; at least one.
    Returns:
        The score, at most the best one, and the index of the modality that has it.
    """
    index = max(range(len(pairs)), key=lambda i: pairs[i][1])
    scale, score = pairs[index]
    if len(pairs) == 1 or not scale.calibrated:
        return score, index
    none_better = sum(log_below(other.deviate(score)) for other, _ in pairs if other.calibrated)
    return min(score, scale.at(deviate_below(none_better))), index
