"""Points, as a memory hands them to its store and as a search returns them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import PointError, show
from sensorium.percepts.percept import is_still
from sensorium.percepts.text import LONE_SURROGATE

Vectors: TypeAlias = NDArray[np.float32]
Payload: TypeAlias = dict[str, Any]
FLOAT = np.dtype(np.float32)
TOGETHER = 64  # blocks of rows that are checked at a time
PLAIN = frozenset({int, bool, type(None)})  # types whose every value can be stored
UNIT_TOLERANCE = 2e-3  # float16 rows come back this far from unit length


@dataclass(frozen=True, eq=False)
class Point:
    """One point of a collection.

    Attributes:
        id: A UUID, as text.
        vectors: Rows of each modality, shape `(W, D)`: one for each window; a still has one row.
        payload: JSON-ready fields; times are ISO 8601 text.
    """

    id: str
    vectors: Mapping[str, Vectors] = field(repr=False)
    payload: Payload


@dataclass(frozen=True, eq=False)
class StoredPoint:
    """A point as it was read, with the keys and modalities that were asked for.

    Attributes:
        id: UUID of the point.
        payload: The keys asked for, as far as the point has them.
        vectors: The modalities asked for, as far as the point has them: `(W, D)` float32 each.
    """

    id: str
    payload: Payload = field(default_factory=dict)
    vectors: Mapping[str, Vectors] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Scored:
    """A point that a search found.

    Attributes:
        id: UUID of the point.
        score: Cosine of the question and the point's best row, or the BM25 score of its text.
        point: The point, where it was read with it.
    """

    id: str
    score: float
    point: StoredPoint | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Page:
    """Some of the points that a filter lets through, and where the next page begins.

    Attributes:
        points: Points in the order asked for.
        cursor: Argument that reads the next page; `None` after the last.
    """

    points: Sequence[StoredPoint]
    cursor: str | None


def with_cleared(payload: Payload, clear: Iterable[str]) -> Payload:
    """Return a payload that removes keys as it is written, so that both are one operation.

    Args:
        payload: Keys to write.
        clear: Keys to remove: a null removes a key, or stands for one that is not there.
    """
    return {**dict.fromkeys(clear), **payload}


def iso(moment: datetime) -> str:
    """Write an aware datetime as stores keep it: UTC, microseconds, always of one length."""
    # The time is converted before the cache: equal times of one zone may differ in fold.
    return _iso(moment.astimezone(timezone.utc))


# A batch has one time of writing, and often all its moments have the same time.
@lru_cache(maxsize=1024)
def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def from_iso(text: str) -> datetime:
    """Read what `iso` wrote; an aware datetime in UTC."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def check_points(points: Sequence[Point], dimension: int) -> None:
    """Check vectors that an engine would store without a word and never find again.

    Args:
        points: Points to be written.
        dimension: Number of dimensions of the collection's space.
    Raises:
        PointError: Vectors have another shape or dtype, hold NaN or infinity, or are not of unit
            length.
    """
    named = [(name, rows) for point in points for name, rows in point.vectors.items()]
    for modality, rows in named:
        if rows.ndim != 2 or not len(rows) or rows.shape[1] != dimension or rows.dtype != FLOAT:
            raise PointError(
                f"{modality} vectors of shape {rows.shape} and dtype {rows.dtype}",
                f"float32 of shape (W, {dimension}), at least one row",
                "pass Encoding.vectors of the collection's encoder",
            )
        if len(rows) > 1 and is_still(modality):
            raise PointError(
                f"{len(rows)} rows of {modality}",
                "one row: the modality has one vector a point",
                "write the other rows as points of their own",
            )
    for start in range(0, len(named), TOGETHER):
        block = np.concatenate([rows for _, rows in named[start : start + TOGETHER]])
        lengths = np.einsum("wd,wd->w", block, block)
        if not (np.abs(lengths - 1) < UNIT_TOLERANCE).all():  # NaN compares false
            modalities = sorted({modality for modality, _ in named[start : start + TOGETHER]})
            raise PointError(
                f"vectors of {', '.join(modalities)} whose squared lengths are "
                f"{lengths.min():.3g} to {lengths.max():.3g}",
                "finite rows of unit length",
                "scale them with sensorium.encoders.normalise",
            )


def check_payload(payload: Any) -> None:
    """Check that a payload comes back as it was stored.

    Raises:
        PointError: A value is not JSON: NaN, bytes, a time, a number of NumPy, or text with half a
            surrogate pair.
    """
    try:
        _walk(payload)
    except RecursionError as error:
        raise _not_json("dictionaries within dictionaries without end") from error


def _walk(payload: Any) -> None:
    kind = type(payload)
    if kind is str:
        if not payload.isascii() and LONE_SURROGATE.search(payload):
            raise _not_json(f"{show(payload)}, which holds half a character")
    elif kind is dict:
        for key, value in payload.items():
            if type(key) is not str:
                raise _not_json(f"the key {show(key)}")
            if not key.isascii():
                _walk(key)
            inner = type(value)
            # Nearly all values: a call for each would take as long as the rest of the walk
            if inner not in PLAIN and not (inner is str and value.isascii()):
                _walk(value)
    elif kind is list:
        for value in payload:
            inner = type(value)
            if inner not in PLAIN and not (inner is str and value.isascii()):
                _walk(value)
    elif kind not in PLAIN and not (kind is float and math.isfinite(payload)):
        raise _not_json(f"{show(payload)}, a {kind.__name__}")


def _not_json(what: str) -> PointError:
    return PointError(
        f"a payload with {what}",
        "JSON: text, finite numbers, true, false, null, lists and dictionaries of these",
        "convert times with isoformat() and numpy numbers with .item()",
    )
