"""A moment before it is written: checked, named, with its time and its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone

import numpy as np

from sensorium.encoders import Encoding
from sensorium.errors import ArgumentTypeError, RecordError, show
from sensorium.memory.checks import (
    beyond_calendar,
    check_metadata,
    check_origin,
    check_percepts,
    check_place,
    check_tags,
    check_text,
    check_time,
)
from sensorium.memory.holding.links import check_former
from sensorium.memory.layout.ids import check_id, content_id, point_id
from sensorium.memory.layout.points import Draft
from sensorium.memory.lengths import parse_span
from sensorium.memory.records import Moment
from sensorium.percepts import Percept, Place, Pose, Text
from sensorium.percepts.pose import fix_in, pose_in
from sensorium.qdrant.points import Vectors, iso


def each_moment(moments: Iterable[Moment | Percept]) -> Iterator[Moment]:
    """Return the moments of a stream; a percept becomes a moment of its own.

    Raises:
        ArgumentTypeError: What was passed is not a stream, or, as it is drawn, something in it is
            neither a moment nor a percept.
    """
    if isinstance(moments, (str, bytes, Mapping, Percept, Moment)) or not isinstance(
        moments, Iterable
    ):
        raise ArgumentTypeError(
            f"{show(moments)} as moments to remember",
            "a list or an iterator of moments and percepts",
            "write remember_many([Moment(text=...)])",
        )
    return (_moment(item, index) for index, item in enumerate(moments))


def _moment(item: Moment | Percept, index: int) -> Moment:
    if isinstance(item, Percept):
        return Moment((item,))
    if not isinstance(item, Moment):
        raise ArgumentTypeError(
            f"{show(item)} as moment {index} to remember",
            "a Moment, or a percept",
            "write Moment(text=...), or Moment((Image(...),), text=...)",
        )
    return item


def draft_moment(owner: str, moment: Moment, *, now: datetime) -> Draft:
    """Check a moment and derive its id, its time and its end.

    Raises:
        RecordError: Nothing in it, or a field of the wrong kind.
        PerceptError: A percept whose content cannot be read.
    """
    percepts = _percepts(moment)
    flags = check_fields(moment)
    stated = moment.at or min([each.at for each in percepts if each.at], default=None)
    known = stated or moment.dated or _captured(percepts)
    at = (known or now).astimezone(timezone.utc)
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
        place=check_place(moment.place) or _place_of(percepts),
        is_now=known is None,
        former=check_former(moment.supersedes),
    )


def check_fields(moment: Moment) -> tuple[str, ...]:
    """Check what is said of a moment beside its percepts; return the flags of its metadata.

    Raises:
        RecordError: A field of the wrong kind.
    """
    check_time("at", moment.at)
    check_time("dated", moment.dated)
    check_place(moment.place)
    check_time("expires_at", moment.expires_at)
    check_tags(moment.tags)
    check_text("source", moment.source)
    check_origin(moment.origin)
    check_former(moment.supersedes)
    return tuple(check_metadata(moment.metadata)) if moment.metadata is not None else ()


def _place_of(percepts: Sequence[Percept]) -> Place | Pose | None:
    """Return where the first of some percepts was that says so: on Earth, or in a frame."""
    for each in percepts:
        if place := each.place or fix_in(each.reading) or pose_in(each.reading):
            return place
    return None


def _captured(percepts: Sequence[Percept]) -> datetime | None:
    """Return when the first of some percepts was taken, by what their files say."""
    return min([time for each in percepts if (time := each.captured)], default=None)


def _percepts(moment: Moment) -> tuple[Percept, ...]:
    given = (moment.percepts,) if isinstance(moment.percepts, Percept) else moment.percepts
    if not isinstance(given, (tuple, Sequence)) or isinstance(given, str):
        raise RecordError(
            f"percepts={show(given)}", "a tuple of percepts", "write Moment((Image(...),))"
        )
    check_percepts(given)
    check_text("text", moment.text)
    words = (Text(moment.text),) if moment.text and moment.text.strip() else ()
    named = moment.vectors is not None and moment.id is not None
    if not given and not words and not named:
        raise RecordError("nothing to remember", "a percept or text", "pass one")
    return (*words, *given)


def ending(percepts: Sequence[Percept], at: datetime) -> datetime:
    """Return when the last of some percepts ends; `at` if no percept has a duration.

    Raises:
        RecordError: It ends after the year 9999.
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


def expiry(ttl: str | timedelta, expires_at: datetime | None) -> datetime:
    """Return the time of expiry of what may live for `ttl` from now.

    Raises:
        RecordError: `ttl` is not a positive length of time, `expires_at` is given as well, or the
            time is after the year 9999.
    """
    if expires_at is not None:
        raise RecordError(
            f"ttl={show(ttl)} and expires_at",
            "either ttl, a length of time, or expires_at, a time",
            "leave one of them out",
        )
    length = parse_span(ttl, name="ttl", error=RecordError)
    try:
        return datetime.now(timezone.utc) + length
    except OverflowError as error:
        raise RecordError(f"ttl={ttl}", "a time before the year 10000", "leave it out") from error


def given_encodings(percepts: Sequence[Percept], vectors: Mapping[str, Vectors]) -> list[Encoding]:
    """Return an encoding for each percept: the first of a modality gets all rows given for it."""
    unassigned = dict(vectors)
    encodings = []
    for percept in percepts:
        rows = unassigned.pop(percept.modality, None)
        if rows is None:  # all rows went to an earlier percept, or there never were any
            rows = vectors.get(percept.modality, np.empty((0, 0), np.float32))[:0]
        encodings.append(Encoding(percept.modality, rows))
    return encodings
