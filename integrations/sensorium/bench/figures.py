"""Figures with their intervals, and what chance would give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

DRAWN = 1_000  # times that questions are drawn anew
TAILS = (2.5, 97.5)  # percentiles of a 95 % interval
BINS = 10  # of confidences

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Figure:
    """A figure with its 95 % interval.

    Attributes:
        value: The figure; `None` where it could not be measured.
        low: Lower end of the interval; `None` without one.
        high: Upper end.
        count: Questions, or items, that it is of.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    count: int = 0

    def __str__(self) -> str:
        if self.value is None:
            return "-"
        shown = f"{self.value:.3f}" if abs(self.value) < 100 else f"{self.value:,.0f}"
        if self.low is None or self.high is None:
            return shown
        return f"{shown} ({self.low:.2f} to {self.high:.2f})"


NOTHING = Figure(None)


def mean(values: Sequence[float], seed: int) -> Figure:
    """Return a mean, with an interval by drawing the values anew (bootstrap)."""
    if not len(values):
        return NOTHING
    array = np.asarray(values, np.float64)
    draws = np.random.default_rng(seed).integers(len(array), size=(DRAWN, len(array)))
    low, high = np.percentile(array[draws].mean(axis=1), TAILS)
    return Figure(float(array.mean()), float(low), float(high), len(array))


def drawn(measure: Callable[[NDArray[np.intp]], float], count: int, seed: int) -> Figure:
    """Return a measure of all questions, with an interval by drawing questions anew.

    Args:
        measure: Takes the indices of questions; NaN where these give no figure.
        count: Number of questions.
        seed: Of the draws.
    """
    draw = np.random.default_rng(seed)
    again = [measure(draw.integers(count, size=count)) for _ in range(DRAWN)]
    found = np.array([each for each in again if np.isfinite(each)])
    low, high = np.percentile(found, TAILS) if len(found) else (None, None)
    whole = measure(np.arange(count))
    if not np.isfinite(whole):
        return NOTHING
    return Figure(
        whole, None if low is None else float(low), None if high is None else float(high), count
    )


def chance(relevant: int, total: int, limit: int) -> float:
    """Return how likely a random order has a relevant one among the first `limit`."""
    limit = min(limit, total)
    return 1.0 - comb(total - relevant, limit) / comb(total, limit)


def auroc(scores: Floats, answerable: NDArray[np.bool_]) -> float:
    """Return how often an answerable question has the higher score; ties count half."""
    yes, no = scores[answerable], scores[~answerable]
    if not len(yes) or not len(no):
        return float("nan")
    return float(((yes[:, None] > no[None]) + 0.5 * (yes[:, None] == no[None])).mean())


def calibration_error(confidences: Floats, right: Floats) -> float:
    """Return the expected calibration error, in ten bins of equal width."""
    bins = np.minimum((confidences * BINS).astype(int), BINS - 1)
    gaps = [
        (bins == each).mean() * abs(confidences[bins == each].mean() - right[bins == each].mean())
        for each in np.unique(bins)
    ]
    return float(sum(gaps))


def overlap(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the intersection of two stretches over their union (IoU)."""
    both = max(0.0, min(one[1], other[1]) - max(one[0], other[0]))
    either = (one[1] - one[0]) + (other[1] - other[0]) - both
    return both / either if either > 0 else 0.0
