"""Writing to a collection: each function carries out one change of the `Backend` protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qdrant_client import models

from sensorium.qdrant.client.collection import Collection
from sensorium.qdrant.client.filters import translated
from sensorium.qdrant.client.points import (
    GRPC_NUMBER,
    JSON_NUMBER,
    check_writable,
    named,
    requests,
)
from sensorium.qdrant.client.reading import scroll
from sensorium.qdrant.client.sending import send_points
from sensorium.qdrant.filters import Filter
from sensorium.qdrant.payload_form import with_plain_values
from sensorium.qdrant.points import Payload, Point, Vectors, with_cleared

CHANGED = 1_000  # points whose payload is changed in one request


def upsert(collection: Collection, points: Sequence[Point]) -> None:
    """Write whole points, in as many requests as their size asks for."""
    check_writable(points, collection.schema)
    send_points(collection, requests(points, number=_number(collection)))


def put_vectors(collection: Collection, point_id: str, vectors: Mapping[str, Vectors]) -> None:
    """Write some modalities of a point."""
    point = Point(point_id, vectors, {})
    check_writable([point], collection.schema)
    requests([point], number=_number(collection))  # checks that it is small enough
    change = models.PointVectors(id=point_id, vector=named(vectors))
    collection.call(collection.client.update_vectors, collection.name, [change])


def set_payload(
    collection: Collection, filter: Filter, payload: Payload, clear: Sequence[str]
) -> None:
    """Write and remove top-level keys of the points that a filter lets through."""
    written = with_cleared(with_plain_values(payload), clear)
    cursor: str | None = None
    while True:
        # By id: the filter may let other points through once the first key is changed
        page = scroll(
            collection,
            filter,
            limit=CHANGED,
            newest_first=None,
            cursor=cursor,
            payload=False,
            vectors=False,
        )
        ids: list[models.ExtendedPointId] = [point.id for point in page.points]
        if ids and written:
            collection.call(collection.client.set_payload, collection.name, written, ids)
        cursor = page.cursor
        if cursor is None:
            return


def delete(collection: Collection, filter: Filter) -> None:
    """Remove the points that a filter lets through."""
    selector = models.FilterSelector(filter=translated(filter))
    collection.call(collection.client.delete, collection.name, selector)


def _number(collection: Collection) -> int:
    """Return the bytes that one number of a vector takes in a request."""
    return GRPC_NUMBER if collection.client.init_options["prefer_grpc"] else JSON_NUMBER
