"""Frames of questions, and what they leave out, act on questions and never on what is stored."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support.planted import PlantedEncoder, picture

from sensorium.encoders.questions import Exclusion, read_exclusion, strip_frame
from sensorium.errors import QueryError
from sensorium.memory import Memory
from sensorium.memory.recalling.query import (
    Query,
    excluding_vectors,
    query_vectors,
    read_query,
)
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
    return np.stack(
        [part.vector for part in query_vectors(read_query(query, encoder), encoder, None)]
    )


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


def test_what_is_left_out_is_no_question_of_its_own() -> None:
    """A name in other letters, within a question that is understood, is not refused alone."""

    class Strict(Reading):
        def check_question(self, text: str) -> None:
            if text == "a banana":
                raise QueryError("a banana", "another word", "ask for that")

    encoder = Strict(background=True)
    assert [
        part.weight for part in excluding_vectors(read_query(LESS, encoder), encoder, None)
    ] == [1, -0.25]
    with pytest.raises(QueryError, match="a banana"):
        query_vectors(read_query("a banana", encoder), encoder, None)


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
    assert excluding_vectors(read_query(query, READING), READING, None) == []


def test_parts_keep_their_weights() -> None:
    """What a part leaves out weighs a quarter of it, against it; what is subtracted stays."""
    parts = excluding_vectors(read_query([LESS, "sea", LESS], READING), READING, [2, 1, -1])
    assert [part.weight for part in parts] == [2, -0.5, 1, -1]


def test_the_medium_that_is_named_goes_before() -> None:
    """Asked for a picture, the note that fits as well comes second, and is less certain."""
    with Memory.open(":memory:", owner="rex", encoder=READING) as memory:
        memory.remember(picture("zorbax zorbax~1*0.4"), id="picture")
        memory.remember(text="a zorbax", id="note")
        bare, named, noted = (
            {hit.record.id: hit.confidence or 0.0 for hit in memory.recall(question)}
            for question in (FRAMED, "show me pictures of a zorbax", "find my note about a zorbax")
        )
        assert [*bare] == ["note", "picture"] == [*noted]
        assert [*named] == ["picture", "note"]
        assert named["picture"] == bare["picture"]
        assert 0 < named["note"] < bare["note"] == noted["note"]


def test_a_medium_that_is_not_there_does_not_count() -> None:
    """A memory of notes alone is asked for a picture as for anything."""
    with Memory.open(":memory:", owner="rex", encoder=READING) as memory:
        memory.remember(text="a zorbax", id="note")
        [bare], [named] = (memory.recall(q) for q in (FRAMED, "show me pictures of a zorbax"))
        assert named.score == bare.score
        assert named.confidence == bare.confidence


def test_a_medium_that_is_not_searched_does_not_count() -> None:
    """Among notes alone, a question for pictures is asked as any, though there are pictures."""
    with Memory.open(":memory:", owner="rex", encoder=READING) as memory:
        memory.remember(picture("zorbax"))
        memory.remember(text="a zorbax", id="note")
        [bare], [named] = (
            memory.recall(question, modalities=["text"])
            for question in (FRAMED, "show me pictures of a zorbax")
        )
        assert named.confidence == bare.confidence


@pytest.mark.parametrize("query", [Text("show me pictures of a zorbax"), ["show me pictures", "a"]])
def test_only_words_that_are_read_name_a_medium(query: Query) -> None:
    """A `Text` is compared as it is; a part that names nothing asks for everything."""
    assert read_query(query, READING).named == frozenset()
    assert read_query("show me pictures of a zorbax", PLAIN).named == frozenset()
    assert read_query(None, READING).named == frozenset()
