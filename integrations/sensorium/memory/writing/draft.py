"""Checking a moment before anything is read, encoded or written for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from sensorium.errors import RecordError
from sensorium.memory.checks import (
    beyond_calendar,
    check_metadata,
    check_percepts,
    check_tags,
    check_text,
    check_time,
)
from sensorium.memory.layout.ids import check_id, content_id, point_id
from sensorium.memory.records import Moment
from sensorium.percepts import Percept, Text
from sensorium.qdrant.points import Vectors, iso


@dataclass(frozen=True, eq=False)
class Draft:
    """A moment that was checked: what is needed to encode and write it.

    Attributes:
        moment: As given.
        percepts: All of them; a moment's text is the first.
        digests: One a percept.
        point: The UUID it is stored under.
        given_id: The id it was given, if any.
        at: When it was.
        stated: Whether that was said, by the moment or a percept.
        until: When it ended, or `at`.
        flags: The truth values of its metadata, as text.
        vectors: Its rows `(W, D)` by modality, where they were given.
    """

    moment: Moment
    percepts: tuple[Percept, ...]
    digests: tuple[str, ...]
    point: str
    given_id: str | None
    at: datetime
    stated: bool
    until: datetime
    flags: tuple[str, ...]
    vectors: Mapping[str, Vectors] | None = None

    @property
    def id(self) -> str:
        """What its record is called."""
        return self.given_id or self.point


def drafted(owner: str, moment: Moment, *, now: datetime) -> Draft:
    """Check a moment and derive its id, its time and its end.

    Raises:
        RecordError: Nothing in it, or a field of the wrong kind.
        PerceptError: A percept whose content cannot be read.
    """
    percepts = _percepts(moment)
    check_time("at", moment.at)
    check_time("expires_at", moment.expires_at)
    check_tags(moment.tags)
    check_text("source", moment.source)
    flags = tuple(check_metadata(moment.metadata)) if moment.metadata is not None else ()
    stated = moment.at or min((one.at for one in percepts if one.at), default=None)
    at = (stated or now).astimezone(timezone.utc)
    digests = tuple(percept.digest for percept in percepts)
    if moment.id is None:
        given, point = None, content_id(owner, digests, iso(at) if stated else None)
    else:
        given = check_id(moment.id)
        point = point_id(owner, given)
    return Draft(
        moment,
        percepts,
        digests,
        point,
        given,
        at,
        stated is not None,
        ending(percepts, at),
        flags,
    )


def _percepts(moment: Moment) -> tuple[Percept, ...]:
    given = (moment.percepts,) if isinstance(moment.percepts, Percept) else moment.percepts
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise RecordError(
            f"percepts={given!r}"[:200], "a tuple of percepts", "write Moment((Image(...),))"
        )
    check_percepts(given)
    check_text("text", moment.text)
    words = (Text(moment.text),) if moment.text and moment.text.strip() else ()
    named = moment.vectors is not None and moment.id is not None
    if not given and not words and not named:
        raise RecordError("a memory of nothing", "a percept, or text", "leave it out")
    return (*words, *given)


def ending(percepts: Sequence[Percept], at: datetime) -> datetime:
    """Return when the last of some percepts ends; `at` where none has a duration.

    Raises:
        RecordError: After the year 9999.
    """
    try:
        ends = [
            (percept.at or at).astimezone(timezone.utc) + timedelta(seconds=percept.duration)
            for percept in percepts
            if percept.duration
        ]
    except OverflowError as error:
        raise beyond_calendar("a percept", at) from error
    return max([at, *ends])


def expiry(ttl: timedelta, expires_at: datetime | None) -> datetime:
    """Return when something expires that lives so long from now.

    Raises:
        RecordError: Not a length of time, a time of expiry besides, or one after the year 9999.
    """
    if expires_at is not None or not isinstance(ttl, timedelta):
        raise RecordError(
            f"ttl={ttl!r}" + (" and expires_at" if expires_at else ""),
            "a timedelta, or a time: one of them",
            "write ttl=timedelta(days=30)",
        )
    try:
        return datetime.now(timezone.utc) + ttl
    except OverflowError as error:
        raise RecordError(f"ttl={ttl}", "a time before the year 10000", "leave it out") from error
