"""A moment before it is written: checked, named, and laid out as points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np

from sensorium.encoders import Encoding
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
from sensorium.memory.layout.parts import spread_over_points
from sensorium.memory.layout.payload import TEXT, end_of, media_and_rows, media_payload, words_of
from sensorium.memory.records import Medium, Moment
from sensorium.percepts import Percept, Text
from sensorium.qdrant.points import Payload, Point, Vectors, iso
from sensorium.qdrant.schema import VERSION

COMPARED = frozenset(  # keys of the payload that say what the moment says
    {"at", "digest", "page_content", "expires_at", "tags", "source", "metadata", "flags"}
)


@dataclass(frozen=True, eq=False)
class Draft:
    """A checked moment, with what is needed to encode and write it.

    Attributes:
        moment: The moment as given.
        percepts: All percepts; the moment's text is the first.
        digests: The digest of each percept.
        point: UUID of the record's point.
        given_id: The id that the moment brings; `None` if it brings none.
        at: Time of the moment, UTC.
        stated: Whether the moment or a percept stated that time.
        until: Time at which its last percept ends, or `at`.
        flags: Truth values of its metadata, as text.
        vectors: Rows `(W, D)` by modality that the moment brings; `None` if they are to be encoded.
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
        """The id of its record."""
        return self.given_id or self.point


def draft_moment(owner: str, moment: Moment, *, now: datetime) -> Draft:
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
    stated = moment.at or min((percept.at for percept in percepts if percept.at), default=None)
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
            f"percepts={given!r}", "a tuple of percepts", "write Moment((Image(...),))"
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


def expiry(ttl: timedelta, expires_at: datetime | None) -> datetime:
    """Return the time of expiry of what may live for `ttl` from now.

    Raises:
        RecordError: `ttl` is not a length of time, `expires_at` is given as well, or the time is
            after the year 9999.
    """
    if expires_at is not None or not isinstance(ttl, timedelta):
        raise RecordError(
            f"ttl={ttl!r}" + (" and expires_at" if expires_at else ""),
            "either ttl, a timedelta, or expires_at, a time",
            "write ttl=timedelta(days=30)",
        )
    try:
        return datetime.now(timezone.utc) + ttl
    except OverflowError as error:
        raise RecordError(f"ttl={ttl}", "a time before the year 10000", "leave it out") from error


def points_of(
    draft: Draft,
    encodings: Sequence[Encoding],
    kept: Mapping[int, Mapping[str, Any]],
    *,
    owner: str,
    now: datetime,
) -> list[Point]:
    """Lay a record out as one point, and as many more as its rows need.

    Args:
        draft: The checked moment.
        encodings: The encoding of each percept.
        kept: The files that were kept, as for `media_and_rows`.
        owner: Owner of the record.
        now: The time of remembering.
    """
    if _is_plain(draft.percepts, encodings):
        payload = _payload(draft, [], owner=owner, now=now)
        own = {TEXT: encodings[0].vectors} if draft.vectors is None else draft.vectors
        return spread_over_points(draft.point, payload, own)
    media, rows = media_and_rows(draft.percepts, draft.digests, encodings, kept)
    payload = _payload(draft, media, owner=owner, now=now)
    vectors = rows if draft.vectors is None else draft.vectors
    return spread_over_points(draft.point, payload, vectors)


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


def _is_plain(percepts: Sequence[Percept], encodings: Sequence[Encoding]) -> bool:
    """Whether there is one text, of one window at most: the payload alone describes it fully."""
    if len(percepts) != 1:
        return False
    first = percepts[0]
    return (
        first.modality == TEXT
        and len(encodings[0].vectors) <= 1
        and first.uri is None
        and first.at is None
    )


def says_the_same(draft: Draft, stored: Payload) -> bool:
    """Whether a record's payload says all that a moment says. Only its signals may differ."""
    # Neither the owner nor the time of remembering is compared.
    new = _payload(draft, [], owner="", now=draft.at)
    keys = COMPARED if draft.stated else COMPARED - {"at"}
    return all(new.get(key) == stored.get(key) for key in keys)


def _payload(draft: Draft, media: Sequence[Medium], *, owner: str, now: datetime) -> Payload:
    moment = draft.moment
    at = iso(draft.at)
    texts = [words_of(percept) for percept in draft.percepts if percept.modality == TEXT]
    payload: Payload = {
        "owner": owner,
        "at": at,
        "created_at": iso(now),
        "digest": list(draft.digests),
        "page_content": "\n".join(texts),
        "schema_version": VERSION,
    }
    until = max(draft.until, end_of(media, draft.at))
    optional = {
        "id": draft.given_id,
        "until": iso(until) if until > draft.at else None,
        "expires_at": iso(moment.expires_at) if moment.expires_at else None,
        "tags": list(moment.tags),
        "source": moment.source,
        "metadata": moment.metadata and dict(moment.metadata),
        "flags": list(draft.flags),
    }
    if media:
        optional |= media_payload(media)
    for key, value in optional.items():
        if value:
            payload[key] = value
    return payload
