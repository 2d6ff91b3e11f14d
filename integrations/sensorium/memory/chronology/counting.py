"""How often something was: counted from all calibrated matches, with an interval.

Each match has a confidence, the chance that it is meant. Their sum is the expected number
("probabilistic classify and count": A. Bella and others, "Quantification via Probability
Estimators", ICDM 2010), and the number itself has a Poisson binomial distribution, whose quantiles
are computed exactly (Y. Hong, "On computing the distribution function for the Poisson binomial
distribution", Computational Statistics & Data Analysis 59, 2013). Confidences may be wrong
together, which that distribution knows nothing of: so its lower end is that of a scale which is one
typical spread of unrelated rows too generous, and its upper end that of one which is as much too
strict.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import QueryError, show
from sensorium.memory.recalling.matching import MOST, Match, Matches
from sensorium.qdrant.points import from_iso

By: TypeAlias = Literal["hour", "day", "week", "month", "modality"]
Chances: TypeAlias = NDArray[np.float64]
FLOOR = 0.02  # confidence below which a record is not looked at: fifty of them are one
SHIFT = 1.0  # typical spreads by which the scale may be off
LEVEL = 0.9  # of the interval
FORMATS = {"hour": "%Y-%m-%dT%H:00", "day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}


@dataclass(frozen=True)
class Counted:
    """A number that was estimated.

    Attributes:
        expected: The sum of the confidences.
        low: Lower end of the interval of 90 %.
        high: Upper end.
    """

    expected: float
    low: int
    high: int

    def __str__(self) -> str:
        return f"about {self.expected:.1f} ({self.low} to {self.high})"

    def to_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {"expected": round(self.expected, 3), "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Occurrences:
    """How often something was.

    Attributes:
        total: All of it.
        by: The same by hour, day, week, month or modality, in order; empty if that was not asked.
        looked_at: Records whose confidences were counted.
    """

    total: Counted
    by: Mapping[str, Counted]
    looked_at: int

    def to_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        by = {key: counted.to_dict() for key, counted in self.by.items()}
        return {**self.total.to_dict(), "by": by, "looked_at": self.looked_at}


def check_by(by: object) -> None:
    """Check that something is counted by what can be told of each match.

    Raises:
        QueryError: It is something else.
    """
    if by is not None and by not in get_args(By):
        raise QueryError(
            f"by={show(by)}", f"one of {', '.join(get_args(By))}", 'write by="day", or leave it out'
        )


def count_matches(
    matches: Matches, by: By | None, zone: tzinfo, apart: timedelta | None
) -> Occurrences:
    """Count what matches a question.

    Args:
        matches: All that may match.
        by: What to count it by.
        zone: Zone of the hours, days, weeks and months.
        apart: Matches nearer in time to each other than this are one occurrence, which is as sure
            as the surest of them; `None` counts each record.
    Raises:
        QueryError: No confidence is known, or more may match than one question looks at.
    """
    check_matches(matches)
    found = matches.found if apart is None else _occasions(matches.found, apart)
    groups: dict[str, list[float]] = {}
    for match in found if by is not None else ():
        groups.setdefault(_key(match, by or "day", zone), []).append(match.confidence)
    return Occurrences(
        counted(match.confidence for match in found),
        {key: counted(confidences) for key, confidences in sorted(groups.items())},
        len(matches.found),
    )


def check_matches(matches: Matches) -> None:
    """Check that all matches are known, and how sure they are.

    Raises:
        QueryError: They are not.
    """
    if not matches.calibrated:
        raise QueryError(
            "a question about matches without confidences",
            "an encoder with background statistics, or 64 memories of a modality",
            "remember more, or look at recall(); see docs/calibration.md",
        )
    if not matches.complete:
        raise QueryError(
            f"a question that more than {MOST:,} memories may answer",
            "fewer, so that all of them are looked at",
            "narrow it with since=, until=, tags= or near=, or raise min_confidence=",
        )


def counted(confidences: Iterable[float]) -> Counted:
    """Return the expected number of matches that are meant, with its interval."""
    chances = np.clip(np.fromiter(confidences, float), 1e-9, 1 - 1e-9)
    tail = (1 - LEVEL) / 2
    return Counted(
        float(chances.sum()),
        _quantile(_shifted(chances, -SHIFT), tail),
        _quantile(_shifted(chances, SHIFT), 1 - tail),
    )


def _shifted(chances: Chances, by: float) -> Chances:
    """Return confidences of a scale whose scores are that many typical spreads higher."""
    shifted: Chances = 1 / (1 + (1 - chances) / chances * math.exp(-by))
    return shifted


def _quantile(chances: Chances, share: float) -> int:
    """Return a quantile of how many independent events of some chances happen."""
    distribution = np.ones(1)
    for chance in chances:
        distribution = np.convolve(distribution, (1 - chance, chance))
    return min(int(np.searchsorted(np.cumsum(distribution), share)), len(chances))


def _occasions(matches: Sequence[Match], apart: timedelta) -> list[Match]:
    """Return the surest match of each run of matches that are near each other in time."""
    best: list[Match] = []
    last: datetime | None = None
    for match in sorted(matches, key=lambda match: match.at):
        at = from_iso(match.at)
        if last is None or at - last > apart:
            best.append(match)
        elif match.confidence > best[-1].confidence:
            best[-1] = match
        last = at
    return best


def _key(match: Match, by: By, zone: tzinfo) -> str:
    if by == "modality":
        return match.modality
    return from_iso(match.at).astimezone(zone).strftime(FORMATS[by])
