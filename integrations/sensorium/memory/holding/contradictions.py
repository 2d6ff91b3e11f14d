"""Two texts that say nearly the same of other numbers, other names, or with a negation."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

Difference: TypeAlias = Literal["numbers", "names", "negation"]

WORD = re.compile(r"\d+(?:[.,:/-]\d+)*|[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
NEGATIONS = frozenset(
    (
        *("not", "no", "never", "none", "nothing", "nobody", "without", "cannot"),
        *("nicht", "kein", "keine", "keinen", "nie", "niemals", "ohne"),
        *("ne", "pas", "jamais", "sans", "nunca", "sin", "non", "mai", "senza", "não", "sem"),
    )
)
CONTRACTED = ("n't", "n\u2019t")  # "isn't", "won't"
ALIKE = 0.6  # share of the other words that two texts must have in common
LONGEST = 600  # characters of a text that is compared: a fact, not a document


class Words:
    """The words of a text, by what they tell."""

    def __init__(self, text: str) -> None:
        """Sort the words of a text."""
        words = WORD.findall(text)
        self.numbers = {word for word in words if word[0].isdigit()}
        plain = [word for word in words if not word[0].isdigit()]
        self.negations = sum(_negates(word) for word in plain)
        told = [word.lower() for word in plain if word.lower() not in NEGATIONS]
        self.told = {_without_negation(word) for word in told}
        self.names = {word.lower() for word in plain if word[:1].isupper() and not _negates(word)}


def differences(first: str, second: str) -> tuple[Difference, ...]:
    """Return in what two texts contradict each other: in nothing if they say the same.

    It compares words, so it finds what may contradict, and does not decide whether it does.
    """
    a, b = Words(first), Words(second)
    apart = a.told ^ b.told
    names = (a.names - b.told, b.names - a.told)
    # Names stand in each other's place: what else there is must be nearly the same
    others = apart - names[0] - names[1]
    common = a.told & b.told
    if len(common) < ALIKE * (len(common) + len(others)) or not common:
        return ()
    found: list[Difference] = []
    if a.numbers != b.numbers and a.numbers and b.numbers:
        found.append("numbers")
    if names[0] and names[1]:
        found.append("names")
    if a.negations % 2 != b.negations % 2:
        found.append("negation")
    return tuple(found)


def _negates(word: str) -> bool:
    return word.lower() in NEGATIONS or word.lower().endswith(CONTRACTED)


def _without_negation(word: str) -> str:
    """Return "is" of "isn't", so that it is the same word."""
    return word[:-3] if word.endswith(CONTRACTED) else word
