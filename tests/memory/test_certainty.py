"""A confidence is said in words, and the words follow the numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.planted import PlantedEncoder

from sensorium.memory import Memory
from sensorium.memory.certainty import RELATED, SURE, certainty_of, written

WORDS = ("probably unrelated", "uncertain", "sure")  # least certain first


@given(st.lists(st.floats(0, 1), min_size=2, max_size=2))
def test_more_confidence_is_never_said_to_be_less(pair: list[float]) -> None:
    """The words are in the order of the numbers."""
    less, more = sorted(pair)
    assert WORDS.index(certainty_of(less)) <= WORDS.index(certainty_of(more))


@pytest.mark.parametrize(
    ("confidence", "words"),
    [(1, "sure"), (SURE, "sure"), (RELATED, "uncertain"), (0, "probably unrelated")],
)
def test_a_threshold_belongs_to_the_words_above_it(confidence: float, words: str) -> None:
    """A hit that reaches a level has it."""
    assert certainty_of(confidence) == words


def test_hits_say_how_sure_they_are() -> None:
    """A hit says its confidence in words, also as JSON; without a confidence it says nothing."""
    encoder = PlantedEncoder(background=True)
    with Memory.open(":memory:", owner="rex", encoder=encoder) as memory:
        memory.remember(text="dog")
        [hit] = memory.recall("dog")
        [raw] = memory.recall("dog", ranking="raw")
    assert hit.confidence is not None
    assert hit.to_dict()["certainty"] == hit.certainty == certainty_of(hit.confidence)
    assert raw.certainty is None


@given(st.floats(0, 1))
def test_the_number_that_is_written_has_the_same_words(confidence: float) -> None:
    """Rounded down, 0.1999 is no 0.20 that is called unrelated; 0.57 stays 0.57."""
    assert certainty_of(float(written(confidence))) == certainty_of(confidence)
    assert -1e-7 <= confidence - float(written(confidence)) < 0.01
    assert written(round(confidence, 2)) == f"{round(confidence, 2):.2f}"
