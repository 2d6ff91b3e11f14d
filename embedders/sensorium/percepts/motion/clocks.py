"""Times in files: seconds from the first row, and the moment of that row where it is told.

A column of times may count in seconds, milli-, micro- or nanoseconds from anything, or hold dates
and times of day in words. What its name does not say, its steps do: motion is sampled at 4 Hz to
4 kHz, and in these four units the steps of such rates do not overlap.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import Phrase, TimeError

SLOWEST, FASTEST = 4.0, 4000.0  # Hz, of motion whose times do not say their unit
TICKS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}  # a second
COUNTERS = (2**16, 2**24, 2**32)  # numbers of counters of 16, 24 and 32 bits
PACKETS = 50.0  # usual steps that may be lost where a counter begins again
DISORDER = 0.1  # of the steps, fewer of which go back in times that are not quite in order
EPOCH = (978_307_200, 4_102_444_800)  # seconds since 1970 at the start of 2001, and of 2100
DAY = re.compile(
    r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})|"
    r"(?P<d2>\d{1,2})[-/.](?P<m2>\d{1,2})[-/.](?P<y2>\d{4})"
)
IN_MOMENTS = frozenset("0123456789-T :.")
PLAIN = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?")
HOUR = re.compile(
    r"(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:[.,:](?P<f>\d{1,9}))?)? ?"
    r"(?P<half>[AaPp][Mm]\b)? ?(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?"
)


LOOSE = re.compile(  # a time of day behind a date, as in names of files: 22-10-05_123
    r"[T _-]+(?P<h>\d{2})[-.](?P<m>\d{2})[-.](?P<s>\d{2})(?:[._,:](?P<f>\d{1,9}))? ?"
    r"(?P<half>[AaPp][Mm]\b)? ?(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?"
)
ORDERS = ("dmy", "mdy")  # of days and months in figures; with points between them, the first


class Day(NamedTuple):
    """A date in figures, which may be read in two ways."""

    year: int
    first: int  # month, or day
    second: int
    how: str  # "ymd", "dotted" or "either"


@dataclass(frozen=True)
class Clock:
    """The times of a recording's rows.

    Attributes:
        seconds: Shape `(T,)`, float64, from the first row.
        origin: Seconds of the first row on the scale of the file, which a recording's files share.
        at: Moment of the first row, if the times tell it; in UTC where they do not say the zone.
        unit: `"s"`, `"ms"`, `"us"`, `"ns"`, or `"date"` for words.
        wrapped: Where a counter began again from 0, and was counted on, the number before which.
    """

    seconds: NDArray[np.float64]
    origin: float
    at: datetime | None
    unit: str
    wrapped: int | None = None


def counted(ticks: NDArray[np.float64], unit: str | None = None) -> Clock | None:
    """Read times that are numbers.

    Args:
        ticks: Shape `(T,)`, of any origin.
        unit: Unit that the file or the caller says; by default the steps tell it.
    Returns:
        `None` if nothing says the unit, and no unit makes it the times of motion.
    """
    if len(ticks) < 2 or not np.isfinite(ticks).all():
        return None
    ticks, wrapped = _unwrapped(ticks)
    unit = unit or _unit_of_steps(ticks)
    if unit is None:
        return None
    first = float(ticks[0]) / TICKS[unit]
    at = None
    if EPOCH[0] < first < EPOCH[1]:
        at = datetime.fromtimestamp(first, timezone.utc)
    return Clock((ticks - ticks[0]) / TICKS[unit], first, at, unit, wrapped)


def told(words: Sequence[str], order: str | None = None, *, name: str = "times") -> Clock | None:
    """Read times in words: dates, times of day or both, with or without a zone.

    Args:
        words: The times.
        order: `"dmy"` or `"mdy"` for dates such as 03/04/2026, `"either"` where the date does not
            matter; by default the dates have to tell it.
        name: Name of the source in messages.
    Returns:
        `None` if one of them is neither. Times of day alone go on after midnight.
    Raises:
        TimeError: The dates may be read in two ways.
    """
    if (seconds := _plain_moments(words)) is not None:
        first = datetime.fromtimestamp(float(seconds[0]), timezone.utc)
        return Clock(seconds - seconds[0], float(seconds[0]), first, "date")
    moments: list[tuple[Day | None, float]] = []
    for each in words:
        found = _parted(each)
        if found is None:
            return None
        moments.append(found)
    if len(moments) < 2:
        return None
    days = list(dict.fromkeys(day for day, _ in moments))
    starts = _midnights(days, order, name)
    if starts is None or (None in days and len(days) > 1):
        return None
    seconds = np.array([starts[day] + second for day, second in moments])
    dated = days[0] is not None
    if not dated:
        seconds += 86_400 * np.cumsum(np.diff(seconds, prepend=seconds[0]) < -43_200)
    at = datetime.fromtimestamp(float(seconds[0]), timezone.utc) if dated else None
    return Clock(seconds - seconds[0], float(seconds[0]), at, "date")


def _unwrapped(ticks: NDArray[np.float64]) -> tuple[NDArray[np.float64], int | None]:
    """Count a counter on that began again from 0, and return before which number it did so.

    It is one of 16, 24 or 32 bits if all its numbers are whole and below that, and each step back
    is a step like the others with that number added.
    """
    steps = np.diff(ticks)
    back = steps < 0
    if not back.any() or ticks.min() < 0 or (ticks != np.rint(ticks)).any():
        return ticks, None
    usual = float(np.median(steps[~back])) if (~back).any() else 0.0
    for size in COUNTERS:
        over = steps[back] + size
        if ticks.max() < size and usual > 0 and (over > 0).all() and (over < PACKETS * usual).all():
            return ticks + size * np.concatenate([[0], np.cumsum(back)]), size
    return ticks, None


def _unit_of_steps(ticks: NDArray[np.float64]) -> str | None:
    steps = np.diff(ticks)
    if (steps <= 0).all():  # the last row first, which whoever reads them refuses
        ticks = ticks[::-1]
        steps = np.diff(ticks)
    if (steps < 0).mean() < DISORDER:  # a few rows out of order, which whoever reads them refuses
        ticks = np.sort(ticks)
        steps = np.diff(ticks)
    moving = steps[steps > 0]
    if len(moving) * 4 < len(steps) or (steps < 0).any():
        return None
    step = float(np.median(moving))
    if len(moving) < len(steps):  # packets of equal stamps
        step = float(ticks[-1] - ticks[0]) / len(steps)
    for unit, ticks_a_second in TICKS.items():
        if 1 / FASTEST < step / ticks_a_second <= 1 / SLOWEST:
            return unit
    return None


def _plain_moments(words: Sequence[str]) -> NDArray[np.float64] | None:
    """Return seconds since 1970 of moments that are written alike, by ISO 8601 without a zone."""
    if len(words) < 2 or not PLAIN.fullmatch(words[0]) or len(set(map(len, words))) > 1:
        return None
    joined = "".join(words)
    if joined.count("-") != 2 * len(words) or not set(joined) <= IN_MOMENTS:  # one has a zone
        return None
    try:
        moments = np.array(words, "datetime64[ns]")
    except ValueError:  # one of them is written otherwise
        return None
    if np.isnat(moments).any():
        return None
    since: NDArray[np.float64] = moments.astype(np.int64) / 1e9
    return since


def _parted(words: str) -> tuple[Day | None, float] | None:
    """Return the day of a moment, if it says one, and its seconds since midnight in UTC."""
    day, hour = DAY.search(words), HOUR.search(words)
    if hour is None and day is not None:
        hour = LOOSE.match(words, day.end())
    if hour is None:
        return None
    count = int(hour["h"])
    if hour["half"]:
        count = count % 12 + 12 * (hour["half"].lower() == "pm")
    of_day = count * 3600 + int(hour["m"]) * 60 + int(hour["s"] or 0)
    seconds = of_day + float(f"0.{hour['f'] or 0}")
    if hour["zone"] and hour["zone"] not in ("Z", "UTC"):
        digits = hour["zone"].replace(":", "")
        shift = int(digits[1:3]) * 3600 + int(digits[3:5]) * 60
        seconds -= shift if digits[0] == "+" else -shift
    if day is None:
        return None, seconds
    if day["y"]:
        return Day(int(day["y"]), int(day["m"]), int(day["d"]), "ymd"), seconds
    how = "dotted" if "." in day[0] else "either"
    return Day(int(day["y2"]), int(day["d2"]), int(day["m2"]), how), seconds


def _midnights(
    days: Sequence[Day | None], order: str | None, name: str
) -> dict[Day | None, float] | None:
    """Return the seconds since 1970 of days, 0 where none is said; `None` if one is no day."""
    if None in days:
        return {None: 0.0}
    known = [day for day in days if day is not None]
    orders = [order] if order in ORDERS else list(ORDERS)
    read = {each: starts for each in orders if (starts := _read(known, each)) is not None}
    if not read:
        return None
    steps = {
        each: float(np.abs(np.diff(list(starts.values()))).max(initial=0.0))
        for each, starts in read.items()
    }
    least = [each for each in read if steps[each] == min(steps.values())]
    first = known[0]
    doubted = len({tuple(read[each].values()) for each in least}) > 1
    if doubted and order is None and first.how != "dotted":
        shown = f"{first.first:02d}/{first.second:02d}/{first.year}"
        raise TimeError(
            f"{name}, whose dates such as {shown} may be read in two ways",
            "which number is the day",
            Phrase(
                f"pass {{0}} if {first.first} is the day, or {{1}} if it is the month",
                *({"date_order": each} for each in ORDERS),
            ),
        )
    return dict(read[least[0]])


def _read(days: Sequence[Day], order: str) -> dict[Day | None, float] | None:
    """Return the seconds since 1970 of days in one order; `None` if one is no day then."""
    starts: dict[Day | None, float] = {}
    for day in days:
        month, number = day.first, day.second
        if day.how != "ymd" and order == "dmy":
            month, number = number, month
        try:
            starts[day] = datetime(day.year, month, number, tzinfo=timezone.utc).timestamp()
        except ValueError:
            return None
    return starts
