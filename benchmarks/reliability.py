"""Figures and a diagram that compare confidence with the share of hits that are right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

BINS = 10
SIDE = 200  # pixels of a diagram's square
MARGIN = 40  # pixels left of it and above
STEP = 270  # pixels from one diagram to the next
ACROSS = 4  # diagrams in a row
WHITE, BLACK, GREY, PALE, BLUE = "#ffffff", "#1a1a1a", "#8a8a8a", "#e4e4e4", "#2563a8"

Floats = NDArray[np.float64]
Corner = tuple[int, int]  # pixels: left, top


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


def diagrams(parts: Mapping[str, Judged], path: Path) -> None:
    """Draw a small diagram for each part, in rows of `ACROSS`.

    A disc stands at the mean confidence and the share of right hits of a bin; its area is the
    weight of the bin.
    """
    rows = -(-len(parts) // ACROSS)
    picture = Image.new("RGB", (ACROSS * STEP, rows * STEP), WHITE)
    draw = ImageDraw.Draw(picture)
    for number, (title, judged) in enumerate(parts.items()):
        corner = (number % ACROSS * STEP + MARGIN, number // ACROSS * STEP + MARGIN)
        _diagram(draw, judged, title, corner)
    picture.quantize(64).save(path, optimize=True)


def _diagram(draw: ImageDraw.ImageDraw, judged: Judged, title: str, corner: Corner) -> None:
    font = ImageFont.load_default(size=14)

    def at(stated: float, true: float) -> tuple[float, float]:
        return corner[0] + stated * SIDE, corner[1] + (1 - true) * SIDE

    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        draw.line([at(tick, 0), at(tick, 1)], fill=PALE)
        draw.line([at(0, tick), at(1, tick)], fill=PALE)
    for tick in (0.0, 0.5, 1.0):
        x, y = at(tick, 0)
        draw.text((x, y + 5), f"{tick:.1f}", fill=BLACK, font=font, anchor="ma")
        x, y = at(0, tick)
        draw.text((x - 5, y), f"{tick:.1f}", fill=BLACK, font=font, anchor="rm")
    draw.rectangle([at(0, 1), at(1, 0)], outline=GREY)
    draw.line([at(0, 0), at(1, 1)], fill=GREY, width=2)
    bins = judged.bins()
    total = sum(weight for weight, *_ in bins)
    draw.line([at(stated, true) for _, stated, true in bins], fill=BLUE, width=2)
    for weight, stated, true in bins:
        draw.circle(at(stated, true), 3 + 12 * (weight / total) ** 0.5, fill=BLUE)
    middle, top = at(0.5, 1)
    draw.text((middle, top - 12), title, fill=BLACK, font=font, anchor="ms")
    error = f"ECE {judged.calibration_error():.2f}"
    draw.text(at(0.03, 0.97), error, fill=BLACK, font=font, anchor="la")
