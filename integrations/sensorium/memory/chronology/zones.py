"""Zones of time as callers name them: `"Europe/Berlin"`, `"+02:00"`, or a `tzinfo`."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sensorium.errors import QueryError, show

OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")


def read_zone(zone: object) -> tzinfo:
    """Return a zone that a caller passed, by its name or as itself.

    Raises:
        QueryError: Neither the name of a zone nor a `tzinfo`.
    """
    if isinstance(zone, tzinfo):
        return zone
    try:
        if isinstance(zone, str):
            return zone_named(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise QueryError(
        f"zone={show(zone)}",
        "the name of a zone, an offset from UTC, or a tzinfo",
        'write zone="Europe/Berlin", zone="+02:00" or zone="UTC"',
    )


def zone_named(name: str) -> tzinfo:
    """Return a zone of the IANA's list, or of an offset such as `+02:00`.

    Raises:
        ValueError: It is neither.
        ZoneInfoNotFoundError: No such zone is known.
    """
    offset = OFFSET.fullmatch(name)
    if offset is None:
        return timezone.utc if name == "UTC" else ZoneInfo(name)
    length = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
    return timezone(-length if offset[1] == "-" else length)
