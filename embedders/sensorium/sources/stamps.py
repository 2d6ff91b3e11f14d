"""Times of recordings: those of messages and their log, and the moment of a percept."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from sensorium.errors import TimeError, show
from sensorium.percepts.motion import clocks

NANOSECONDS = 1_000_000_000  # a second
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# A clock that counts from 1970 shows a time from 2001 on and before 2100; others count from the
# start of a robot or of a simulation.
REAL = tuple(second * NANOSECONDS for second in clocks.EPOCH)


def stamp_of(message: Any) -> int:
    """Return the time in a message's header in nanoseconds; 0 if it has none."""
    header = getattr(message, "header", None)
    if header is None:
        return 0
    return int(header.stamp.sec) * NANOSECONDS + int(header.stamp.nanosec)


def moment(stamp: int, log_time: int) -> tuple[datetime | None, str]:
    """Return when something was observed, and where that is taken from.

    Args:
        stamp: Time of the header, in nanoseconds; 0 if it was not set.
        log_time: Time at which the message was written, in nanoseconds.
    Returns:
        The moment, in UTC, and the words of a reading. `None` if neither counts from 1970.
    """
    if (at := moment_of(stamp)) is not None:
        return at, "header.stamp"
    why = "the stamps do not count from 1970" if stamp else "the stamps are zero"
    if (at := moment_of(log_time)) is not None:
        return at, f"log time ({why})"
    return None, f"unknown ({why}, nor does the log)"


def nanoseconds(time: datetime | int | None, name: str) -> int | None:
    """Return a time that a caller gave in nanoseconds since 1970.

    Args:
        time: An aware datetime, or nanoseconds.
        name: Name of the argument, in messages.
    Raises:
        TimeError: A naive datetime, or something else.
    """
    if time is None or (isinstance(time, int) and not isinstance(time, bool)):
        return time
    if not isinstance(time, datetime) or time.utcoffset() is None:
        raise TimeError(
            f"{name}={show(time)}",
            "a datetime with its zone, or whole nanoseconds since 1970",
            "write datetime(..., tzinfo=timezone.utc), or pass a percept's "
            'reading["log_time"] as it is',
        )
    return (time - EPOCH) // timedelta(microseconds=1) * 1000


def moment_of(stamp: int) -> datetime | None:
    """Return a stamp in nanoseconds as a moment in UTC; `None` if it does not count from 1970."""
    if not REAL[0] <= stamp < REAL[1]:
        return None
    return EPOCH + timedelta(microseconds=stamp // 1000)
