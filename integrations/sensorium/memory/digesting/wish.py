"""What a digest is asked for: how old, how much stays, and what is never dropped."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from typing import Literal, TypeAlias

from sensorium.errors import Doors, QueryError, show
from sensorium.memory.checks import check_tags
from sensorium.memory.lengths import parse_span

Keep: TypeAlias = Literal["episodes"] | int | float
EPISODES = "episodes"
SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?i?b)\s*", re.IGNORECASE)
POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}  # by the letter of a unit


@dataclass(frozen=True)
class Wish:
    """The arguments of a digest; `Memory.digest` explains them.

    Attributes:
        before: Start of a day, UTC: records that ended before it are old.
        share: The share of the frames that stays; `None` if another number says it.
        count: How many frames stay; `None` if another number says it.
        most_bytes: The most bytes that the owner's records may take; `None` sets no bound.
        protect: Tags of records that stay.
    """

    before: datetime
    share: float | None = None
    count: int | None = None
    most_bytes: int | None = None
    protect: frozenset[str] = frozenset()

    @classmethod
    def parsed(
        cls,
        older_than: str | timedelta,
        keep: Keep,
        most_bytes: str | int | None,
        protect: Collection[str],
    ) -> Wish:
        """Read the arguments of a digest.

        Raises:
            QueryError: An age, a number to keep or a bound that is none.
            RecordError: `protect` is not names of tags.
        """
        share, count = _kept(keep)
        age = parse_span(older_than, name="older_than")
        return cls(
            _midnight_before(age),
            share,
            count,
            None if most_bytes is None else parse_bytes(most_bytes),
            frozenset(check_tags(protect, name="protect")),
        )


def parse_bytes(given: object) -> int:
    """Return a number of bytes: a whole number, or a text such as `"2 GB"` or `"500 MiB"`.

    Raises:
        QueryError: Something else, or less than one byte.
    """
    found = SIZE.fullmatch(given) if isinstance(given, str) else None
    if found:
        unit = found[2].lower()
        base = 1024 if "i" in unit else 1000
        given = int(float(found[1]) * base ** POWERS[unit.rstrip("ib")])
    if not isinstance(given, int) or isinstance(given, bool) or given < 1:
        raise QueryError(
            _given("most_bytes", given),
            "a number of bytes, or a text with B, kB, MB, GB, MiB or GiB",
            Doors(
                'write most_bytes="2 GB"',
                command='write --most-bytes "2 GB"',
                rest='write "most_bytes": "2 GB"',
            ),
        )
    return given


def _kept(keep: object) -> tuple[float | None, int | None]:
    """Return the share, or the number, of frames that stay; neither stands for episodes.

    Raises:
        QueryError: Something else, or nothing.
    """
    if keep == EPISODES:
        return None, None
    if isinstance(keep, int) and not isinstance(keep, bool) and keep >= 1:
        return None, keep
    if isinstance(keep, float) and math.isfinite(keep) and 0 < keep < 1:
        return keep, None
    raise QueryError(
        _given("keep", keep),
        '"episodes", a whole number from 1, or a share between 0 and 1',
        Doors(
            'write keep="episodes"; forget(older_than="90d") keeps nothing',
            command="write --keep episodes; sensorium forget --older-than 90d keeps nothing",
            rest='write "keep": "episodes"; /v1/forget with "older_than": "90d" keeps nothing',
        ),
    )


def _given(name: str, value: object) -> Doors:
    """Write an argument as it was given."""
    shown, option = show(value), name.replace("_", "-")
    return Doors(f"{name}={shown}", command=f"--{option} {shown}", rest=f"{name} {shown}")


def _midnight_before(age: timedelta) -> datetime:
    """Return the start of the day, UTC, at which an age ago lies.

    Days are looked at whole, so that the same frames are compared whenever a digest is run.
    """
    try:
        then = datetime.now(timezone.utc) - age
    except OverflowError:
        return datetime.min.replace(tzinfo=timezone.utc)
    return datetime.combine(then.date(), time(), timezone.utc)
