"""What a caller wishes for: which records may answer, how many, and in which order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any, TypedDict

from sensorium.errors import QueryError
from sensorium.memory.calibrating.calibration import RANKINGS
from sensorium.qdrant import Condition, Equal, Every, Ids, Not, Range, Words

WIDER = 4  # times the limit: candidates of which recency, diversity or keywords choose
MOST = 10_000  # hits or records of one call


class Filters(TypedDict, total=False):
    """What restricts a call to some records; all that is given must hold.

    Attributes:
        since: Memories that go on at this time, or begin later (aware).
        until: Memories that begin before this time.
        tags: Every one of these.
        source: Exactly this one.
        where: Of the metadata: `{"room": "kitchen", "floor": [1, 2]}`, or any condition of
            `sensorium.qdrant`.
        with_modalities: At least one of these modalities.
        text_contains: All of these words in the record's text.
    """

    since: datetime | None
    until: datetime | None
    tags: Collection[str] | None
    source: str | None
    where: Condition | Mapping[str, Any] | None
    with_modalities: Collection[str] | None
    text_contains: str | None


@dataclass(frozen=True)
class Wish:
    """What a recall is to return.

    Attributes:
        limit: Hits at most.
        modalities: To search.
        condition: What records must fulfil.
        ranking: How modalities are put on one scale.
        keywords: Words to look for in the records' text.
        min_confidence: Leave out what is less certain, or cannot be judged.
        half_life: Age at which a score counts half.
        diversity: 0 ranks by score alone, 1 by difference from the hits before alone.
    """

    limit: int
    modalities: Sequence[str]
    condition: Condition | None = None
    ranking: str = "centred"
    keywords: str | None = None
    min_confidence: float | None = None
    half_life: timedelta | None = None
    diversity: float | None = None

    @property
    def pool(self) -> int:
        """How many candidates are needed to choose from."""
        chosen = self.half_life or self.diversity or self.keywords
        return self.limit * WIDER if chosen else self.limit

    def but_not(self, record: str) -> Wish:
        """Return the same wish, for anything but one record."""
        itself = Ids((record,)) | Equal("part_of", record)
        given = [self.condition] if self.condition is not None else []
        return replace(self, condition=Every((*given, Not(itself))))

    def __post_init__(self) -> None:
        """Refuse what cannot be wished for.

        Raises:
            QueryError: A number outside its range, blank words, or another ranking.
        """
        check_limit(self.limit)
        _check_share("min_confidence", self.min_confidence)
        _check_share("diversity", self.diversity)
        if self.ranking not in RANKINGS:
            raise QueryError(
                f"ranking={self.ranking!r}", f"one of {', '.join(RANKINGS)}", "pass one"
            )
        age = self.half_life
        if age is not None and not (isinstance(age, timedelta) and age > timedelta(0)):
            raise QueryError(f"half_life={age!r}", "a positive timedelta", "leave it out")
        words = self.keywords
        if words is not None and not (isinstance(words, str) and words.strip()):
            raise QueryError(f"keywords={words!r}", "words", "leave it out")
        if words is not None:
            Words("page_content", words)  # refuses what cannot be looked for


def older(age: object) -> Range:
    """Return the condition that a memory's time is longer ago than an age.

    Raises:
        QueryError: Not a length of time, or one that is negative.
    """
    if not isinstance(age, timedelta) or age < timedelta(0):
        raise QueryError(f"older_than={age!r}", "a timedelta", "write timedelta(days=30)")
    try:
        return Range("at", lt=datetime.now(timezone.utc) - age)
    except OverflowError:
        return Range("at", lt=datetime.min.replace(tzinfo=timezone.utc))


def check_limit(limit: object) -> int:
    """Return how many hits or records are wanted.

    Raises:
        QueryError: Not a whole number from 1 to 10,000.
    """
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= MOST:
        raise QueryError(f"limit={limit!r}", f"1 to {MOST}", "ask page by page: timeline()")
    return limit


def _check_share(name: str, share: object) -> None:
    if share is None:
        return
    numeric = isinstance(share, (int, float)) and not isinstance(share, bool)
    if not numeric or not 0 <= share <= 1:  # type: ignore[operator]  # numeric
        raise QueryError(f"{name}={share!r}", "a number from 0 to 1", "leave it out")
