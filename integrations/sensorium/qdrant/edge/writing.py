"""Writing to a shard: each function carries out one change of the `Backend` protocol."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import qdrant_edge as edge
from qdrant_edge import UpdateOperation

from sensorium.qdrant.edge.conversion import edge_points, edge_vectors
from sensorium.qdrant.edge.reading import matching_ids
from sensorium.qdrant.edge.room import PAYLOAD_RESERVE, check_deleting, check_writing
from sensorium.qdrant.edge.shard import Shard
from sensorium.qdrant.filters import Filter
from sensorium.qdrant.payload_form import with_plain_values
from sensorium.qdrant.points import Payload, Point, Vectors, with_cleared

BLOCK = 64  # points: some 8 ms of Edge's, which writes more of them at once no faster


def upsert(shard: Shard, points: Sequence[Point]) -> None:
    """Write whole points."""
    _check_room(shard, points)
    shard.add_named_vectors(name for point in points for name in point.vectors)
    shard.note([point.payload for point in points])
    # All are read before the first is written, so that one that Edge does not take stops all
    blocks = [edge_points(block) for block in blocks_of(points)]
    for block in blocks:
        shard.engine.update(UpdateOperation.upsert_points(block))


def blocks_of(points: Sequence[Point]) -> Iterator[Sequence[Point]]:
    """Cut points into blocks of about `BLOCK`, each of which is written in one operation.

    Edge keeps Python's lock while it writes one, and nobody else comes to work. The points of one
    record stay together: a crash leaves the whole record or none of it.
    """
    begins = 0
    for place, point in enumerate(points):
        if place - begins >= BLOCK and "part_of" not in point.payload:
            yield points[begins:place]
            begins = place
    yield points[begins:]


def put_vectors(shard: Shard, point_id: str, vectors: Mapping[str, Vectors]) -> None:
    """Write some modalities of a point."""
    _check_room(shard, [Point(point_id, vectors, {})])
    shard.add_named_vectors(vectors)
    changed = edge.PointVectors(point_id, edge_vectors(vectors))
    shard.engine.update(UpdateOperation.update_vectors([changed]))


def set_payload(shard: Shard, filter: Filter, payload: Payload, clear: Collection[str]) -> None:
    """Write and remove top-level keys of the points that a filter lets through."""
    # The ids are read first: the filter may ask for what is written here
    ids = matching_ids(shard, filter)
    check_writing(shard.place, len(ids) * _size(payload), reserve=PAYLOAD_RESERVE)
    shard.note([payload])
    written = with_cleared(with_plain_values(payload), clear)
    if written and ids:
        shard.engine.update(UpdateOperation.set_payload(ids, written))


def delete(shard: Shard, filter: Filter) -> None:
    """Remove the points that a filter lets through; a full disk does not hinder that."""
    check_deleting(shard.place)
    shard.engine.update(UpdateOperation.delete_points_by_filter(shard.translated(filter)))


def _check_room(shard: Shard, points: Sequence[Point]) -> None:
    """Check that the disk has room for points.

    Raises:
        StoreFullError: The disk does not have it; nothing is written.
    """
    vectors = sum(rows.nbytes for point in points for rows in point.vectors.values())
    payloads = sum(_size(point.payload) for point in points)
    check_writing(shard.place, vectors + payloads)


def _size(payload: Payload) -> int:
    """Return about how many bytes a payload takes."""
    # To encode a long text only to count it would hold up all threads
    return sum([len(value if isinstance(value, str) else str(value)) for value in payload.values()])
