"""Spans of the calendar, as people name them: a day, its morning, last week, a summer.

All times are local and naive here; `reading.py` gives them their zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

DAY = timedelta(days=1)
# Hours from midnight of the day. A night is named after the day on which it begins.
PARTS = {"morning": (5, 12), "noon": (11, 14), "afternoon": (12, 18), "evening": (18, 24)}
PARTS["night"] = (20, 30)
# The first month of each, as meteorologists count in the north; winter ends in the next year.
SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}
UNITS = ("minute", "hour", "day", "week", "month", "year")
LENGTHS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}


@dataclass(frozen=True)
class Span:
    """A time from `start` up to, and without, `end`.

    Attributes:
        start: Local time.
        end: Local time.
        grain: What is named, if that matters: "hour", "day", "week" or "year".
    """

    start: datetime
    end: datetime
    grain: str = "range"


def day(number: date) -> Span:
    """Return a day."""
    start = datetime.combine(number, time())
    return Span(start, start + DAY, "day")


def unit(now: datetime, name: str, back: int) -> Span:
    """Return a calendar unit so many units before the present one.

    Args:
        now: The present.
        name: One of `UNITS`; weeks begin on Monday.
        back: 0 for the present one; an hour or a minute back is that long ago, give or take half.
    Raises:
        OverflowError, ValueError: It is before the calendar begins.
    """
    if name in LENGTHS:
        middle, half = now - back * LENGTHS[name], LENGTHS[name] / 2
        return Span(middle - half, middle + half)
    today = now.date()
    if name == "day":
        return day(today - back * DAY)
    if name == "week":
        monday = day(today - today.weekday() * DAY - 7 * back * DAY).start
        return Span(monday, monday + 7 * DAY, "week")
    if name == "month":
        return month(today.year, today.month - back)
    return year(today.year - back)


def month(number: int, index: int) -> Span:
    """Return a month; an index below 1 or beyond 12 is of another year."""
    return Span(_first(number, index), _first(number, index + 1))


def year(number: int) -> Span:
    """Return a year."""
    return Span(datetime(number, 1, 1), datetime(number + 1, 1, 1), "year")


def season(number: int, name: str) -> Span:
    """Return a season that begins in a year."""
    return Span(_first(number, SEASONS[name]), _first(number, SEASONS[name] + 3))


def part_of(whole: Span, name: str) -> Span:
    """Return a part of a day, one of `PARTS`."""
    begin, end = PARTS[name]
    return Span(whole.start + timedelta(hours=begin), whole.start + timedelta(hours=end))


def latest(spans: list[Span], now: datetime, *, over: bool = False) -> Span | None:
    """Return the latest that has begun, or is over."""
    past = [each for each in spans if (each.end if over else each.start) <= now]
    return max(past, key=lambda each: each.start, default=None)


def past(now: datetime, name: str, number: int) -> Span:
    """Return the last so many units until now.

    Raises:
        OverflowError, ValueError: They begin before the calendar does.
    """
    if name in LENGTHS:
        return Span(now - number * LENGTHS[name], now)
    if name in ("day", "week"):
        return Span(now - number * (7 if name == "week" else 1) * DAY, now)
    months = number * (12 if name == "year" else 1)
    first = _first(now.year, now.month - months)
    last = (_first(first.year, first.month + 1) - DAY).day
    return Span(datetime.combine(first.replace(day=min(now.day, last)), now.time()), now)


def _first(number: int, index: int) -> datetime:
    years, months = divmod(index - 1, 12)
    return datetime(number + years, months + 1, 1)
