"""Frames of questions, and what they leave out, act on questions and never on what is stored."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support.planted import PlantedEncoder, picture

from sensorium.encoders.questions import Exclusion, read_exclusion, strip_frame
from sensorium.memory import Memory
from sensorium.memory.recalling.query import Query, excluding_vectors, query_vectors
from sensorium.percepts import Text

FRAMED = "did I ever show you a zorbax?"
LESS = "some fruit, but not a banana"


class Reading(PlantedEncoder):
    """Knows how people ask."""

    def asked_for(self, question: str) -> str:
        return strip_frame(question)

    def exclusion_in(self, asked: str) -> Exclusion | None:
        return read_exclusion(asked)


PLAIN, READING = PlantedEncoder(), Reading(background=True)


def vector(query: Query, encoder: PlantedEncoder) -> np.ndarray:
    return np.stack([part.vector for part in query_vectors(query, encoder, None)])


def test_a_frame_does_not_dilute() -> None:
    """A framed question has the vector of the thing, bit for bit, also as a part of several."""
    np.testing.assert_array_equal(vector(FRAMED, READING), vector("a zorbax", READING))
    two = vector([FRAMED, "sea"], READING)
    np.testing.assert_array_equal(two, vector(["a zorbax", "sea"], READING))


def test_words_can_be_asked_as_they_are() -> None:
    """A `Text` is compared with all its words, and so are words by an encoder that reads none."""
    [whole] = PLAIN.embed([Text(FRAMED)])
    for query, encoder in ((Text(FRAMED), READING), (FRAMED, PLAIN)):
        np.testing.assert_array_equal(vector(query, encoder), whole[None])


def test_what_is_remembered_keeps_its_frame() -> None:
    """A note that is put as a question has the vector of all its words."""
    with Memory.open(":memory:", owner="rex", encoder=READING) as memory:
        memory.remember(text=FRAMED, id="note")
        [hit] = memory.recall(Text(FRAMED))
        assert hit.similarity == pytest.approx(1, abs=1e-3)
        [framed] = memory.recall(FRAMED)
        assert framed.similarity is not None
        assert framed.similarity < 0.9


def test_what_is_left_out_is_not_found_first() -> None:
    """Of two pictures, the one that is not wanted comes last; as it is, it came first."""
    with Memory.open(":memory:", owner="rex", encoder=READING) as memory:
        memory.remember(picture("fruit banana"), id="banana")
        memory.remember(picture("fruit~1 fruit*0.9"), id="apple")
        assert [hit.record.id for hit in memory.recall(LESS)] == ["apple", "banana"]
        assert [hit.record.id for hit in memory.recall(Text(LESS))] == ["banana", "apple"]


def test_a_note_is_compared_with_what_it_says() -> None:
    """A text may say itself what is missing: its score is that of the whole question."""
    with Memory.open(":memory:", owner="rex", encoder=READING) as memory:
        memory.remember(text=LESS, id="note")
        memory.remember(picture("banana"))
        by_words, whole = (
            {hit.record.id: hit.score for hit in memory.recall(query)}
            for query in (LESS, Text(LESS))
        )
        assert by_words["note"] == whole["note"] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("query", ["some fruit", Text(LESS), [Text(LESS), "sea"]])
def test_other_questions_have_one_vector_for_all(query: Query) -> None:
    """Where nothing is left out, no vector is made beside that of the question."""
    assert excluding_vectors(query, READING, None) == []


def test_parts_keep_their_weights() -> None:
    """What a part leaves out weighs a quarter of it, against it; what is subtracted stays."""
    parts = excluding_vectors([LESS, "sea", LESS], READING, [2, 1, -1])
    assert [part.weight for part in parts] == [2, -0.5, 1, -1]
