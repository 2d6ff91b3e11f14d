"""What passes between a memory and its store: points, and what a search returns of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import PointError
from sensorium.percepts.percept import is_still
from sensorium.percepts.text import LONE_SURROGATE

Vectors: TypeAlias = NDArray[np.float32]
Payload: TypeAlias = dict[str, Any]
FLOAT = np.dtype(np.float32)
TOGETHER = 64  # stacks of rows checked in one go
PLAIN = frozenset({int, bool, type(None)})  # values of which nothing can be wrong
UNIT_TOLERANCE = 2e-3  # float16 rows come back this far from unit length


@dataclass(frozen=True, eq=False)
class Point:
    """One point of a collection.

    Attributes:
        id: A UUID, as text.
        vectors: Of each modality, shape `(W, D)`: one row a window; one row for a still.
        payload: JSON-ready; times as ISO 8601 text.
    """

    id: str
    vectors: Mapping[str, Vectors] = field(repr=False)
    payload: Payload


@dataclass(frozen=True, eq=False)
class StoredPoint:
    """A point as it was read: the parts that were asked for.

    Attributes:
        id: Its UUID.
        payload: The keys asked for that it has.
        vectors: The modalities asked for that it has, `(W, D)` float32 each.
    """

    id: str
    payload: Payload = field(default_factory=dict)
    vectors: Mapping[str, Vectors] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Scored:
    """A point that a search found.

    Attributes:
        id: Its UUID.
        score: Cosine of the query and the point's best row, or the BM25 score of its text.
    """

    id: str
    score: float


@dataclass(frozen=True)
class Page:
    """Some of the points that a filter lets through, and where the next ones begin.

    Attributes:
        points: In the order asked for.
        cursor: Pass it to get the next page; `None` after the last.
    """

    points: Sequence[StoredPoint]
    cursor: str | None


def iso(moment: datetime) -> str:
    """Write an aware datetime as stores keep it: UTC, microseconds, always of one length."""
    return _iso(moment.astimezone(timezone.utc))  # first: equal times of a zone may differ in fold


@lru_cache(maxsize=1024)  # a batch has one time of writing, and often one time of its moments
def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def from_iso(text: str) -> datetime:
    """Read what `iso` wrote; an aware datetime in UTC."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def check_points(points: Sequence[Point], dimension: int) -> None:
    """Refuse what an engine would take silently and never find again.

    Raises:
        PointError: Another shape or dtype, NaN or infinity, or rows that are not of unit length.
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
                "write the others as points of their own",
            )
    for start in range(0, len(named), TOGETHER):
        block = np.concatenate([rows for _, rows in named[start : start + TOGETHER]])
        lengths = np.einsum("wd,wd->w", block, block)
        if not (np.abs(lengths - 1) < UNIT_TOLERANCE).all():  # NaN compares false
            senses = sorted({modality for modality, _ in named[start : start + TOGETHER]})
            raise PointError(
                f"vectors of {', '.join(senses)} whose squared lengths are "
                f"{lengths.min():.3g} to {lengths.max():.3g}",
                "finite rows of unit length",
                "scale them with sensorium.encoders.normalise",
            )


def check_payload(payload: Any) -> None:
    """Refuse what would not come back as it was.

    Raises:
        PointError: A value that is not JSON: NaN, bytes, a time, a number of NumPy, text with
            half a character in it.
    """
    try:
        _walk(payload)
    except RecursionError as error:
        raise _not_json("dictionaries within dictionaries without end") from error


def _walk(payload: Any) -> None:
    kind = type(payload)
    if kind is str:
        if not payload.isascii() and LONE_SURROGATE.search(payload):
            raise _not_json(f"{payload!r}, in which half a character is")
    elif kind is dict:
        for key, value in payload.items():
            if type(key) is not str:
                raise _not_json(f"the key {key!r}")
            _walk(key)
            _walk(value)
    elif kind is list:
        for value in payload:
            if type(value) not in PLAIN:
                _walk(value)
    elif kind not in PLAIN and not (kind is float and math.isfinite(payload)):
        raise _not_json(f"{payload!r}, a {kind.__name__}")


def _not_json(what: str) -> PointError:
    return PointError(
        f"a payload with {what}"[:200],
        "JSON: text, finite numbers, true, false, null, lists and dictionaries of these",
        "convert times with isoformat() and numpy numbers with .item()",
    )
