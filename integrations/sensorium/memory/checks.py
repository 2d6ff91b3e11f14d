"""Checking what callers pass to a memory, before anything is read, encoded or written for it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sensorium.encoders import EmbeddingSpace, normalise
from sensorium.errors import (
    ArgumentTypeError,
    Doors,
    FilterError,
    QueryError,
    RecordError,
    VectorError,
    show,
)
from sensorium.memory.records import ORIGINS
from sensorium.percepts import Percept, Place, Pose, Text
from sensorium.percepts.percept import is_still
from sensorium.percepts.text import LONE_SURROGATE
from sensorium.qdrant.points import Vectors

LONGEST_TAG = 512  # characters
INT64 = 2**63
MOST_KEYS = 100_000  # of metadata, which a store takes about a second to keep and to read
MOST_VALUES = 1_000_000  # of metadata, those in lists among them
DEEPEST = 32  # dictionaries within dictionaries of metadata
DEGREES = 2  # numbers of a place that is written as a pair
MOST = 10_000  # hits or records of one call
TALLIED = ("tags", "source", "modalities")  # the fields whose values can be counted


def check_kind(value: object, kinds: type | tuple[type, ...], what: str, remedy: str) -> None:
    """Check that an argument is of the right type altogether.

    Args:
        value: The argument.
        kinds: The types that it may have.
        what: What it is, with an article.
        remedy: What to write instead.
    Raises:
        ArgumentTypeError: It has another type.
    """
    if not isinstance(value, kinds):
        raise ArgumentTypeError(f"{show(value)} as {what}", what, remedy)


def check_several(values: object, what: str, remedy: str) -> None:
    """Check that an argument is several values, and not itself text.

    Raises:
        ArgumentTypeError: It is text, or cannot be gone through.
    """
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise ArgumentTypeError(f"{show(values)} as {what}", "a list of them", remedy)


def are_names(given: object) -> bool:
    """Return whether a value is a collection of texts, and not itself text."""
    if isinstance(given, (str, bytes)) or not isinstance(given, Collection):
        return False
    return all(isinstance(name, str) for name in given)


def check_limit(limit: object) -> int:
    """Return how many hits or records are wanted.

    Raises:
        QueryError: Not a whole number from 1 to 10,000.
    """
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= MOST:
        raise QueryError(
            f"limit={show(limit)}",
            f"a whole number from 1 to {MOST:,}",
            "write limit=10; list all in pages: timeline(cursor=...)",
        )
    return limit


def check_quota(quota: object) -> None:
    """Check that a value is `None` or a number of bytes.

    Raises:
        ArgumentTypeError: Another type, or a negative number.
    """
    if quota is None:
        return
    if not isinstance(quota, int) or isinstance(quota, bool) or quota < 0:
        raise ArgumentTypeError(
            f"media_quota={show(quota)}",
            "a whole number of bytes from 0, or None",
            "write media_quota=10 * 2**30 for 10 GiB",
        )


def check_field(field: object) -> str:
    """Return the name of a field whose values can be counted.

    Raises:
        QueryError: Another field.
    """
    if field not in TALLIED:
        raise QueryError(f"field={show(field)}", f"one of {', '.join(TALLIED)}", "pass one")
    return str(field)


def check_percepts(given: Sequence[object]) -> None:
    """Check that a record can hold some percepts.

    Raises:
        RecordError: Something that is not a percept, or a blank text.
    """
    for percept in given:
        if not isinstance(percept, Percept):
            raise RecordError(
                f"an object of type {type(percept).__name__} among the percepts",
                "percepts (Text, Image, Video, Audio, Depth, Thermal, IMU)",
                'wrap it in the class of its modality; words go into text="..."',
            )
        if isinstance(percept, Text):
            check_words(percept.text)


def given_rows(
    given: Mapping[str, ArrayLike], space: EmbeddingSpace, known: Collection[str]
) -> dict[str, Vectors]:
    """Return vectors that the caller made, as rows of unit length.

    Args:
        given: Vectors of each modality, shape `(D,)` or `(W, D)`.
        space: Space of the vectors; the caller vouches for it.
        known: Modalities of the encoder.
    Returns:
        Shape `(W, D)` float32 of each modality.
    Raises:
        RecordError: Not a dictionary, or of a modality that is not known.
        VectorError: Another shape, NaN or infinity, or a row of zeros.
    """
    check_mapping(given, known)
    unknown = set(given) - set(known)
    if unknown:
        raise _rows_expected(f"vectors of {sorted(map(str, unknown))}", known)
    return {modality: _rows(modality, rows, space) for modality, rows in given.items()}


def check_mapping(given: object, known: Collection[str]) -> None:
    """Check that vectors come as a dictionary.

    Raises:
        RecordError: They do not; the message names the modalities that are known.
    """
    if not isinstance(given, Mapping):
        raise _rows_expected(f"vectors={show(given)}", known)


def _rows_expected(came: str, known: Collection[str]) -> RecordError:
    needed = f"rows by modality, of {', '.join(sorted(known))}"
    return RecordError(came, needed, 'write vectors={"text": rows}')


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


def check_words(text: object) -> str:
    """Return text as given.

    Raises:
        RecordError: Not text, or blank.
    """
    check_text("text", text)
    if not isinstance(text, str) or not text.strip():
        raise RecordError(f"text={show(text)}", "words", "leave it out")
    return text


def check_place(place: object) -> Place | Pose | None:
    """Return a place, a pose, or the place of a pair of degrees; `None` stays.

    Raises:
        RecordError: Another type.
        PerceptValueError: A pair that is no place on Earth.
    """
    if place is None or isinstance(place, (Place, Pose)):
        return place
    if isinstance(place, (tuple, list)) and len(place) == DEGREES:
        return Place(*place)
    raise RecordError(
        f"place={show(place)}",
        "(latitude, longitude), or a Place or Pose of sensorium.percepts",
        'write place=(48.8584, 2.2945), latitude first, or place=Pose(1.0, 2.5, frame="map")',
    )


def check_origin(origin: object) -> None:
    """Check that a value is `None`, or a word for who says so.

    Raises:
        RecordError: Another word.
    """
    if origin is not None and origin not in ORIGINS:
        raise RecordError(
            Doors(
                f"origin={show(origin)}",
                command=f"--origin {show(origin)}",
                rest=f"origin {show(origin)}",
            ),
            f"one of {', '.join(ORIGINS)}",
            Doors(
                'write origin="person" for somebody\'s own words, or leave it out',
                command="write --origin person for somebody's own words, or leave it out",
                rest='write "origin": "person" for somebody\'s own words, or leave it out',
            ),
        )


def check_time(
    name: str, moment: object, *, error: type[RecordError | FilterError] = RecordError
) -> None:
    """Check that a value is `None` or an aware datetime.

    Args:
        name: Name of the argument.
        moment: The value.
        error: Error to raise for another type, a naive time, or one that UTC cannot write.
    """
    if moment is None:
        return
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        kind = "naive" if isinstance(moment, datetime) else type(moment).__name__
        raise error(
            f"{name}={show(moment)}, which is {kind}",
            "a datetime with its zone",
            f"write {name}=datetime(..., tzinfo=timezone.utc) or {name}.astimezone()",
        )
    try:
        moment.astimezone(timezone.utc)
    except OverflowError as cause:
        raise beyond_calendar(name, moment, error=error) from cause


def beyond_calendar(
    name: str, moment: datetime, *, error: type[RecordError | FilterError] = RecordError
) -> RecordError | FilterError:
    """Return the error for a time before the year 1 or after the year 9999 in UTC."""
    return error(
        f"{name} of {moment.isoformat()}",
        "a time that is, and ends, in the years 1 to 9999 in UTC",
        "correct it, or leave it out",
    )


def check_tags(tags: object, *, name: str = "tags") -> tuple[str, ...]:
    """Return tags as a tuple.

    Args:
        tags: What was given.
        name: Name of the argument.
    Raises:
        RecordError: Not a sequence of names.
    """
    if isinstance(tags, str) or not isinstance(tags, (tuple, Sequence, set, frozenset)):
        raise RecordError(f"{name}={show(tags)}", "a list of names", f'write {name}=["holiday"]')
    for tag in tags:
        if not isinstance(tag, str) or not tag.strip() or len(tag) > LONGEST_TAG:
            raise RecordError(
                f"the tag {show(tag)}",
                f"a name of at most {LONGEST_TAG} characters",
                "write it as text",
            )
    return tuple(tags)


def check_metadata(metadata: object) -> list[str]:
    """Check that metadata comes back as it went in; return its truth values as flags.

    Raises:
        RecordError: Not a dictionary of JSON values; the message names the key.
    """
    if not isinstance(metadata, Mapping):
        raise RecordError(
            f"metadata={show(metadata)}", "a dictionary", 'write metadata={"room": "kitchen"}'
        )
    flags: list[str] = []
    _walk(metadata, "metadata", flags, 0, _Count())
    return flags


@dataclass
class _Count:
    """The keys and values of metadata that were seen."""

    keys: int = 0
    values: int = 0

    def add(self, *, keys: int = 0, values: int = 0) -> None:
        """Count some more.

        Raises:
            RecordError: They are too many.
        """
        self.keys, self.values = self.keys + keys, self.values + values + keys
        for name, count, most in (
            ("keys", self.keys, MOST_KEYS),
            ("values", self.values, MOST_VALUES),
        ):
            if count > most:
                raise RecordError(
                    f"metadata of {count:,} {name} or more",
                    f"at most {most:,}",
                    "keep large data in a file of its own, and its name in the metadata",
                )


def _walk(value: Any, path: str, flags: list[str], depth: int, count: _Count) -> None:
    if isinstance(value, bool):
        flags.append(f"{path}={str(value).lower()}")
    elif isinstance(value, dict) and depth < DEEPEST:
        count.add(keys=len(value))
        for key, inner in value.items():
            if not isinstance(key, str):
                raise _not_json(f"the key {show(key)} of {path}")
            _walk(inner, f"{path}.{key}", flags, depth + 1, count)
    elif isinstance(value, list) and depth < DEEPEST:
        count.add(values=len(value))
        for inner in value:
            _walk(inner, path, flags, depth + 1, count)
    elif isinstance(value, (int, float)):
        if not (math.isfinite(value) if isinstance(value, float) else -INT64 <= value < INT64):
            raise _not_json(f"{path}={show(value)}")
    elif isinstance(value, str):
        check_text(path, value)
    elif value is not None:
        raise _not_json(f"{path} of type {type(value).__name__}")


def _not_json(what: str) -> RecordError:
    return RecordError(
        what,
        "text, finite numbers of 64 bits, true, false, null, lists and dictionaries",
        "convert it: str() for paths and UUIDs, isoformat() for times, .item() for numpy numbers, "
        "list() for tuples",
    )


def check_text(name: str, text: object) -> None:
    """Check that a value is `None` or text that UTF-8 can write.

    Raises:
        RecordError: Another type, or half of a surrogate pair.
    """
    if text is None:
        return
    if not isinstance(text, str) or (not text.isascii() and LONE_SURROGATE.search(text)):
        raise RecordError(f"{name}={show(text)}", "Unicode text", "decode or repair it first")
