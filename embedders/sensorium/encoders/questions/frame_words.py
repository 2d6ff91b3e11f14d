"""Words with which questions are put: a file for each language."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LANGUAGES = ("en", "de", "es", "fr", "it", "zh")
WORDS = Path(__file__).with_name("words")
CLASS = re.compile("<([a-z]+)>")
FOLLOWED = r"(?:(?=\W|$)|(?<=['\u2019]))"  # the end of a word, or of one that is elided: d'


class Lead:
    """A pattern at some place of a text, with the blanks behind it.

    Its first words are compiled, and the rest when these match: all patterns of a language together
    take half a second.
    """

    def __init__(self, pattern: str, classes: Mapping[str, str], *, spaced: bool) -> None:
        """Take a pattern in which `<name>` stands for the class of that name, a blank for any.

        Args:
            pattern: Regular expression; empty to match anywhere.
            classes: Regular expressions by their names.
            spaced: Whether words have blanks between them, so that the pattern ends with a word.
        """
        self._pattern, self._classes = pattern, classes
        self._followed = FOLLOWED if spaced else ""
        self._head = _compiled(_first_words(pattern), classes)

    @cached_property
    def _whole(self) -> re.Pattern[str]:
        return _compiled(rf"(?:{self._pattern}){self._followed}[\s,:;\uff0c]*", self._classes)

    def end(self, text: str, place: int) -> int | None:
        """Return where the pattern ends that begins at a place; `None` if it does not match."""
        if not self._pattern:
            return place
        found = self._head.match(text, place) and self._whole.match(text, place)
        return found.end() if found else None


class Tail:
    """A pattern at the end of a text, with the blanks before it."""

    def __init__(self, pattern: str, classes: Mapping[str, str], *, spaced: bool) -> None:
        """Take a pattern, as for `Lead`; an empty one matches at the very end."""
        self._pattern, self._classes = pattern, classes
        self._before = r"(?:^|[\s,]+)" if spaced else ""

    @cached_property
    def _whole(self) -> re.Pattern[str]:
        return _compiled(rf"{self._before}(?:{self._pattern})$", self._classes)

    def start(self, text: str) -> int | None:
        """Return where the pattern begins that ends a text; `None` if it does not match."""
        if not self._pattern:
            return len(text)
        found = self._whole.search(text)
        return found.start() if found else None


@dataclass(frozen=True)
class FrameWords:
    """Patterns of a language, each of whole words.

    Attributes:
        opens: What begins a frame.
        then: What may follow within it.
        before: Polite and empty words before a frame, which are none by themselves.
        ends: What may stand behind the thing that is asked for, where a frame opened.
        around: Frames with the thing in their middle: what stands before and behind it.
        empty: A word that names nothing by itself.
        media: Words that name a medium, and its modalities; the narrowest first.
        titles: Whether a capital letter inside a frame tells the name of a film or a book.
    """

    opens: Sequence[Lead]
    then: Sequence[Lead]
    before: Sequence[Lead]
    ends: Sequence[Tail]
    around: Sequence[tuple[Lead, Tail]]
    empty: re.Pattern[str]
    media: Sequence[tuple[re.Pattern[str], Sequence[str]]]
    titles: bool

    def names(self, words: str) -> bool:
        """Return whether words name a thing, by letters, digits or symbols such as emoji."""
        left = self.empty.sub(" ", words)
        return any(sign.isalnum() or unicodedata.category(sign) == "So" for sign in left)


@cache
def frame_words(language: str) -> FrameWords:
    """Return the words of a language, one of `LANGUAGES`."""
    given = tomllib.loads((WORDS / f"{language}.toml").read_text(encoding="utf-8"))
    classes: Mapping[str, str] = given["classes"]
    spaced = given.get("spaced", True)
    lead = partial(Lead, classes=classes, spaced=spaced)
    tail = partial(Tail, classes=classes, spaced=spaced)
    edge = r"\b" if spaced else ""
    return FrameWords(
        opens=[lead(pattern) for pattern in given["opens"]],
        then=[lead(pattern) for pattern in given["then"]],
        before=[lead(f"(?:{pattern})[!.]*") for pattern in given["before"]],
        ends=[tail(pattern) for pattern in given["ends"]],
        around=[(lead(first.strip()), tail(last.strip())) for first, last in given["around"]],
        empty=_compiled(f"{edge}(?:{given['empty']}){edge}", classes),
        media=[
            (_compiled(f"{edge}(?:{words}){edge}", classes), modalities)
            for words, modalities in given["media"]
        ],
        titles=given.get("titles", False),
    )


def _first_words(pattern: str) -> str:
    """Return a pattern up to its first blank outside brackets; nothing if it has alternatives."""
    depth, first = 0, len(pattern)
    for place, sign in enumerate(pattern):
        depth += (sign == "(") - (sign == ")")
        if not depth and sign == "|":
            return ""
        if not depth and sign == " ":
            first = min(first, place)
    return pattern[:first]


def _compiled(pattern: str, classes: Mapping[str, str]) -> re.Pattern[str]:
    """Put classes in place of their names, which may name others, and let blanks be any."""
    while CLASS.search(pattern):
        pattern = CLASS.sub(lambda found: f"(?:{classes[found[1]]})", pattern)
    return re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE)
