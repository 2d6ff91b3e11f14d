"""Keywords raise the records that hold them, and lower no other."""

from __future__ import annotations

import pytest
from tests.support.planted import (
    picture,
)
from tests.support.recalling import ids

from sensorium.memory import Memory


def test_keywords_alone(memory: Memory) -> None:
    """Records that hold the words, the best first; others are no hits."""
    memory.remember(text="the old clock", id="clock")
    memory.remember(picture("x"), text="clock clock, a clock must tick", id="clocks")
    memory.remember(text="a river", id="river")
    hits = memory.recall(keywords="clock")
    assert sorted(ids(hits)) == ["clock", "clocks"]
    assert hits[0].score == 1.0 >= hits[1].score
    assert {(hit.modality, hit.similarity, hit.confidence) for hit in hits} == {
        ("keywords", None, None)
    }
    assert memory.recall(keywords="clock", tags=["none"]) == []


def test_keywords_choose_between_equals(memory: Memory) -> None:
    """Of two that mean the same, the one that says the words is first."""
    memory.remember(picture("dog"), text="a quiet garden", id="said")
    memory.remember(picture("dog"), text="a noisy street", id="unsaid")
    assert ids(memory.recall("dog", keywords="garden")) == ["said", "unsaid"]
    assert ids(memory.recall("dog", keywords="street")) == ["unsaid", "said"]


def test_a_picture_without_text_is_not_blamed(memory: Memory) -> None:
    """Words raise what has them, and lower nothing: a missing signal is not a zero."""
    memory.remember(picture("dog"), id="silent")
    memory.remember(picture("dog"), text="nothing of that", id="lacking")
    memory.remember(picture("cat"), text="garden", id="said")
    before = {hit.record.id: hit.score for hit in memory.recall("dog")}
    after = {hit.record.id: hit.score for hit in memory.recall("dog", keywords="garden")}
    assert after["silent"] == pytest.approx(before["silent"], rel=0.02)
    assert after["lacking"] == pytest.approx(before["lacking"], rel=0.02)
    highest = 1.25 * max(before.values())
    assert after["said"] == pytest.approx((before["said"] + highest) / 2, rel=0.02)
