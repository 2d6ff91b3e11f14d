"""Ages as people and models write them: "90s", "36h", "30d"."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}  # by the letter of an age


def parse_age(text: str) -> timedelta | None:
    """Read an age: "90s", "15m", "36h", "7d", "2w".

    Returns:
        `None` if the text is not an age, or is one that no `timedelta` can hold.
    """
    match = AGE.fullmatch(text.strip())
    try:
        return timedelta(seconds=float(match[1]) * SECONDS[match[2]]) if match else None
    except OverflowError:
        return None


def time_before(age: timedelta) -> datetime:
    """Return the time that was `age` ago, at the earliest the calendar's first."""
    try:
        return datetime.now(timezone.utc) - age
    except OverflowError:
        return datetime.min.replace(tzinfo=timezone.utc)
