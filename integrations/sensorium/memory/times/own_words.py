"""Words for times that dateparser lacks: a file for each language.

dateparser (BSD) knows the rest: days, weeks, months and years ago, names of months and weekdays.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "ru", "ar", "hi", "zh", "ja")
WORDS = Path(__file__).with_name("words")


@dataclass(frozen=True)
class OwnWords:
    """Words of a language; all but the hints and the numbers are regular expressions.

    Attributes:
        hints: Frequent short words, by which a language is recognised.
        parts: Parts of a day.
        seasons: Spring, summer, autumn and winter.
        last: How the last weekday, month or season is said; `{x}` is it.
        this: The same, of the present one.
        past: How the last `{n}` `{unit}` are said.
        leads: Small words before a time, which leave the question with it.
        trails: The same, behind it.
        during: Words before a month, a season or a year that say it is a time.
        of: Words that say so of a month and a year.
        joins: What may stand between a day and its part, or a month and its year.
        since: Words before a time, and behind it.
        after: The same.
        until: The same.
        before: The same.
        between: Words before two times, between them, and behind.
        alters: Words before a time, and behind it, that make another of it: half, every, not, or.
        vague: Words before a time that mean more or less than it, and what such a time contains:
            over two years ago, but over the last two weeks.
        on: Words before the bare name of a weekday that say it is a time.
        clock: How a time of the day is said; `{t}` is the number.
        fused: Single words: days from today, and a part of that day.
        halves: Words that say which half of the day a time is in.
        months: Other forms of the names of the months, beginning with January.
        numbers: Numbers in words that dateparser lacks: for one, for two, ...
        spaced: Whether words have spaces between them.
    """

    hints: str
    parts: Mapping[str, str]
    seasons: Sequence[str]
    last: str
    this: str
    past: str
    leads: str
    trails: str
    during: str
    of: str
    joins: str
    since: Sequence[str]
    after: Sequence[str]
    until: Sequence[str]
    before: Sequence[str]
    between: Sequence[str]
    alters: Sequence[str]
    on: str
    clock: str
    vague: Sequence[str] = ("", "")
    fused: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    halves: Sequence[str] = ("", "")
    months: Sequence[str] = ()
    numbers: Sequence[str] = ()
    spaced: bool = True


@cache
def own_words(language: str) -> OwnWords:
    """Return the words of a language, one of `LANGUAGES`."""
    content = (WORDS / f"{language}.toml").read_text(encoding="utf-8")
    return OwnWords(**tomllib.loads(content))
