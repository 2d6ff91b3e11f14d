"""Which languages a question may be in, of those whose times are read."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from sensorium.memory.times.own_words import own_words

SCRIPTS = {
    "CYRILLIC": ("ru",),
    "ARABIC": ("ar",),
    "DEVANAGARI": ("hi",),
    "HIRAGANA": ("ja",),
    "KATAKANA": ("ja",),
    "CJK": ("zh", "ja"),
}
LATIN = ("en", "de", "fr", "es", "it", "pt", "nl")
CURLY = "\N{RIGHT SINGLE QUOTATION MARK}"
WORD = re.compile(rf"[^\W\d_]+(?:['{CURLY}][^\W\d_]+)?")


def languages_of(question: str) -> list[str]:
    """Return the languages a question may be in.

    Its script decides; where several languages share it, their frequent short words do: one that
    has fewer of them in the question than another, by two or more, is not tried.

    Args:
        question: Words of a question.
    Returns:
        Codes, such as `["en"]`; all of a script if nothing tells them apart.
    """
    scripts = {
        unicodedata.name(letter, "").split()[0].split("-")[0]
        for letter in question
        if letter.isalpha()
    }
    for script, languages in SCRIPTS.items():
        if script in scripts:
            return list(languages)
    words = [word.lower().replace(CURLY, "'") for word in WORD.findall(question)]
    scores = {
        language: sum(not hints.isdisjoint((word, word.split("'")[0])) for word in words)
        for language, hints in _hints().items()
    }
    most = max(scores.values())
    return [language for language, score in scores.items() if score >= most - 1]


def is_word_elsewhere(words: str, language: str, question: str) -> bool:
    """Return whether words are a frequent one of another language that a question may be in.

    "hier" is yesterday in French, and here in German.
    """
    others = (each for each in languages_of(question) if each != language)
    return any(words.lower() in _hints().get(each, ()) for each in others)


@cache
def _hints() -> dict[str, frozenset[str]]:
    return {language: frozenset(own_words(language).hints.split()) for language in LATIN}
