"""Points in the words of the Qdrant client: checked, cut into requests, converted and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
import numpy as np
from qdrant_client import models

from sensorium.errors import PointError, show
from sensorium.percepts.percept import is_still
from sensorium.qdrant.backend import Search
from sensorium.qdrant.payload_form import as_read, shortened
from sensorium.qdrant.points import (
    Payload,
    Point,
    Scored,
    StoredPoint,
    Vectors,
    check_payload,
    check_points,
)
from sensorium.qdrant.schema import ROWS, CollectionSchema

REQUEST = 31 * 2**20  # bytes: Qdrant refuses requests of more than 32 MiB
TOGETHER = 1_000  # points of a request: more are no faster, and this many are made meanwhile
DECIMALS = 7  # decimals of a number in a request: float16 keeps 4, JSON would carry 17
JSON_NUMBER, GRPC_NUMBER = 12, 4  # bytes: sign, "0.", the decimals and a comma; a float32
ENVELOPE = 256  # bytes around a point: its id, the names of its fields

Named: TypeAlias = "dict[str, list[float] | list[list[float]]]"


def check_writable(points: Sequence[Point], schema: CollectionSchema) -> None:
    """Check that the vectors and ids of points can be stored and found again.

    Raises:
        PointError: A vector or an id cannot be stored.
    """
    check_points(points, schema.space.dimension)
    for point in points:
        _check_id(point.id)
        for name, rows in point.vectors.items():
            if name not in schema.modalities:
                raise PointError(
                    f"a vector of the modality {name!r}",
                    f"one of {', '.join(schema.modalities)}",
                    f"add it to the collection first: add_modality({name!r})",
                )
            if len(rows) > ROWS:
                raise PointError(
                    f"{len(rows)} rows of {name}", f"at most {ROWS} a point", "continue in another"
                )


def payload_bytes(payload: Payload) -> int:
    """Return the bytes of a payload as JSON.

    Raises:
        PointError: The payload is not JSON.
    """
    check_payload(payload)
    return len(msgspec.json.encode(payload))


def requests(points: Sequence[Point], *, number: int) -> list[Sequence[Point]]:
    """Cut points into runs that fit into one request each, in order.

    Args:
        points: Points that `check_writable` accepted.
        number: Bytes that one number of a vector takes in a request.
    Raises:
        PointError: One point alone is too large, or a payload is not JSON.
    """
    runs: list[Sequence[Point]] = []
    start = total = 0
    for index, point in enumerate(points):
        numbers = sum(rows.size for rows in point.vectors.values())
        size = ENVELOPE + payload_bytes(point.payload) + number * numbers
        if size > REQUEST:
            raise PointError(
                f"a point of {size / 2**20:.0f} MiB",
                f"at most {REQUEST / 2**20:.0f} MiB, the most that a Qdrant server takes",
                "continue it in another point, or use prefer_grpc=True, which takes a third",
            )
        if total + size > REQUEST or index - start == TOGETHER:
            runs.append(points[start:index])
            start, total = index, 0
        total += size
    return [*runs, points[start:]] if start < len(points) else runs


def struct(point: Point) -> models.PointStruct:
    """Convert one point."""
    return models.PointStruct(
        id=point.id, vector=named(point.vectors), payload=shortened(point.payload)
    )


def named(vectors: Mapping[str, Vectors]) -> Any:
    """Convert the vectors of a point: one list for a still, a list of rows for the others."""
    shortened = {name: np.round(rows.astype(float), DECIMALS) for name, rows in vectors.items()}
    return {
        name: rows[0].tolist() if is_still(name) else rows.tolist()
        for name, rows in shortened.items()
    }


def stored(record: models.Record | models.ScoredPoint) -> StoredPoint:
    """Convert a point that was read; its vectors become `(W, D)` float32."""
    vectors = record.vector if isinstance(record.vector, Mapping) else {}
    arrays = {name: np.atleast_2d(np.asarray(rows, np.float32)) for name, rows in vectors.items()}
    return StoredPoint(str(record.id), as_read(record.payload), arrays)


def payload_keys(payload: bool | Sequence[str]) -> bool | list[str]:
    """Convert the choice of payload keys; an empty one means no payload, not all of it."""
    return payload if isinstance(payload, bool) else list(payload) or False


def query_vector(search: Search) -> Any:
    """Convert the vector of a search: a row for a still, a list of one row for the others."""
    vector = np.asarray(search.vector, np.float32).tolist()
    return vector if is_still(search.modality) else [vector]


def scored(points: Sequence[models.ScoredPoint], *, whole: bool = False) -> list[Scored]:
    """Convert the points that a search found, and what was read of them."""
    return [
        Scored(str(point.id), point.score, stored(point) if whole else None) for point in points
    ]


def _check_id(point_id: str) -> None:
    try:
        canonical = str(UUID(point_id))
    except (ValueError, TypeError, AttributeError):
        canonical = None
    if point_id != canonical:
        raise PointError(
            f"the id {show(point_id)}", "a UUID in lower case with hyphens", "use str(uuid.uuid4())"
        )
