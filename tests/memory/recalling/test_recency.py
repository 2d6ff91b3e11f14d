"""Scores fade with age."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from tests.support.planted import (
    picture,
)
from tests.support.recalling import DAY, HOUR, ids

from sensorium.memory import Memory
from sensorium.memory.recalling.recency import fade


def test_the_recent_of_two_equals_is_first(memory: Memory) -> None:
    """A score fades by half in each half-life, and without one age does not count."""
    now = datetime.now(timezone.utc)
    memory.remember(picture("dog"), at=now - 10 * DAY, id="old")
    memory.remember(picture("dog"), at=now - HOUR, id="new")
    memory.remember(picture("cat"), at=now, id="newest")
    hits = memory.recall("dog", half_life=5 * DAY)
    assert ids(hits)[0] == "new"
    scores = {hit.record.id: hit.score for hit in hits}
    plain = {hit.record.id: hit.score for hit in memory.recall("dog")}
    assert plain["old"] == pytest.approx(plain["new"])
    assert scores["old"] == pytest.approx(plain["old"] / 4, rel=0.02)
    assert scores["new"] == pytest.approx(plain["new"], rel=0.02)
    assert ids(memory.recall("dog", half_life=timedelta(seconds=1)))[0] != "old"


@pytest.mark.parametrize(
    ("score", "age", "expected"), [(0.8, DAY, 0.4), (0.8, -DAY, 0.8), (-0.8, DAY, -0.8)]
)
def test_only_good_scores_of_the_past_fade(score: float, age: timedelta, expected: float) -> None:
    """A negative score does not rise by age, and a record of the future does not gain."""
    assert fade(score, age, DAY) == expected
