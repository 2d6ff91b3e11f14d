"""Recency: scores fade with the age of a record."""

from __future__ import annotations

from datetime import timedelta


def fade(score: float, age: timedelta, half_life: timedelta) -> float:
    """Return a score halved for each half-life of a record's age.

    A score below zero stays as it is, because halving would raise it. A record of the future does
    not gain.
    """
    halvings = max(age / half_life, 0.0)
    return score * 0.5**halvings if score > 0 else score
