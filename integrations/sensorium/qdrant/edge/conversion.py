"""Points and vectors in the words of Qdrant Edge, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import qdrant_edge as edge

from sensorium.errors import PointError
from sensorium.percepts.percept import is_still
from sensorium.qdrant.backend import Search
from sensorium.qdrant.payload_form import as_read, shortened
from sensorium.qdrant.points import Point, StoredPoint, Vectors

T = TypeVar("T")


def edge_points(points: Sequence[Point]) -> list[edge.Point]:
    return converted(
        lambda: [edge.Point(p.id, edge_vectors(p.vectors), shortened(p.payload)) for p in points]
    )


def converted(make: Callable[[], T]) -> T:
    """Build Edge's objects, and say what is wrong with a point that Edge does not take.

    Raises:
        PointError: An id that is no UUID, or a payload that is not JSON.
    """
    try:
        return make()
    except (TypeError, ValueError, OverflowError) as error:
        raise PointError(
            f"a point that cannot be stored ({' '.join(str(error).split())[:120]})",
            "a UUID and a payload of text, finite numbers, lists and dictionaries",
            "convert times with isoformat() and numpy numbers with .item()",
        ) from error


def edge_vectors(vectors: Mapping[str, Vectors]) -> dict[str, Any]:
    # Edge converts a memoryview three times as fast as an array
    return {
        name: np.ascontiguousarray(rows[0]).data
        if is_still(name)
        else [memoryview(row) for row in np.ascontiguousarray(rows)]
        for name, rows in vectors.items()
    }


def edge_query(search: Search) -> Any:
    vector = np.ascontiguousarray(search.vector, np.float32).data
    return vector if is_still(search.modality) else [vector]


def payload_selector(keys: bool | Sequence[str]) -> bool | list[str]:
    return keys if isinstance(keys, bool) else list(keys) or False


def stored_point(record: edge.Record | edge.ScoredPoint) -> StoredPoint:
    vectors = {}
    if isinstance(record.vector, dict):
        for name, rows in record.vector.items():
            array = np.asarray(rows, np.float32)
            vectors[name] = array if array.ndim == 2 else array[None]
    return StoredPoint(str(record.id), as_read(record.payload), vectors)
