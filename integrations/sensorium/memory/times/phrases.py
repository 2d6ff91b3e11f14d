"""Finding phrases that name a time; some have a span, others wait for their neighbour."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache, partial
from typing import TypeAlias

from sensorium.memory.times import spans
from sensorium.memory.times.spans import SEASONS, UNITS, Span
from sensorium.memory.times.vocabulary import Vocabulary, any_of, vocabulary

YEAR = r"(?:19|20)[0-9]{2}"
ISO = r"(?P<y>(?:19|20)[0-9]{2})(?:-|/|年)(?P<m>[0-9]{1,2})(?:-|/|月)(?P<d>[0-9]{1,2})[日号]?"
FIGURES = r"(?P<a>[0-9]{1,2})(?P<s>[./-])(?P<b>[0-9]{1,2})(?P=s)(?P<y>(?:19|20)[0-9]{2})"
FIGURE = r"(?P<h>[0-9]{1,2})(?:[:.](?P<min>[0-9]{2}))?"
ORDINAL = r"(?:\.|st|nd|rd|th|er|º|ª|-го)?"  # noqa: RUF001
OF = r"(?:de\s+|del\s+|of\s+|di\s+)?"
LATE = frozenset({"noon", "afternoon", "evening", "night"})  # parts after noon
RARE = 9  # years in which there is a 29th of February for sure


@dataclass(frozen=True)
class Phrase:
    """Words that name a time, or do so beside others.

    Attributes:
        begin: Where they begin in the question.
        end: Where they end.
        span: The time, if it is known.
        kind: What waits for a neighbour, and is no time without: "part" (of a day), "clock",
            "number" (which may be a clock's), "year", "month", "season". "weekday" may have one;
            "span" does not wait.
        value: What waits: a name, a year, a month, or minutes from midnight.
        open: Whether a clock's time may be in either half of the day, or the name of a weekday is
            bare: in the middle of a question that may be a name, as in "Friday Night Lights".
    """

    begin: int
    end: int
    span: Span | None = None
    kind: str = "span"
    value: str | int = 0
    open: bool = False


Made: TypeAlias = "Span | Phrase | None"
Maker = Callable[["re.Match[str]", datetime], Made]
Rule = tuple[str, Maker]


def phrases(question: str, language: str, now: datetime) -> list[Phrase]:
    """Find what names a time in a question, without overlaps.

    Args:
        question: The question.
        language: One of `OWN_WORDS`.
        now: The present, local and naive.
    """
    found: list[Phrase] = []
    if not _gate(language).search(question):
        return found
    for expression, make in _expressions(language):
        for match in expression.finditer(question):
            try:
                made = make(match, now)
            except (ValueError, OverflowError):  # the 31st of June, 5,000 years ago
                continue
            if isinstance(made, Span):
                made = Phrase(match.start(), match.end(), made)
            if made is not None:
                found.append(made)
    found.sort(key=lambda each: (each.begin - each.end, each.span is None))
    kept: list[Phrase] = []
    for phrase in found:
        if all(phrase.end <= other.begin or phrase.begin >= other.end for other in kept):
            kept.append(phrase)
    return sorted(kept, key=lambda each: each.begin)


@cache
def _gate(language: str) -> re.Pattern[str]:
    """Return an expression that is found wherever one of the others is: a digit or a word of time.

    Compiling all the others takes as long as the rest of a question that names no time.
    """
    words = vocabulary(language)
    own = words.own
    said = [r"\d", *(expression for expression, _, _ in words.ago), *map(_filled, own.fused)]
    said += [*words.units.values(), *own.parts.values(), *own.seasons]
    said += [*words.weekdays, *words.months, *map(re.escape, words.numbers)]
    return re.compile("|".join(said), re.IGNORECASE)


@cache
def _expressions(language: str) -> tuple[tuple[re.Pattern[str], Maker], ...]:
    words = vocabulary(language)
    rules = [*_relative(words), *_calendar(words), *_floating(words)]
    before, behind = (r"(?<!\w)", r"(?!\w)") if words.own.spaced else ("", "")
    before += r"(?<!\d[.,/])"  # not 5 hours of 1.5
    return tuple(
        (re.compile(f"{before}(?:{expression}){behind}", re.IGNORECASE), make)
        for expression, make in rules
    )


def _relative(words: Vocabulary) -> Iterator[Rule]:
    """Yesterday, last week, three days ago, the last two hours, tonight, this morning."""
    own, number = words.own, f"(?P<n>{words.number})"
    for expression, unit, back in words.ago:
        yield expression, partial(_unit, unit, back)
    for expression, unit in words.counted:
        yield expression.replace("{n}", number), partial(_counted, words, unit)
    for unit in UNITS:
        said = own.past.replace("{unit}", words.units[unit])
        yield _filled(said.replace("{n}", number)), partial(_past, words, unit)
        yield _filled(re.sub("{n} ?", "", said)), partial(_past, None, unit)
    for expression, (shift, part) in own.fused.items():
        yield _filled(expression), partial(_part_of_day, -shift, part)
    for part, expression in own.parts.items():
        yield _filled(own.this, f"(?:{expression})"), partial(_part_of_day, 0, part)


def _calendar(words: Vocabulary) -> Iterator[Rule]:
    """Dates, Monday, last Monday, last May, this summer, last summer."""
    own = words.own
    yield ISO, _iso
    yield FIGURES, partial(_figures, words.day_first)
    for index, name in enumerate(words.weekdays):
        yield name, partial(_bare_weekday, index)
        yield _filled(own.last, name), partial(_weekday, index, True)
        yield _filled(own.this, name), partial(_weekday, index, False)
    for season, name in zip(SEASONS, own.seasons, strict=True):
        yield _filled(own.last, f"(?:{name})"), partial(_latest, "season", season, True)
        yield _filled(own.this, f"(?:{name})"), partial(_latest, "season", season, False)
    for index, name in enumerate(words.months, 1):
        yield _filled(own.last, name), partial(_latest, "month", index, True)
        yield _filled(own.this, name), partial(_latest, "month", index, False)
        for expression in _days_of(words, name):
            yield expression, partial(_day_of_month, index)


def _floating(words: Vocabulary) -> Iterator[Rule]:
    """Names that are a time beside another, or behind a small word."""
    own = words.own
    yield f"(?P<y>{YEAR})年?", _year
    for index, name in enumerate(words.months, 1):
        yield name, partial(_waiting, "month", index)
    for season, name in zip(SEASONS, own.seasons, strict=True):
        yield f"(?:{name})", partial(_waiting, "season", season)
    for part, name in own.parts.items():
        yield f"(?:{name})", partial(_waiting, "part", part)
    number = any_of([FIGURE, f"(?P<w>{any_of(map(re.escape, words.numbers))})"])
    early, late = (half or r"(?!)" for half in own.halves)
    half = rf"(?:\s*(?:(?P<early>{early})|(?P<late>{late})))?"
    clock = own.clock.replace("{t}", number)
    yield clock + half, partial(_clock, words, None)
    if not own.spaced:  # 下午三点
        for part, name in own.parts.items():
            yield f"(?:{name}) ?{clock}{half}", partial(_clock, words, part)


def _filled(template: str, name: str = "") -> str:
    return template.replace("{x}", name).replace(" ", r"\s+")


def _unit(unit: str, back: int, _: re.Match[str], now: datetime) -> Made:
    return spans.unit(now, unit, back)


def _counted(words: Vocabulary, unit: str, match: re.Match[str], now: datetime) -> Made:
    return spans.unit(now, unit, words.value(match["n"]))


def _past(words: Vocabulary | None, unit: str, match: re.Match[str], now: datetime) -> Made:
    """Make the last so many units until now; the last one without words for their number."""
    return spans.past(now, unit, words.value(match["n"]) if words else 1)


def _part_of_day(back: int, part: str, _: re.Match[str], now: datetime) -> Made:
    return spans.part_of(spans.unit(now, "day", back), part)


def _iso(match: re.Match[str], _: datetime) -> Made:
    return spans.day(date(int(match["y"]), int(match["m"]), int(match["d"])))


def _figures(day_first: bool, match: re.Match[str], _: datetime) -> Made:
    month, number = int(match["a"]), int(match["b"])
    # With dots, the day is first in every language
    if month > 12 or ((day_first or match["s"] == ".") and number <= 12):
        month, number = number, month
    return spans.day(date(int(match["y"]), month, number))


def _weekday(index: int, before: bool, match: re.Match[str], now: datetime) -> Phrase:
    """Make the latest such weekday; today only if it need not be `before`."""
    back = (now.weekday() - index) % 7
    span = spans.unit(now, "day", back or (7 if before else 0))
    return Phrase(match.start(), match.end(), span, "weekday", index)


def _bare_weekday(index: int, match: re.Match[str], now: datetime) -> Made:
    return replace(_weekday(index, before=False, match=match, now=now), open=True)


def _latest(kind: str, value: str | int, over: bool, _: re.Match[str], now: datetime) -> Made:
    """Make the latest such month or season; one that is `over`, or not."""
    return latest(kind, value, now, over=over)


def latest(kind: str, value: str | int, now: datetime, *, over: bool = False) -> Span | None:
    """Return the latest month or season of a name that has begun, or is over."""
    each = [in_year(kind, value, now.year - back) for back in range(3)]
    return spans.latest(each, now, over=over)


def in_year(kind: str, value: str | int, year: int) -> Span:
    """Return a month or a season of a year."""
    return spans.month(year, int(value)) if kind == "month" else spans.season(year, str(value))


def _days_of(words: Vocabulary, month: str) -> Iterator[str]:
    """Yield expressions of a day of a month, with its year or without."""
    if not words.own.spaced:
        yield rf"(?:(?P<y>{YEAR})年)?{month}(?P<d>[0-9]{{1,2}})(?:日|号)"
        return
    year = rf"(?:,?\s+{OF}(?P<y>{YEAR}))?"
    yield rf"(?P<d>[0-9]{{1,2}}){ORDINAL}\s+{OF}{month}{year}"
    yield rf"{month}\s+(?P<d>[0-9]{{1,2}}){ORDINAL}(?!\s*[:\d]){year}"


def _day_of_month(month: int, match: re.Match[str], now: datetime) -> Made:
    number = int(match["d"])
    if match["y"]:
        return spans.day(date(int(match["y"]), month, number))
    days: list[Span] = []
    for year in range(now.year - RARE, now.year + 1):
        try:
            days.append(spans.day(date(year, month, number)))
        except ValueError:
            continue
    return spans.latest(days, now)


def _year(match: re.Match[str], _: datetime) -> Made:
    return Phrase(match.start(), match.end(), None, "year", int(match["y"]))


def _waiting(kind: str, value: str | int, match: re.Match[str], _: datetime) -> Made:
    return Phrase(match.start(), match.end(), None, kind, value)


def _clock(words: Vocabulary, part: str | None, match: re.Match[str], _: datetime) -> Made:
    hour = words.value(match["w"]) if match["w"] else int(match["h"])
    minute = int(match["min"] or 0)
    if hour > 24 or minute > 59:
        return None
    if (match["late"] or part in LATE) and hour < 12:
        hour += 12
    if match["early"] and hour == 12:
        hour = 0
    told = match["early"] or match["late"] or part or match["min"] or hour > 12 or hour == 0
    kind = "number" if match[0].strip() == (match["w"] or match["h"]) else "clock"
    return Phrase(match.start(), match.end(), None, kind, hour * 60 + minute, not told)
