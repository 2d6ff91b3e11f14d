"""Languages that no tower has learned are told; the learned ones, and English, are not."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import sensorium.bench
from sensorium.encoders.noting import note, noted
from sensorium.errors import QuestionWarning
from sensorium.mini.languages.elsewhere import language_elsewhere
from sensorium.mini.languages.reader import Language, language_of

QUESTIONS = Path(sensorium.bench.__path__[0]) / "languages.tsv"
ALLOWED = 0.01  # of questions in learned languages, by `python -m training.languages.elsewhere`


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("var är mina nycklar", "Swedish"),
        ("missä avaimeni ovat", "Finnish"),
        ("hol vannak a kulcsaim, kérlek", "Hungarian"),
        ("con chó trên bãi biển", "Vietnamese"),
        ("unde sunt cheile mele de la mașină", "Romanian"),
        ("де мої ключі", "Ukrainian"),
        ("کلیدهای من کجا هستند", "Persian"),
        ("میری چابیاں کہاں ہیں", "Urdu"),
    ],
)
def test_a_language_that_was_not_learned_is_named(text: str, language: str) -> None:
    """By its groups of letters and its small words."""
    assert language_of(text) is Language.OTHER
    assert language_elsewhere(text) == language


def test_learned_languages_are_not_called_others() -> None:
    """Of the 25 questions in each of 16 languages nearly none, of the English ones none."""
    lines = (line for line in QUESTIONS.read_text(encoding="utf-8").splitlines() if line[:1] != "#")
    rows = list(csv.DictReader(lines, delimiter="\t"))
    asked = [row[name] for row in rows for name in row if name not in ("finds", "en")]
    called = [each for each in asked if _is_called(each)]
    assert len(called) <= ALLOWED * len(asked), called
    assert not any(_is_called(row["en"]) for row in rows)


def _is_called(text: str) -> bool:
    return language_of(text) is Language.OTHER and language_elsewhere(text) is not None


@pytest.mark.parametrize(
    "text", ["", "12", "狗", "สุนัข", "a dog", "x", "🐶", "\ud800", "собака " * 99]
)
def test_what_says_nothing_is_not_named(text: str) -> None:
    """No words, words of one letter, of English, or of scripts that are learned as a whole."""
    assert language_elsewhere(text) is None


def test_notes_are_gathered_or_warned_of() -> None:
    """Once each in the innermost block around; a warning where there is none."""
    with noted() as outer, noted() as inner:
        note("one")
        note("one")
        note("two")
    assert (outer, inner) == ([], ["one", "two"])
    with pytest.warns(QuestionWarning, match="three"):
        note("three")
