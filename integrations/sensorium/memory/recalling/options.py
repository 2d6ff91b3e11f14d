"""Options of a recall: which hits it returns, how many, and in which order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta

from sensorium.errors import QueryError, show
from sensorium.memory.calibrating.calibration import RANKINGS
from sensorium.memory.checks import check_limit
from sensorium.qdrant import Condition, Equal, Every, Ids, Not, Words

WIDER = 4  # times the limit: number of candidates from which recency and diversity choose


@dataclass(frozen=True)
class RecallOptions:
    """The options of `Memory.recall`, which explains them; `condition` joins its filters."""

    limit: int
    modalities: Collection[str] | None = None
    condition: Condition | None = None
    ranking: str = "centred"
    keywords: str | None = None
    min_confidence: float | None = None
    half_life: timedelta | None = None
    diversity: float | None = None

    @property
    def pool(self) -> int:
        """Number of candidates from which the hits are chosen."""
        chosen = self.half_life or self.diversity or self.keywords
        return self.limit * WIDER if chosen else self.limit

    @property
    def in_order_of_score(self) -> bool:
        """Whether hits are ordered by how well they match alone, on one scale."""
        others = self.half_life or self.diversity or self.keywords
        return self.ranking in ("centred", "z") and not others

    @property
    def exact(self) -> bool:
        """Whether nothing may be missed: an answer may be that nothing is sure enough."""
        return self.min_confidence is not None

    def without(self, record: str) -> RecallOptions:
        """Return the same options, for all records but this one."""
        itself = Ids((record,)) | Equal("part_of", record)
        given = [self.condition] if self.condition is not None else []
        return replace(self, condition=Every((*given, Not(itself))))

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            QueryError: A number outside its range, blank words, or another ranking.
        """
        check_limit(self.limit)
        _check_share("min_confidence", self.min_confidence)
        _check_share("diversity", self.diversity)
        if self.ranking not in RANKINGS:
            raise QueryError(
                f"ranking={show(self.ranking)}", f"one of {', '.join(RANKINGS)}", "pass one"
            )
        age = self.half_life
        if age is not None and not (isinstance(age, timedelta) and age > timedelta(0)):
            raise QueryError(
                f"half_life={show(age)}",
                "a positive timedelta",
                "write half_life=timedelta(days=30), or leave it out",
            )
        words = self.keywords
        if words is not None and not (isinstance(words, str) and words.strip()):
            raise QueryError(
                f"keywords={show(words)}",
                "one text that is not blank",
                'write keywords="ferry harbour", with spaces between words, or leave it out',
            )
        if words is not None:
            Words("page_content", words)  # raises if the words cannot be searched


def _check_share(name: str, share: object) -> None:
    if share is None:
        return
    numeric = isinstance(share, (int, float)) and not isinstance(share, bool)
    if not numeric or not 0 <= share <= 1:  # type: ignore[operator]  # numeric
        raise QueryError(
            f"{name}={show(share)}", "a number from 0 to 1", f"write {name}=0.2, or leave it out"
        )
