"""Diversity: results that differ are chosen before those that repeat."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support.planted import (
    picture,
)
from tests.support.recalling import ids

from sensorium.memory import Memory
from sensorium.memory.recalling.diversity import choose_diverse


def test_diversity_avoids_near_duplicates(memory: Memory) -> None:
    """At 0 the order is the plain one; at 1 what differs comes before what repeats."""
    for i in range(4):
        memory.remember(picture(f"dog speck~{i}*0.05"), id=f"dog{i}", keep_media=False)
    memory.remember(picture("dog garden"), id="garden")
    memory.remember(picture("dog beach"), id="beach")
    plain = ids(memory.recall("dog", limit=3))
    assert {name[:3] for name in plain} == {"dog"}
    assert ids(memory.recall("dog", limit=3, diversity=0)) == plain
    varied = ids(memory.recall("dog", limit=3, diversity=1))
    assert varied[0] == plain[0]
    assert set(varied[1:]) == {"garden", "beach"}
    assert len(set(ids(memory.recall("dog", limit=6, diversity=0.5)))) == 6


@pytest.mark.parametrize(
    ("diversity", "expected"),
    [(0.0, [1, 0, 2]), (0.3, [1, 2, 0]), (1.0, [1, 2, 0])],
)
def test_relevance_and_difference_are_weighed(diversity: float, expected: list[int]) -> None:
    """The most relevant result is first, wherever it stands; then a copy of it may wait."""
    vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    assert choose_diverse([0.8, 0.9, 0.5], vectors, diversity=diversity, limit=3) == expected


def test_the_nearest_of_all_chosen_counts() -> None:
    """A result that repeats the first choice is not redeemed by differing from the second."""
    vectors = np.array([[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0.8, 0.6]], np.float32)
    chosen = choose_diverse([0.9, 0.8, 0.7, 0.7], vectors, diversity=0.5, limit=4)
    assert chosen == [0, 1, 3, 2]
    assert choose_diverse([0.9, 0.8, 0.7, 0.7], vectors, diversity=0.5, limit=2) == chosen[:2]
