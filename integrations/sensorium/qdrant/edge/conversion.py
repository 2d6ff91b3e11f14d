"""Points and vectors in the words of Qdrant Edge, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from struct import Struct
from struct import error as StructError
from typing import Any, TypeVar

import numpy as np
import qdrant_edge as edge

from sensorium.errors import PointError
from sensorium.percepts.percept import is_still
from sensorium.qdrant.backend import Search
from sensorium.qdrant.edge.failures import damaged_vectors
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


def edge_questions(searches: Sequence[Search]) -> list[Any]:
    """Return the vectors of searches; those that ask with one array share its numbers."""
    read: dict[int, list[float]] = {}
    questions: list[Any] = []
    for search in searches:
        numbers = read.get(id(search.vector))
        if numbers is None:
            numbers = read[id(search.vector)] = search.vector.astype(np.float32).tolist()
        questions.append(numbers if is_still(search.modality) else [numbers])
    return questions


def payload_selector(keys: bool | Sequence[str]) -> bool | list[str]:
    return keys if isinstance(keys, bool) else list(keys) or False


def stored_point(record: edge.Record | edge.ScoredPoint, dimension: int) -> StoredPoint:
    """Return a point as it is read.

    Args:
        record: What Edge answered.
        dimension: Numbers of every vector of the memory, D.
    Returns:
        Its payload, and its vectors as rows `(W, D)` float32.
    Raises:
        StoreFormatError: The files of its vectors are damaged.
    """
    found = record.vector  # Edge makes a list of floats at each look
    vectors = {}
    if isinstance(found, dict):
        vectors = {name: _stacked(name, rows, dimension) for name, rows in found.items()}
    return StoredPoint(str(record.id), as_read(record.payload), vectors)


def _stacked(modality: str, rows: Any, dimension: int) -> Vectors:
    """Return the rows that Edge gave as lists of floats, shape `(W, D)`: a still has one list."""
    several = rows if rows and isinstance(rows[0], list) else [rows]
    # `struct` reads a list of floats in a fifth of the time that NumPy takes
    numbers = Struct(f"{dimension}f")
    buffer = bytearray(numbers.size * len(several))
    try:
        for place, row in enumerate(several):
            numbers.pack_into(buffer, place * numbers.size, *row)
    except StructError as error:  # as where the files say that a recording has no rows
        raise damaged_vectors(modality, sorted({len(row) for row in several}), dimension) from error
    return np.frombuffer(buffer, np.float32).reshape(len(several), dimension)
