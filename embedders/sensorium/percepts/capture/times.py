"""Times as files write them, and whether they can be true."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

# Digits are those of ASCII: `\d` would match those of other scripts, too
DATE = r"([0-9]{4})[-:/. ]([0-9]{1,2})[-:/. ]([0-9]{1,2})"
CLOCK = r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?"
ZONE = r"(Z|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2})"
DATE_ONLY = re.compile(rf"\s*{DATE}\s*")
TIME = re.compile(rf"\s*{DATE}[T ]\s*{CLOCK}\s*{ZONE}?\s*", re.IGNORECASE)
OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})?")

FIRST_PHOTOGRAPH = 1826  # year of what Niepce took from his window
LARGEST_OFFSET = timedelta(hours=14)  # of local time ahead of UTC
FAST = timedelta(minutes=10)  # that a clock may be ahead of ours
LOCAL = ", in this machine's local time"  # after what said a time that has no zone

# Where clocks begin that nobody has set: 1904 is zero in QuickTime, 1970 in Unix, 1980 in DOS and
# (on the 6th) in GPS, 2000 in many cameras; the evening before is the same zero further west.
UNSET_DAYS = frozenset(
    {
        (1903, 12, 31),
        (1904, 1, 1),
        (1969, 12, 31),
        (1970, 1, 1),
        (1980, 1, 1),
        (1980, 1, 6),
        (2000, 1, 1),
    }
)
UNSET_TIMES = frozenset({datetime(2002, 12, 8, 12)})  # a maker of phones wrote it into each picture


def parse_time(text: str) -> datetime | None:
    """Return a full date and time, aware if the text has an offset; `None` for anything else.

    Takes what EXIF, XMP and ISO 8601 write: `2021:08:03 17:42:10`, `2021-08-03T17:42:10.5+02:00`.
    Seconds may be left out; a date alone is not a time.
    """
    found = TIME.fullmatch(_plain(text))
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    try:
        return datetime(
            *(int(year), int(month), int(day), int(hour), int(minute), int(second or 0)),
            microsecond=micros,
            tzinfo=parse_offset(zone) if zone else None,
        )
    except ValueError:  # zeros, a 30th of February
        return None


def parse_date(text: str) -> datetime | None:
    """Return the first moment of a date that stands alone, naive; `None` for anything else."""
    found = DATE_ONLY.fullmatch(_plain(text))
    try:
        return datetime(*map(int, found.groups())) if found else None  # type: ignore[arg-type]  # three
    except ValueError:
        return None


def parse_offset(text: str) -> timezone | None:
    """Return an offset from UTC, written `+02:00`, `+0200`, `+02` or `Z`; `None` for others."""
    plain = _plain(text).strip().upper()
    if plain == "Z":
        return timezone.utc
    found = OFFSET.fullmatch(plain)
    if found is None:
        return None
    size = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    if size > LARGEST_OFFSET:
        return None
    return timezone(-size if found[1] == "-" else size)


def _plain(text: str) -> str:
    """Return text up to its first zero byte, with which EXIF ends and pads it."""
    return text.partition("\0")[0]


def credible(
    time: datetime | None, *, day_only: bool = False, now: datetime | None = None
) -> datetime | None:
    """Return a time as it is, aware, or `None` if no set clock can have shown it.

    A time without a zone is taken for the local time of this machine.

    Args:
        time: The time.
        day_only: Whether the time of day is not known, and midnight stands for it.
        now: The time that counts as now.
    """
    if time is None or _clock_unset(time, day_only=day_only) or time.year < FIRST_PHOTOGRAPH:
        return None
    ahead = FAST if time.tzinfo else LARGEST_OFFSET
    try:
        aware = time if time.tzinfo else time.astimezone()
        aware.astimezone(timezone.utc)
    except (OverflowError, OSError, ValueError):  # the first and last years; those of some systems
        return None
    return aware if aware <= (now or datetime.now(timezone.utc)) + ahead else None


def _clock_unset(time: datetime, *, day_only: bool) -> bool:
    """Return whether a time is where a clock begins that nobody has set."""
    face = time.replace(tzinfo=None)
    new_year = (face.month, face.day, face.time()) == (1, 1, datetime.min.time()) and not day_only
    return new_year or (face.year, face.month, face.day) in UNSET_DAYS or face in UNSET_TIMES
