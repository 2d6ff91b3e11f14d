"""Times that two phrases name together, and hours of the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sensorium.memory.times import spans
from sensorium.memory.times.phrases import Phrase, in_year
from sensorium.memory.times.spans import Span

AWAKE = range(7, 22)  # hours at which "at three" is meant, if that is in the past
LATE = ("afternoon", "evening", "night")
CLOCKS = ("clock", "number")
NOON = 12 * 60  # minutes


def together(one: Phrase, other: Phrase, now: datetime) -> Span | None:
    """Return the span of two phrases, the first of which is the larger one; `None` if of neither.

    Args:
        one: A day, a week, a year, or a part of a day.
        other: A part or an hour of it, a weekday, a month or a season.
        now: The present.
    """
    if one.span is not None:
        if one.kind == "span" and (one.span.grain, other.kind) == ("day", "weekday"):
            return one.span  # Monday, 3 May: the date says more
        return _within(one.span, other, now)
    if one.kind == "year" and other.kind in ("month", "season"):
        return in_year(other.kind, other.value, int(one.value))
    if one.kind == "part" and other.kind == "clock":
        late = other.open and one.value in LATE and int(other.value) < NOON
        return hour(replace(other, value=int(other.value) + NOON * late, open=False), now)
    return None


def _within(span: Span, other: Phrase, now: datetime) -> Span | None:
    match (span.grain, other.kind):
        case ("day", "part"):
            return spans.part_of(span, str(other.value))
        case ("day", "clock"):
            return hour(replace(other, open=False), now, span, awake=other.open)
        case ("week", "weekday"):
            return spans.day((span.start + int(other.value) * spans.DAY).date())
        case ("year", "month" | "season"):
            return in_year(other.kind, other.value, span.start.year)
    return None


def from_clock(first: Phrase, second: Phrase, now: datetime) -> tuple[datetime, datetime] | None:
    """Return the time from a number, which may be of a clock, to another time.

    Args:
        first: The number: "between 2", "between 10".
        second: The other time: "and 3", "and 3 pm yesterday", "and 12 June".
        now: The present.
    """
    if second.kind in CLOCKS:
        return _hours(first, second, now)
    if second.span is None:
        return None
    if second.span.grain == "hour":
        return _clock_before(int(first.value), second.span.start), second.span.start
    number = int(first.value) // 60
    if second.span.grain != "day" or not 0 < number < second.span.start.day:
        return None
    return second.span.start.replace(day=number), second.span.end


def hour(clock: Phrase, now: datetime, day: Span | None = None, *, awake: bool = False) -> Span:
    """Return the hour that begins at a clock's time.

    Args:
        clock: The time.
        now: The present.
        day: Its day; by default the latest on which there was that time.
        awake: Whether a time at night stands for the one twelve hours later.
    """
    minutes = int(clock.value)
    if awake and minutes // 60 not in AWAKE:
        minutes += NOON
    length = timedelta(hours=1)
    if day is not None:
        start = day.start + timedelta(minutes=minutes)
        return Span(start, start + length, "hour")
    times = [minutes, minutes + NOON] if clock.open and minutes < NOON else [minutes]
    starts = [
        spans.unit(now, "day", back).start + timedelta(minutes=each)
        for back in (0, 1)
        for each in times
    ]
    past = [start for start in starts if start <= now]
    likely = [start for start in past if start.hour in AWAKE] if clock.open else []
    start = max(likely or past)
    return Span(start, start + length, "hour")


def _clock_before(minutes: int, end: datetime) -> datetime:
    """Return the clock's time before another, in the same half of the day if it can be."""
    start = end.replace(hour=0, minute=0) + timedelta(minutes=minutes)
    later = start + timedelta(hours=12)
    if start >= end:
        return start - timedelta(hours=12 if minutes >= NOON else 24)
    return later if later < end else start


def _hours(first: Phrase, second: Phrase, now: datetime) -> tuple[datetime, datetime] | None:
    """Return the latest time between two of a clock."""
    if not second.open and first.open:  # between 2 and 3 pm
        late = int(second.value) >= NOON and int(first.value) + NOON < int(second.value)
        first = replace(first, value=int(first.value) + NOON * late, open=False)
    span = hour(first, now)
    length = (int(second.value) - int(first.value)) % (NOON if second.open else 2 * NOON)
    return (span.start, span.start + timedelta(minutes=length)) if length else None
