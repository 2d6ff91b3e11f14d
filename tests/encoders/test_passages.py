"""Passages: long texts are cut into a few sentences each, and their rows say where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.planted import UNREADABLE, PlantedEncoder, picture

from sensorium.encoders.passages import PASSAGE, UNBROKEN, WHOLE, encode_passages, passages
from sensorium.errors import SensoriumError
from sensorium.percepts import Span, Text

FACT = "The spare key hangs behind the blue barrel."
OTHER = "Nobody has seen the cat of the neighbours since Tuesday evening, when it rained."
PLANTED = PlantedEncoder()


def cut(text: str) -> list[str]:
    return [text[int(span.start) : int(span.end)] for span in passages(text)]


@given(st.text(alphabet="ab .!?,\n。é", max_size=1200))
def test_passages_are_the_whole_text(text: str) -> None:
    """They are back to back from the first letter to the last, and none is blank beside others."""
    spans = passages(text)
    assert "".join(cut(text)) == text
    assert [span.start for span in spans[1:]] == [span.end for span in spans[:-1]]
    assert len(spans) == 1 or all(each.strip() for each in cut(text))


@pytest.mark.parametrize("blank", [" ", "\t", "\n", "\u00a0"])
def test_a_run_of_blanks_is_no_passage(blank: str) -> None:
    """However long it is, and wherever: it belongs to a passage with words, as does any table's."""
    gap = blank * 4 * WHOLE
    for text in (f"{FACT}{gap}{OTHER}", f"{gap}{FACT}", f"{FACT}{gap}", f"{FACT}{gap}{FACT}{gap}"):
        assert "".join(cut(text)) == text
        assert all(each.strip() for each in cut(text))
    assert cut(gap) == [gap]


def test_a_note_is_one_passage() -> None:
    """A few sentences are compared as a whole, as ever."""
    assert passages("A. " * (WHOLE // 3)) == [Span(0, WHOLE)]


def test_sentences_stay_whole() -> None:
    """A passage ends where a sentence ends, and is as long as fits."""
    text = " ".join([OTHER, OTHER, FACT, OTHER, FACT, FACT, FACT])
    assert [each.strip() for each in cut(text)] == [
        *(OTHER, OTHER, FACT, OTHER),
        f"{FACT} {FACT}",
        FACT,
    ]
    assert all(len(each) <= PASSAGE for each in cut(text))


@pytest.mark.parametrize("mark", ["e.g. this", "approx. half"])
def test_an_abbreviation_ends_no_sentence(mark: str) -> None:
    """A point before a small letter ends nothing."""
    text = f"{'x' * 150} {mark} {'y' * 120}. {OTHER}"
    assert any(mark in each for each in cut(text))


def test_long_sentences_are_broken_between_words() -> None:
    """Speech without marks becomes passages of bounded length, at commas where there are any."""
    words = "and then we went on " * 100
    assert all(len(each) <= WHOLE and each.endswith(" ") for each in cut(words))
    assert cut("so they said, " * 40)[0].endswith(", ")
    assert max(map(len, cut("x" * 50_000))) == UNBROKEN


def test_rows_are_those_of_the_passages() -> None:
    """Each row equals that of its passage alone, in its span; other percepts are as ever."""
    text = " ".join([OTHER, OTHER, OTHER, FACT])
    whole, still = encode_passages(PLANTED, [Text(text), picture("dog")])
    assert not isinstance(whole, SensoriumError)
    assert not isinstance(still, SensoriumError)
    assert list(whole.spans) == passages(text)
    for row, passage in zip(whole.vectors, cut(text), strict=True):
        [alone] = PLANTED.encode([Text(passage)])
        assert (row == alone.vectors[0]).all()
    assert (still.vectors == PLANTED.encode([picture("dog")])[0].vectors).all()


def test_lines_of_a_paragraph_are_one_sentence() -> None:
    """A line that goes on in the next ends no sentence; the next message of a chat does."""
    wrapped = f"{'Word ' * 12}and\n{'more ' * 12}words. {OTHER} {OTHER}"
    assert cut(wrapped)[0].endswith("words. ")
    chat = "\n".join(f"Anna: {'yes ' * 20}" for _ in range(9))
    assert all(each.startswith("Anna") for each in cut(chat))


def test_an_error_stays_with_its_percept() -> None:
    """What cannot be encoded gives its error in its place; its neighbours are encoded."""
    broken = Text(f"{OTHER} {OTHER} {OTHER} {UNREADABLE}")
    first, wrong, last = encode_passages(PLANTED, [Text(f"{OTHER} " * 9), broken, Text("b")])
    assert isinstance(wrong, SensoriumError)
    assert not isinstance(first, SensoriumError)
    assert not isinstance(last, SensoriumError)
