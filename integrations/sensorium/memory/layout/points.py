"""A checked moment as the points of its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sensorium.encoders import Encoding
from sensorium.memory.layout.derived import Derived, with_derived
from sensorium.memory.layout.findings import Findings, own_words
from sensorium.memory.layout.parts import spread_over_points
from sensorium.memory.layout.payload import (
    TEXT,
    end_of,
    media_and_rows,
    media_payload,
    place_payload,
    words_of,
)
from sensorium.memory.records import Medium, Moment
from sensorium.percepts import Percept, Place, Pose
from sensorium.qdrant.points import Payload, Point, Vectors, iso

NOTHING = Findings()
LATE = timedelta(seconds=1)  # from a moment to its writing, from which on its arrival is told apart
COMPARED = frozenset(  # keys of the payload that say what the moment says
    {
        *("at", "digest", "page_content", "expires_at", "tags", "source", "metadata", "flags"),
        *("place", "pose", "supersedes", "provenance"),
    }
)


class Draft(NamedTuple):
    """A checked moment, with what is needed to encode and write it.

    One is made of every moment: a tuple is made in a third of the time of a frozen dataclass.

    Attributes:
        moment: The moment as given.
        percepts: All percepts; the moment's text is the first.
        digests: The digest of each percept.
        point: UUID of the record's point.
        given_id: The id that the moment brings; `None` if it brings none.
        at: Time of the moment, UTC.
        stated: Whether the moment or a percept stated that time, so that it is part of what the
            record is. The time at which a file was captured follows from its content.
        until: Time at which its last percept ends, or `at`.
        flags: Truth values of its metadata, as text.
        vectors: Rows `(W, D)` by modality that the moment brings; `None` if they are to be encoded.
        place: Where it was; `None` if that is not known.
        is_now: Whether its time is that of remembering, as nothing says another.
        former: Ids of the records that it supersedes.
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
    place: Place | Pose | None = None
    is_now: bool = False
    former: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The id of its record."""
        return self.given_id or self.point


def points_of(
    draft: Draft,
    encodings: Sequence[Encoding],
    kept: Mapping[int, Mapping[str, Any]],
    *,
    owner: str,
    now: datetime,
    findings: Findings = NOTHING,
    derived: Sequence[Derived] = (),
) -> list[Point]:
    """Lay a record out as one point, and as many more as its rows need.

    Args:
        draft: The checked moment.
        encodings: The encoding of each percept.
        kept: The files that were kept, as for `media_and_rows`.
        owner: Owner of the record.
        now: The time of remembering.
        findings: Words that were found in its percepts.
        derived: The sounds of its videos and the films of its photos.
    """
    if _is_plain(draft.percepts, encodings):
        payload = _payload(draft, [], owner=owner, now=now)
        own = {TEXT: encodings[0].vectors} if draft.vectors is None else draft.vectors
        return spread_over_points(draft.point, payload, own)
    media, rows = media_and_rows(
        *with_derived(draft.percepts, draft.digests, encodings, kept, derived)
    )
    payload = _payload(draft, media, owner=owner, now=now)
    vectors = rows if draft.vectors is None else dict(draft.vectors)
    findings.lay_out(payload, vectors)
    return spread_over_points(draft.point, payload, vectors)


def _is_plain(percepts: Sequence[Percept], encodings: Sequence[Encoding]) -> bool:
    """Return whether the payload alone describes the percepts: one text of one window."""
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
    """Return whether a payload says all that a moment says; only its signals may differ."""
    stored = {**stored, "page_content": own_words(stored)}
    # Neither the owner nor the time of remembering is compared.
    new = _payload(draft, [], owner="", now=draft.at)
    located = draft.moment.place is not None
    silent = {
        "at": draft.stated,
        "place": located,
        "pose": located,
        "supersedes": bool(draft.moment.supersedes),
        "provenance": draft.moment.origin is not None,
    }
    keys = COMPARED.difference(name for name, said in silent.items() if not said)
    return all(new.get(key) == stored.get(key) for key in keys)


def _payload(draft: Draft, media: Sequence[Medium], *, owner: str, now: datetime) -> Payload:
    moment = draft.moment
    at = iso(draft.at)
    texts = [words_of(percept) for percept in draft.percepts if percept.modality == TEXT]
    payload: Payload = {
        "owner": owner,
        "at": at,
        "digest": list(draft.digests),
        "page_content": "\n".join(texts),
    }
    until = max(draft.until, end_of(media, draft.at))
    optional = {
        "created_at": None if draft.is_now and now - draft.at < LATE else iso(now),
        "id": draft.given_id,
        "until": iso(until) if until > draft.at else None,
        "expires_at": iso(moment.expires_at) if moment.expires_at else None,
        "tags": list(moment.tags),
        "source": moment.source,
        "metadata": moment.metadata and dict(moment.metadata),
        "flags": list(draft.flags),
        **(place_payload(draft.place) if draft.place else {}),
        "supersedes": list(draft.former),
        "provenance": moment.origin,
    }
    if media:
        optional |= media_payload(media)
    for key, value in optional.items():
        if value:
            payload[key] = value
    return payload
