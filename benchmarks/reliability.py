"""Figures and a diagram that compare confidence with the share of hits that are right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

BINS = 10
SIDE = 480  # pixels of the diagram's square
MARGIN = 70  # pixels around it
WHITE, BLACK, GREY, PALE, BLUE = "#ffffff", "#1a1a1a", "#8a8a8a", "#e4e4e4", "#2563a8"

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Judged:
    """Judged hits, as arrays of one length N.

    Attributes:
        confidence: Confidence of each hit, in [0, 1].
        right: Whether the hit answers its question.
        weight: Weight of the hit.
    """

    confidence: Floats
    right: NDArray[np.bool_]
    weight: Floats

    def where(self, mask: NDArray[np.bool_]) -> Judged:
        """Return the hits that a mask selects."""
        return Judged(self.confidence[mask], self.right[mask], self.weight[mask])

    def bins(self) -> list[tuple[float, float, float]]:
        """Return weight, mean confidence and share of right hits of each bin that is not empty."""
        numbers = np.minimum((self.confidence * BINS).astype(int), BINS - 1)
        return [
            (
                float(weight := self.weight[numbers == number].sum()),
                float((self.weight * self.confidence)[numbers == number].sum() / weight),
                float((self.weight * self.right)[numbers == number].sum() / weight),
            )
            for number in np.unique(numbers)
        ]

    def calibration_error(self) -> float:
        """Return the expected calibration error: the mean distance from the diagonal."""
        bins = self.bins()
        total = sum(weight for weight, *_ in bins)
        return sum(weight * abs(stated - true) for weight, stated, true in bins) / total

    def brier(self) -> float:
        """Return the Brier score: the mean squared distance of confidence from the truth."""
        return float(np.average((self.confidence - self.right) ** 2, weights=self.weight))

    def separation(self) -> float:
        """Return how often a right hit has a higher confidence than a wrong one (AUC)."""
        order = np.argsort(self.confidence, kind="stable")
        right, weight = self.right[order], self.weight[order]
        wrong_below = np.cumsum(weight * ~right)
        pairs = (weight * right).sum() * (weight * ~right).sum()
        return float((weight * right * wrong_below).sum() / pairs) if pairs else float("nan")


def fitted(beyond: Floats, right: NDArray[np.bool_], weight: Floats) -> tuple[float, float]:
    """Fit a logistic curve by Newton's method.

    Returns:
        The input at which the curve is 0.5, and its steepness.
    """
    inputs = np.stack([beyond, np.ones_like(beyond)], axis=1)
    factors = np.zeros(2)
    for _ in range(25):
        chance = 1 / (1 + np.exp(-(inputs @ factors)))
        slope = inputs.T @ (weight * (right - chance))
        curve = (inputs * (weight * chance * (1 - chance))[:, None]).T @ inputs
        factors += np.linalg.solve(curve, slope)
    return float(-factors[1] / factors[0]), float(factors[0])


def diagram(judged: Judged, path: Path, *, title: str) -> None:
    """Draw the share of right hits over confidence; the area of a disc is the weight of its bin."""
    size = SIDE + 2 * MARGIN
    picture = Image.new("RGB", (size, size), WHITE)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=15)

    def at(stated: float, true: float) -> tuple[float, float]:
        return MARGIN + stated * SIDE, MARGIN + (1 - true) * SIDE

    for tick in np.arange(0, 1.01, 0.2).tolist():
        draw.line([at(tick, 0), at(tick, 1)], fill=PALE)
        draw.line([at(0, tick), at(1, tick)], fill=PALE)
        x, y = at(tick, 0)
        draw.text((x, y + 8), f"{tick:.1f}", fill=BLACK, font=font, anchor="ma")
        x, y = at(0, tick)
        draw.text((x - 8, y), f"{tick:.1f}", fill=BLACK, font=font, anchor="rm")
    draw.rectangle([at(0, 1), at(1, 0)], outline=GREY)
    draw.line([at(0, 0), at(1, 1)], fill=GREY, width=2)
    bins = judged.bins()
    total = sum(weight for weight, *_ in bins)
    draw.line([at(stated, true) for _, stated, true in bins], fill=BLUE, width=3)
    for weight, stated, true in bins:
        draw.circle(at(stated, true), 4 + 20 * (weight / total) ** 0.5, fill=BLUE)
    draw.text((size / 2, MARGIN / 2), title, fill=BLACK, font=font, anchor="mm")
    draw.text((size / 2, size - 24), "confidence", fill=BLACK, font=font, anchor="mm")
    draw.text((4, MARGIN - 24), "share of hits that are right", fill=BLACK, font=font)
    picture.quantize(64).save(path, optimize=True)
