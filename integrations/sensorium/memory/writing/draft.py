"""Checking a moment before anything is read, encoded or written for it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sensorium.encoders import EmbeddingSpace, normalise
from sensorium.errors import RecordError, VectorError
from sensorium.memory.layout.ids import check_id, content_id, point_id
from sensorium.memory.records import Moment
from sensorium.percepts import Percept, Text
from sensorium.percepts.percept import is_still
from sensorium.percepts.text import LONE_SURROGATE
from sensorium.qdrant.points import Vectors, iso

LONGEST_TAG = 512  # characters
INT64 = 2**63
DEEPEST = 32  # dictionaries within dictionaries of metadata


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
    _check_text("source", moment.source)
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
    _check_text("text", moment.text)
    words = (Text(moment.text),) if moment.text and moment.text.strip() else ()
    named = moment.vectors is not None and moment.id is not None
    if not given and not words and not named:
        raise RecordError("a memory of nothing", "a percept, or text", "leave it out")
    return (*words, *given)


def check_percepts(given: Sequence[object]) -> None:
    """Refuse what a record cannot hold.

    Raises:
        RecordError: Something that is not a percept, or a blank text.
    """
    for percept in given:
        if not isinstance(percept, Percept):
            raise RecordError(
                f"{type(percept).__name__} among the percepts of a memory",
                "percepts (Text, Image, Video, Audio, Depth, Thermal, IMU)",
                'wrap it: the type says which sense it is; words go into text="..."',
            )
        if isinstance(percept, Text):
            check_words(percept.text)


def given_rows(
    given: Mapping[str, ArrayLike], space: EmbeddingSpace, known: Collection[str]
) -> dict[str, Vectors]:
    """Return rows that were made elsewhere, scaled to unit length.

    Args:
        given: Of each modality `(D,)` or `(W, D)`.
        space: That they are of, as the caller says by giving them.
        known: Modalities there can be vectors of.
    Returns:
        Shape `(W, D)` float32 of each modality.
    Raises:
        RecordError: Not a dictionary, or of a modality that is not known.
        VectorError: Another shape, NaN or infinity, or a row of zeros.
    """
    if not isinstance(given, Mapping) or not set(given) <= set(known):
        raise RecordError(
            f"vectors of {sorted(map(str, given)) if isinstance(given, Mapping) else given!r}"[
                :200
            ],
            f"rows by modality, of {', '.join(sorted(known))}",
            'write vectors={"text": rows}',
        )
    return {modality: _rows(modality, rows, space) for modality, rows in given.items()}


def _rows(modality: str, given: ArrayLike, space: EmbeddingSpace) -> Vectors:
    try:
        rows = np.atleast_2d(np.asarray(given, np.float32))
    except (TypeError, ValueError) as error:
        raise VectorError(f"{modality} vectors of {error}", "numbers", "pass an array") from error
    still = is_still(modality) and len(rows) > 1
    if rows.ndim != 2 or rows.shape[1] != space.dimension or not len(rows) or still:
        raise VectorError(
            f"{modality} vectors of shape {np.shape(rows)}",
            f"shape ({'1' if is_still(modality) else 'W'}, {space.dimension})",
            f"pass vectors of {space.model!r}",
        )
    return normalise(rows)


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
        raise _beyond("a percept", at) from error
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


def check_words(text: object) -> str:
    """Return text as given.

    Raises:
        RecordError: Not text, or blank.
    """
    _check_text("text", text)
    if not isinstance(text, str) or not text.strip():
        raise RecordError(f"text={text!r}"[:200], "words", "leave it out")
    return text


def check_time(name: str, moment: object) -> None:
    """Refuse what is not an aware datetime, or `None`.

    Raises:
        RecordError: Another type, a naive time, or one that UTC cannot write.
    """
    if moment is None:
        return
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        kind = "naive" if isinstance(moment, datetime) else type(moment).__name__
        raise RecordError(
            f"{name}={moment!r}, which is {kind}"[:200],
            "a datetime with its zone",
            f"write {name}=datetime(..., tzinfo=timezone.utc) or {name}.astimezone()",
        )
    try:
        moment.astimezone(timezone.utc)
    except OverflowError as error:
        raise _beyond(name, moment) from error


def _beyond(name: str, moment: datetime) -> RecordError:
    return RecordError(
        f"{name} of {moment.isoformat()}",
        "a time that is, and ends, in the years 1 to 9999 in UTC",
        "correct it, or leave it out",
    )


def check_tags(tags: object) -> tuple[str, ...]:
    """Return tags as a tuple.

    Raises:
        RecordError: Not a sequence of names.
    """
    if isinstance(tags, str) or not isinstance(tags, (Sequence, set, frozenset)):
        raise RecordError(f"tags={tags!r}"[:200], "a list of names", 'write tags=["holiday"]')
    for tag in tags:
        if not isinstance(tag, str) or not tag.strip() or len(tag) > LONGEST_TAG:
            raise RecordError(
                f"the tag {tag!r}"[:200],
                f"a name of at most {LONGEST_TAG} characters",
                "write it as text",
            )
    return tuple(tags)


def check_metadata(metadata: object) -> list[str]:
    """Refuse metadata that would not come back as it was; return its truth values as flags.

    Raises:
        RecordError: Not a dictionary of JSON values; the message names the key.
    """
    if not isinstance(metadata, Mapping):
        raise RecordError(
            f"metadata={metadata!r}"[:200], "a dictionary", 'write metadata={"room": "kitchen"}'
        )
    flags: list[str] = []
    _walk(metadata, "metadata", flags, 0)
    return flags


def _walk(value: Any, path: str, flags: list[str], depth: int) -> None:
    if isinstance(value, bool):
        flags.append(f"{path}={str(value).lower()}")
    elif isinstance(value, dict) and depth < DEEPEST:
        for key, inner in value.items():
            if not isinstance(key, str):
                raise _not_json(f"the key {key!r} of {path}")
            _walk(inner, f"{path}.{key}", flags, depth + 1)
    elif isinstance(value, list) and depth < DEEPEST:
        for inner in value:
            _walk(inner, path, flags, depth + 1)
    elif isinstance(value, (int, float)):
        if not (math.isfinite(value) if isinstance(value, float) else -INT64 <= value < INT64):
            raise _not_json(f"{path}={value!r}")
    elif isinstance(value, str):
        _check_text(path, value)
    elif value is not None:
        raise _not_json(f"{path}, a {type(value).__name__}")


def _not_json(what: str) -> RecordError:
    return RecordError(
        what[:200],
        "text, finite numbers of 64 bits, true, false, null, lists and dictionaries",
        "convert it: str() for paths and UUIDs, isoformat() for times, .item() for numpy numbers, "
        "list() for tuples",
    )


def _check_text(name: str, text: object) -> None:
    if text is None:
        return
    if not isinstance(text, str) or (not text.isascii() and LONE_SURROGATE.search(text)):
        raise RecordError(f"{name}={text!r}"[:200], "Unicode text", "decode or repair it first")
