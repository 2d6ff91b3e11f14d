"""Which tower reads a text: the English one, the one of many languages, or neither.

Letters decide first, and words where the letters are Latin. The figures are in EVALUATION.md.
"""

from __future__ import annotations

from enum import Enum

from sensorium.mini.languages.scripts import OTHER, PLAIN, weigh_scripts
from sensorium.mini.languages.words import words

SHARE = 0.25  # of a text's letters that are not Latin, from which on it is not read as English
UNREAD = 0.5  # the same, of letters that no tower has learned
CERTAIN = 2.0  # what a word with accents says, or two words do, beyond doubt


class Language(Enum):
    """Who reads a text."""

    ENGLISH = "English"
    OTHER = "another language"
    UNREAD = "a language of letters that were not learned"


def language_of(text: str) -> Language:
    """Tell who reads a text; one without letters is read as English, as numbers are.

    Args:
        text: Any text, with its emoji named.
    """
    if text.isascii():
        return _by_words(text)
    weights = weigh_scripts(text)
    total = sum(weights.values())
    if not total:
        return Language.ENGLISH
    if weights.get(OTHER, 0) >= UNREAD * total:
        return Language.UNREAD
    if total - weights.get(PLAIN, 0) - weights.get(OTHER, 0) >= SHARE * total:
        return Language.OTHER
    return _by_words(text)


def is_certain(text: str) -> bool:
    """Return whether a text is of another language beyond doubt, not a name or a misspelt word."""
    weights = weigh_scripts(text)
    total = sum(weights.values())
    if total - weights.get(PLAIN, 0) >= SHARE * total > 0:
        return True
    found = words().plain(text)
    single = len(found) == 1
    if single and (found[0].isascii() or found[0][0].isupper()):
        return False
    return words().foreign(text) >= CERTAIN


def _by_words(text: str) -> Language:
    return Language.OTHER if words().foreign(text) > 0 else Language.ENGLISH
