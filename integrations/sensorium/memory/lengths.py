"""Lengths of time as callers write them: `"10 min"`, or a `timedelta`."""

from __future__ import annotations

import re
from datetime import timedelta

from sensorium.errors import Phrase, QueryError, RecordError, show

UNITS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), timedelta(seconds=1)),
    **dict.fromkeys(("m", "min", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
    **dict.fromkeys(("w", "week", "weeks"), timedelta(weeks=1)),
}
# What a remedy advises: of an argument by which memories go, nothing as short as minutes
EXAMPLES = {"older_than": "90d", "ttl": "30d", "apart": "10 s", "within": "10 min"}
LENGTH = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*([a-z]+)\s*", re.IGNORECASE)


def parse_span(
    given: object, *, name: str = "within", error: type[QueryError | RecordError] = QueryError
) -> timedelta:
    """Return a length of time.

    Args:
        given: A `timedelta`, or a number with a unit from seconds to weeks.
        name: Name of the argument, one of `EXAMPLES`.
        error: Error to raise.
    Raises:
        QueryError: Or `error`: something else, a length that is not positive, or one beyond all
            calendars.
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
        raise error(
            Phrase("{0}", {name: given}) if isinstance(given, str) else f"{name}={show(given)}",
            "a positive length of time: a number with s, min, h, d or w",
            Phrase("write {0}", {name: EXAMPLES[name]}),
        )
    return length
