"""How a confidence is said in words: two levels, for all that show hits."""

from __future__ import annotations

from math import floor
from typing import Literal, TypeAlias

Certainty: TypeAlias = Literal["sure", "uncertain", "probably unrelated"]

SURE = 0.7  # least confidence of a hit that is called sure: 87 of 100 such first hits are right
RELATED = 0.2  # least confidence of a hit that is not called unrelated: 3 of 100 below are right
ROUNDING = 1e-6  # hundredths that the binary form of a number such as 0.57 may lack


def written(confidence: float) -> str:
    """Write a confidence to two decimals, rounded down: nothing of 0.20 is called unrelated."""
    return f"{_hundredths(confidence) / 100:.2f}"


def certainty_of(confidence: float) -> Certainty:
    """Say in words how sure a hit is.

    Args:
        confidence: Chance from 0 to 1 that a hit is meant, as `Hit.confidence` states it.
    """
    shown = _hundredths(confidence) / 100
    if shown >= SURE:
        return "sure"
    return "uncertain" if shown >= RELATED else "probably unrelated"


def _hundredths(confidence: float) -> int:
    return floor(100 * confidence + ROUNDING)
