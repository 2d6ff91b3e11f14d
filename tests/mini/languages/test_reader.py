"""A text goes to the tower that reads it, by its letters and by its words, however short it is."""

from __future__ import annotations

import pytest
from tests.support.golden_files import ROOT

from sensorium.mini.languages.reader import Language, is_certain, language_of
from sensorium.mini.languages.scripts import weigh_scripts

QUESTIONS = ROOT / "integrations" / "sensorium" / "bench" / "languages.tsv"
LATIN = ("de", "es", "fr", "it", "nl", "pl", "pt", "tr")
SHORT = {
    **dict.fromkeys(("dog", "chat", "cat", "rain", "main", "iPhone 12", "GPS", "x", "42"), False),
    **dict.fromkeys(
        ("Hund", "chien", "perro", "gatto", "hond", "kot", "köpek", "cachorro", "Katze"), True
    ),
    **dict.fromkeys(("un chat", "le chat", "der Hund", "una casa", "een kat"), True),
    **dict.fromkeys(("wo ist mein Schlüssel?", "où est ma clé ?", "gdzie są klucze?"), True),
    **dict.fromkeys(("狗", "犬", "개", "كلب", "собака", "หมา"), True),
}
MIXED = {
    "photo of 小狗": True,
    "我的 iPhone 充电器": True,
    "find the picture of the Eiffel tower that 王 sent": False,
    "Слово и word": True,
    "the German word Hund means dog": False,
}


def asked() -> dict[str, list[str]]:
    rows = [line.split("\t") for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    return {name: [row[at] for row in rows[1:]] for at, name in enumerate(rows[0]) if at}


@pytest.mark.parametrize(("text", "other"), [*SHORT.items(), *MIXED.items()])
def test_short_and_mixed_texts(text: str, *, other: bool) -> None:
    """One word is enough; what is quoted inside English does not change it."""
    assert (language_of(text) is Language.OTHER) == other


@pytest.mark.parametrize("language", asked())
def test_questions_in_sixteen_languages(language: str) -> None:
    """All of other letters, and those of Latin letters that are not English words, too."""
    read = [language_of(text) is Language.OTHER for text in asked()[language]]
    if language == "en":
        assert not any(read)
    elif language in LATIN:
        assert sum(read) >= 19  # "piano", "pizza", "banana" and "Leopard" are English, too
    else:
        assert all(read)


@pytest.mark.parametrize("text", ["Καλημέρα", "שלום", "नमस्ते", "გამარჯობა", "ሰላም"])
def test_letters_that_were_not_learned(text: str) -> None:
    """Greek, Hebrew, Hindi, Georgian and Amharic: neither tower reads them."""
    assert language_of(text) is Language.UNREAD


def test_doubt_and_certainty() -> None:
    """A name or a slip of the pen is no proof of another language; its letters and words are."""
    assert not is_certain("Kubernetes")
    assert not is_certain("elefant")
    assert is_certain("狗")
    assert is_certain("wo ist der Schlüssel")


def test_a_chinese_character_says_as_much_as_three_letters() -> None:
    """Scripts are weighed by what they say; signs, digits and spaces weigh nothing."""
    assert weigh_scripts("ab 狗, 12!") == {"Latin letters": 2, "Chinese characters": 3}
