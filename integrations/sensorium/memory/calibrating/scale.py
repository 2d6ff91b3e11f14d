"""The scale that turns similarities to one question into scores and confidences.

For a question q' (centred, unit length) and a stored row x of a modality with the centre m, the
score is the centred cosine `q'·(x - m) / |x - m|`, divided by the overlap of the two modalities,
less the level of the modality. A store only returns `t = q'·x` of a point's best row; `(t - q'·m) /
length` comes close, with the mean length of `x - m`. A score means the same in every modality: one
curve turns all scores of a recall into confidences. The mathematics, and what was measured, are in
docs/calibration.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import tanh
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders.background import Pair
from sensorium.memory.calibrating.extremes import (
    inverse_log_cdf,
    log_cdf,
    median_of_maximum,
    single_equivalent,
)
from sensorium.memory.calibrating.modality_statistics import NARROWEST

Vector = NDArray[np.float32]
EVEN = 2.8  # typical spreads above the best unrelated point, where the confidence is one half
SHORT = 2.0  # rows that a point has on average
UNKNOWN = Pair(0.0, 1.0)


class BestRow(NamedTuple):
    """The best row of a point.

    Attributes:
        score: What the point is ranked by: less what the best of its record's rows gains by chance.
        row: Index of the row.
        similarity: Cosine of the row with the question, before centring.
        evidence: What confidence follows from: less what the best of an average record's rows gains
            by chance. So all rows share chance equally, and a stretch is worth the same alone as
            among many others.
    """

    score: float
    row: int
    similarity: float
    evidence: float


@dataclass(frozen=True, eq=False)
class Scale:
    """Scores of one question in one stored modality.

    Attributes:
        vector: Vector to search with, shape `(D,)`, float32, unit length.
        calibrated: Whether scores are comparable between modalities; otherwise they are raw
            similarities.
        asked: The question before centring, shape `(D,)`, unit length.
        centre: Mean vector of the stored modality, shape `(D,)`.
        offset: Similarity of `vector` and the centre.
        length: Mean distance of rows from the centre.
        overlap: Number by which a centred cosine is divided.
        unrelated: Mean and spread of the cosines of rows that are unrelated to the question.
        points: Number of points that have the modality.
        share: Rows that such a point has on average.
        compared: Number of points that are compared in all modalities.
        margin: Typical spreads above the best unrelated point, at which a hit of this modality is
            as likely right as wrong.
        typical: Typical spread of unrelated cosines, the same for all modalities.
        in_spreads: Whether scores count typical spreads, instead of cosines.
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
    share: float = 1.0
    compared: int = 1
    margin: float = EVEN
    typical: float = 1.0
    in_spreads: bool = False

    @classmethod
    def raw(cls, vector: Vector) -> Scale:
        """Make a scale whose scores are the similarities themselves."""
        return cls(vector, False, asked=vector, centre=np.zeros_like(vector))

    @property
    def is_short(self) -> bool:
        """Whether points are known to have so few rows that to read them all costs little."""
        return self.calibrated and self.share <= SHORT

    def score(self, similarity: float, rows: int = 1) -> float:
        """Return the approximate score of a point, from the similarity that a store returned.

        Args:
            similarity: Similarity of `vector` and the point's best row.
            rows: Number of rows of the point: the more, the higher the best one is by chance.
        """
        if not self.calibrated:
            return similarity
        cosine = (similarity - self.offset) / (self.length * self.overlap)
        return self._discount_best_of(cosine, rows)

    def bounds(self, similarities: Sequence[float]) -> list[float]:
        """Return what `score` says of points of one row: no point of more rows scores higher."""
        if not self.calibrated:
            return list(similarities)
        offset, width = self.offset, self.length * self.overlap
        level, unit, typical = self._level, self._unit, self.typical
        return [((each - offset) / width - level) * unit / typical for each in similarities]

    def score_rows(self, rows: Vector, *, total: int = 0) -> BestRow:
        """Return the exact score of a point, from its rows.

        Args:
            rows: Rows of the point, shape `(W, D)`, float32, unit length.
            total: Number of rows of the whole record, if the point holds only some of them.
        """
        return self.score_points([rows], [total])[0]

    def score_points(self, stacks: Sequence[Vector], totals: Sequence[int]) -> list[BestRow]:
        """Return the exact scores of points, whose rows are multiplied together.

        Args:
            stacks: Rows of each point, as for `score_rows`.
            totals: For each point, as for `score_rows`.
        """
        rows = stacks[0] if len(stacks) == 1 else np.concatenate(stacks)  # (R, D)
        asked = _cosines(rows, self.asked)
        cosines = asked
        if self.calibrated:
            # |x - m|² of unit x
            squared = 1 + self.centre @ self.centre - 2 * _cosines(rows, self.centre)
            away = np.sqrt(np.maximum(squared, NARROWEST**2))  # (R,)
            cosines = (_cosines(rows, self.vector) - self.offset) / away / self.overlap  # (R,)
        found, start = [], 0
        for stack, total in zip(stacks, totals, strict=True):
            best = start + int(cosines[start : start + len(stack)].argmax())
            count = max(total, len(stack))
            found.append(
                self._best_row(float(cosines[best]), best - start, float(asked[best]), count)
            )
            start += len(stack)
        return found

    def _best_row(self, cosine: float, row: int, similarity: float, count: int) -> BestRow:
        if not self.calibrated:
            return BestRow(cosine, row, similarity, cosine)
        # A record that is newer than the sample has its rows, and each other point has one.
        share = max(self.share, (count + self.points - 1) / self.points)
        score, evidence = (self._discount_best_of(cosine, each) for each in (count, share))
        return BestRow(score, row, similarity, evidence)

    def confidence(self, evidence: float) -> float | None:
        """Return how likely a hit is meant, from 0 to 1; `None` if uncalibrated.

        No term belongs to one modality: of two hits of a recall, the one of more evidence never has
        less confidence, whatever their modalities.
        """
        if not self.calibrated:
            return None
        beyond = evidence / self._unit - median_of_maximum(self.compared)
        # A logistic function: each spread multiplies the odds by e.
        return (1 + tanh((beyond - EVEN) / 2)) / 2

    def deviate(self, score: float) -> float:
        """Return by how many of its spreads a score exceeds the mean of unrelated rows."""
        cosine = score * self.typical / self._unit + self._level
        return (cosine - self.unrelated.mean) / self.unrelated.spread

    def score_at(self, deviate: float) -> float:
        """Return the score that exceeds the mean of unrelated rows by `deviate` spreads."""
        cosine = self.unrelated.mean + self.unrelated.spread * deviate
        return (cosine - self._level) * self._unit / self.typical

    @property
    def _unit(self) -> float:
        """The typical spread, in the unit of scores."""
        return 1.0 if self.in_spreads else self.typical

    @property
    def _level(self) -> float:
        """The cosine whose score is 0: that of unrelated rows, but for the modality's margin."""
        return self.unrelated.mean + self.typical * (self.margin - EVEN)

    def _discount_best_of(self, cosine: float, rows: float) -> float:
        """Return the score of a cosine, less what the best of `rows` gains by chance."""
        if rows <= 1:
            return (cosine - self._level) * self._unit / self.typical
        deviate = (cosine - self.unrelated.mean) / self.unrelated.spread
        return self.score_at(single_equivalent(deviate, rows))


def _cosines(rows: Vector, vector: Vector) -> Vector:
    """Multiply rows `(R, D)` with a vector; each product is the same whichever rows are beside it.

    That of `@` is not, to the last digit: then a hit would score otherwise among others.
    """
    product: Vector = np.einsum("rd,d->r", rows, vector)  # (R,)
    return product


def record_score(pairs: Sequence[tuple[Scale, float]]) -> tuple[float, int]:
    """Score a record by its best modality; having many modalities is no advantage.

    Args:
        pairs: Scale and score of each modality that was compared; at least one.
    Returns:
        The score, never above the best of `pairs`, and the index of the modality that has it.
    """
    index = max(range(len(pairs)), key=lambda i: pairs[i][1])
    scale, score = pairs[index]
    if len(pairs) == 1 or not scale.calibrated:
        return score, index
    # The record is as rare as the chance that no modality of an unrelated record scores more.
    none_better = sum(log_cdf(other.deviate(score)) for other, _ in pairs if other.calibrated)
    return min(score, scale.score_at(inverse_log_cdf(none_better))), index
