"""Lengths of time as callers write them: `"10 min"`, or a `timedelta`."""

from __future__ import annotations

import re
from datetime import timedelta

from sensorium.errors import QueryError, show

UNITS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), timedelta(seconds=1)),
    **dict.fromkeys(("m", "min", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
    **dict.fromkeys(("w", "week", "weeks"), timedelta(weeks=1)),
}
LENGTH = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*([a-z]+)\s*", re.IGNORECASE)


def parse_span(given: object, *, name: str = "within") -> timedelta:
    """Return a length of time.

    Args:
        given: A `timedelta`, or a number with a unit from seconds to weeks.
        name: Name of the argument.
    Raises:
        QueryError: Something else, a length that is not positive, or one beyond all calendars.
    """
    found = LENGTH.fullmatch(given) if isinstance(given, str) else None
    unit = UNITS.get(found[2].lower()) if found else None
    length: object = given
    try:
        if found and unit:
            length = float(found[1]) * unit
    except OverflowError:
        length = None
    if not isinstance(length, timedelta) or length <= timedelta(0):
        raise QueryError(
            f"{name}={show(given)}",
            "a positive length of time: a timedelta, or a number with s, min, h, d or w",
            f'write {name}="10 min"',
        )
    return length
