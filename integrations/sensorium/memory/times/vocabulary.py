"""The words of a language for times: dateparser's, and our own."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sensorium.memory.times.own_words import OwnWords, own_words
from sensorium.memory.times.spans import UNITS

MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ABBREVIATED = (
    3  # letters of a name that is a whole word only beside a number, where words have spaces
)
NUMBER = re.compile(r"\(\\d[^()]*\)")  # as dateparser writes it
AGO = re.compile(r"(?:(\d+)|\\1) (\w+) ago")


@dataclass(frozen=True)
class Vocabulary:
    """The words of a language.

    Attributes:
        language: Its code.
        own: Those that dateparser does not know.
        ago: Words for a unit of the calendar before now, with the unit and how many back.
        counted: Expressions with one group, for a number of units before now, with the unit.
        months: For each month an expression.
        weekdays: For each weekday, Monday first, an expression of its whole names.
        units: For each unit an expression.
        numbers: The values of numbers in words.
        day_first: Whether a date in numbers has its day before its month.
    """

    language: str
    own: OwnWords
    ago: tuple[tuple[str, str, int], ...]
    counted: tuple[tuple[str, str], ...]
    months: tuple[str, ...]
    weekdays: tuple[str, ...]
    units: dict[str, str]
    numbers: dict[str, int]
    day_first: bool

    @property
    def number(self) -> str:
        """An expression of a number, in figures or in words."""
        return any_of(["[0-9]{1,4}", *map(re.escape, self.numbers)])

    def value(self, text: str) -> int:
        """Return the value of a number that `number` matched."""
        return self.numbers[text.lower()] if text.lower() in self.numbers else int(text)


@cache
def vocabulary(language: str) -> Vocabulary:
    """Return the words of a language, one of `LANGUAGES`."""
    own, known = own_words(language), _known(language)
    relative = known["relative-type"]
    ago = [
        (spaced(word), match[2], int(match[1]))
        for said, words in relative.items()
        if (match := AGO.fullmatch(said)) and match[1] and match[2] in UNITS
        for word in words
        if len(word) >= ABBREVIATED or not own.spaced or not word.isascii()
    ]
    counted = [
        (spaced(NUMBER.sub("{n}", word)), match[2])
        for said, words in known["relative-type-regex"].items()
        if (match := AGO.fullmatch(said)) and not match[1] and match[2] in UNITS
        for word in words
        if len(NUMBER.findall(word)) == 1
    ]
    months = [
        any_of(map(re.escape, sorted({*known[name], *own.months[index : index + 1]})))
        for index, name in enumerate(MONTHS)
    ]
    return Vocabulary(
        language,
        own,
        tuple(ago),
        tuple(counted),
        tuple(months),
        tuple(any_of(map(re.escape, _whole(known[name], own))) for name in WEEKDAYS),
        {name: any_of(map(re.escape, _whole(known[name], own, 2))) for name in UNITS},
        _numbers(known.get("simplifications") or (), own),
        known.get("date_order", "DMY").startswith("D"),
    )


def _known(language: str) -> dict[str, Any]:
    """Return dateparser's table of a language, without importing the rest, which takes 0.2 s."""
    package = importlib.util.find_spec("dateparser")
    assert package is not None
    assert package.origin is not None
    file = Path(package.origin).parent / "data" / "date_translation_data" / f"{language}.py"
    spec = importlib.util.spec_from_file_location(f"dateparser_{language}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    info: dict[str, Any] = module.info
    return info


def any_of(expressions: Iterable[str]) -> str:
    """Return an expression that matches any of some, the longest if several do."""
    return "(?:" + ("|".join(sorted(expressions, key=len, reverse=True)) or r"(?!)") + ")"


def spaced(words: str) -> str:
    """Return an expression of words with any space between them; `{n}` stays."""
    return r"\s+".join(re.escape(word).replace(r"\{n\}", "{n}") for word in words.split())


def _whole(names: Iterable[str], own: OwnWords, shortest: int = ABBREVIATED + 1) -> list[str]:
    """Leave the abbreviations of names out, unless there is nothing else."""
    least = shortest if own.spaced else 1
    names = [name for name in names if name[:1].isalnum()]
    if not own.spaced:  # 日 is a day and a Sunday
        return [name for name in names if len(name) > 1] or names
    return [name for name in names if len(name) >= least or not name.isascii()] or names


def _numbers(simplifications: Iterable[dict[str, str]], own: OwnWords) -> dict[str, int]:
    """Return the numbers in words."""
    found = {word: value for value, words in enumerate(own.numbers, 1) for word in words.split("|")}
    for each in simplifications:
        for word, value in each.items():
            if word.isalpha() and value.isdecimal():
                found[word.lower()] = int(value)
    return found
