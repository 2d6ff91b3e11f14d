"""Statistics of the vectors stored in each modality, learned from the encoder and from a sample."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders import Background
from sensorium.encoders.background import Pair
from sensorium.memory.calibrating.sample import Sample

ENOUGH = 64  # sampled rows from which a modality can do without shipped statistics
PRIOR = 256  # sampled rows that have the same weight as the shipped statistics
UNCOUNTED = 100  # points assumed where none were counted
NARROWEST = 1e-3  # smallest spread of scores, and smallest distance of a row from the centre


@dataclass(frozen=True, eq=False)
class ModalityStatistics:
    """What is known of the vectors stored in one modality.

    Attributes:
        centre: Mean vector, shape `(D,)`.
        length: Mean distance of rows from the centre.
        rows: Sampled rows, centred and of unit length, shape `(n, D)`; n may be 0.
        points: Number of points that have the modality.
        share: Rows that such a point has on average.
    """

    centre: NDArray[np.float32]
    length: float
    rows: NDArray[np.float32]
    points: int
    share: float = 1.0


def learn_statistics(
    background: Background | None, sample: Sample
) -> dict[str, ModalityStatistics]:
    """Blend the centres shipped with the encoder with those of a sample.

    A modality with neither shipped statistics nor `ENOUGH` sampled rows is left out.
    """
    shipped = {} if background is None else background.centres
    sampled = [name for name, rows in sample.rows.items() if len(rows) >= ENOUGH]
    known = dict.fromkeys([*shipped, *sampled])
    return {name: _learn(shipped.get(name), sample, name) for name in known}


def _learn(shipped: NDArray[np.float32] | None, sample: Sample, name: str) -> ModalityStatistics:
    points = max(sample.counts.get(name, UNCOUNTED), 1)
    share = sample.shares.get(name, 1.0)
    rows = sample.rows.get(name)
    if rows is None or not len(rows):
        centre = np.asarray(shipped, dtype=np.float32)
        # Rows are unit vectors, so this is the root mean square of their distances.
        length = sqrt(max(1 - float(centre @ centre), NARROWEST**2))
        none = np.empty((0, len(centre)), np.float32)
        return ModalityStatistics(centre, length, none, points, share)
    centre = rows.mean(axis=0)
    if shipped is not None:
        centre = np.average([centre, shipped], axis=0, weights=[len(rows), PRIOR])
    away = rows - centre.astype(np.float32)
    lengths = np.maximum(np.linalg.norm(away, axis=1, keepdims=True), NARROWEST)
    return ModalityStatistics(
        centre.astype(np.float32), float(lengths.mean()), away / lengths, points, share
    )


def unrelated_scores(scores: NDArray[np.float32], shipped: Pair | None) -> Pair:
    """Return mean and spread of the scores of rows that are unrelated to a question.

    Args:
        scores: Scores of sampled rows; some rows may be related to the question.
        shipped: Mean and spread by the encoder's statistics, if it ships them.
    """
    if not len(scores):
        return shipped or Pair(0.0, 1.0)
    # Related rows are in the upper half, so only the median and the lower half are used.
    ordered = np.sort(scores)  # a tenth of the time of `np.median`, for few hundred numbers
    half = len(ordered) // 2
    median = float(ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2)
    below = ordered[:half] - np.float32(median)
    variance = 2 * float(below @ below) / len(ordered)
    if shipped is None:
        return Pair(median, sqrt(variance))
    share = len(scores) / (len(scores) + PRIOR)
    mean = share * median + (1 - share) * shipped.mean
    return Pair(mean, sqrt(share * variance + (1 - share) * shipped.spread**2))
