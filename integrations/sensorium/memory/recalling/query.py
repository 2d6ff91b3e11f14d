"""What is asked of a memory: percepts, vectors, records to resemble, and what may answer."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders import Encoder, normalise
from sensorium.errors import FilterError, QueryError, UnsupportedModalityError
from sensorium.memory.calibrating.calibration import Asked
from sensorium.memory.writing.draft import check_tags
from sensorium.percepts import Percept, Text
from sensorium.qdrant import Condition, Either, Equal, Every, OneOf, Range, Words
from sensorium.qdrant.filters import matching
from sensorium.qdrant.points import Vectors

Query: TypeAlias = "str | Percept | NDArray[np.float32] | Sequence[str | Percept | NDArray[Any]]"


def asked_of(query: Query, encoder: Encoder, weights: Sequence[float] | None) -> list[Asked]:
    """Turn a question into vectors.

    Args:
        query: Words, a percept, a vector `(D,)`, or several of these.
        encoder: Of the memory's space.
        weights: One of each; negative ones subtract. By default all 1.
    Raises:
        QueryError: Nothing asked, blank words, a wrong vector, or weights that do not fit.
        EncodingError: A percept that cannot be encoded.
    """
    parts: list[object] = [query]
    if isinstance(query, Sequence) and not isinstance(query, (str, bytes)):
        parts = list(query)
    if not parts:
        raise QueryError(
            "a question of no parts", "words, a percept or a vector", 'ask recall("the sea")'
        )
    shares = _checked_weights(weights, len(parts))
    percepts = [_percept(part) for part in parts]
    vectors = iter(encoder.embed([percept for percept in percepts if percept is not None]))
    return [
        Asked(_vector(part, encoder.space.dimension), None, share)
        if percept is None
        else Asked(next(vectors), percept.modality, share)
        for part, percept, share in zip(parts, percepts, shares, strict=True)
    ]


def _checked_weights(weights: Sequence[float] | None, parts: int) -> list[float]:
    if weights is None:
        return [1.0] * parts
    numeric = (int, float, np.number)
    try:
        numbers = [float(one) if isinstance(one, numeric) else math.nan for one in weights]
    except (TypeError, OverflowError):  # no list at all, or an integer beyond all floats
        numbers = []
    if len(numbers) != parts or not all(map(math.isfinite, numbers)):
        raise QueryError(
            f"weights={weights!r} for {parts} parts"[:200],
            "one finite number for each part",
            "pass a list of as many weights as parts",
        )
    return numbers


def _percept(part: object) -> Percept | None:
    """Return what must be encoded; `None` for a vector."""
    if isinstance(part, str):
        if not part.strip():
            raise QueryError(
                f"the question {part!r}", "words", "use timeline() to list without a question"
            )
        return Text(part)
    if isinstance(part, Percept):
        return part
    if isinstance(part, (np.ndarray, list, tuple)):
        return None
    raise QueryError(
        f"a {type(part).__name__} as a question",
        "words, a percept or a vector",
        "wrap a file in its percept: Image(path), Audio(path), ...",
    )


def _vector(part: object, dimension: int) -> NDArray[np.float32]:
    try:
        vector = np.asarray(part, np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise QueryError(f"a vector of {error}", "numbers", "pass a numpy array") from error
    if vector.shape != (dimension,) or not np.isfinite(vector).all() or not vector.any():
        raise QueryError(
            f"a vector of shape {vector.shape}",
            f"{dimension} finite numbers that are not all zero",
            "pass a vector of the memory's encoder",
        )
    return normalise(vector)


def resembling(rows: Mapping[str, Vectors]) -> list[Asked]:
    """Ask for what is like a record: each of its senses counts the same."""
    return [
        Asked(normalise(found.mean(axis=0)), modality) for modality, found in sorted(rows.items())
    ]


def checked_modalities(wanted: Collection[str] | None, encoder: Encoder) -> list[str]:
    """Return the senses to search, sorted; by default all of the encoder's.

    Raises:
        UnsupportedModalityError: One the encoder does not know.
        QueryError: None at all, or bare text.
    """
    if wanted is None:
        return sorted(encoder.modalities)
    if not _are_names(wanted) or not wanted:
        raise QueryError(f"modalities={wanted!r}", "a list of senses", 'write modalities=["audio"]')
    unknown = set(wanted) - encoder.modalities
    if unknown:
        raise UnsupportedModalityError(
            f"modalities={sorted(wanted)!r}",
            f"senses of the encoder: {', '.join(sorted(encoder.modalities))}",
            f"leave out {', '.join(sorted(unknown))}",
        )
    return sorted(set(wanted))


def _are_names(given: object) -> bool:
    if isinstance(given, (str, bytes)) or not isinstance(given, Collection):
        return False
    return all(isinstance(name, str) for name in given)


def conditions(
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    tags: Collection[str] | None = None,
    source: str | None = None,
    where: Condition | Mapping[str, Any] | None = None,
    with_modalities: Collection[str] | None = None,
    text_contains: str | None = None,
) -> Condition | None:
    """Join the filters of a call; all must hold.

    Args:
        since: Memories that go on at this time, or begin later.
        until: Memories that begin before this time.
        tags: Every one of them.
        source: Exactly this one.
        where: `{"room": "kitchen", "floor": [1, 2]}` of the metadata, or any condition. A dot
            reaches into a dictionary (`a.b`); a key that has one is quoted (`'"a.b"'`).
        with_modalities: At least one of these modalities.
        text_contains: All of these words in the record's text.
    Raises:
        FilterError: A value that cannot be compared, or a naive time.
        QueryError: A sense nobody has, or `where` of another type.
        RecordError: Tags that are none.
    """
    _check_time("since", since)
    _check_time("until", until)
    found: list[Condition] = []
    if since is not None:
        found.append(Either((Range("at", gte=since), Range("until", gte=since))))
    if until is not None:
        found.append(Range("at", lt=until))
    if tags is not None:
        found += [Equal("tags", tag) for tag in check_tags(tags)]
    if source is not None:
        if not isinstance(source, str):
            raise FilterError(f"source={source!r}"[:200], "its name", 'write source="camera"')
        found.append(Equal("source", source))
    if isinstance(where, Condition):
        found.append(where)
    elif where is not None:
        if not isinstance(where, Mapping):
            raise QueryError(
                f"where={where!r}"[:200],
                "a dictionary of metadata, or a condition",
                'write where={"room": "kitchen"}',
            )
        found += matching(where)
    if with_modalities is not None:
        if not _are_names(with_modalities) or not set(with_modalities) <= Percept.modalities.keys():
            raise QueryError(
                f"with_modalities={with_modalities!r}"[:200],
                f"a list of senses, of {', '.join(sorted(Percept.modalities))}",
                'write with_modalities=["audio"]',
            )
        found.append(OneOf("modalities", tuple(with_modalities)))
    if text_contains is not None:
        found.append(Words("page_content", text_contains))
    if not found:
        return None
    return found[0] if len(found) == 1 else Every(tuple(found))


def _check_time(name: str, given: object) -> None:
    if given is not None and not isinstance(given, datetime):
        raise FilterError(
            f"{name}={given!r}"[:200], "a datetime with its zone", f"write {name}=datetime(...)"
        )
