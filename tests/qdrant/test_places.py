"""Every store finds points by where they were, with an index."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import qdrant_edge as edge
from qdrant_client import QdrantClient, models
from tests.support.stores import SCHEMA, point

from sensorium.qdrant import EdgeBackend, Equal, Filter, Present, Range
from sensorium.qdrant.backend import Backend
from sensorium.qdrant.client.backend import ClientBackend

PARIS = {"lat": 48.8584, "lon": 2.2945, "altitude": 35.0}
SYDNEY = {"lat": -33.8568, "lon": 151.2153}
KILOMETRE = 1000.0


def test_a_place_is_found_by_its_numbers(backend: Backend) -> None:
    """On every store, as any other object of a payload."""
    backend.upsert([point("a", place=PARIS), point("b", place=SYDNEY), point("c")])
    assert backend.count(Filter("rex", Present("place"))) == 2
    assert backend.count(Filter("rex", Range("place.lat", lt=0))) == 1
    assert backend.count(Filter("rex", Equal("place.altitude", 35.0))) == 1


def test_edge_takes_it_for_a_point_on_earth(tmp_path: Path) -> None:
    """The index is made with the first place, in a memory that had none, too."""
    with closing(EdgeBackend.open(tmp_path / "m", schema=SCHEMA)) as backend:
        backend.upsert([point("c")])
        assert "place" not in shard_of(backend).info().payload_schema
    with closing(EdgeBackend.open(tmp_path / "m", schema=SCHEMA)) as backend:
        backend.upsert([point("a", place=PARIS), point("b", place=SYDNEY)])
        assert "place" in shard_of(backend).info().payload_schema
    with closing(EdgeBackend.open(tmp_path / "m", schema=SCHEMA)) as backend:
        near = edge.GeoRadius(center=edge.GeoPoint(2.3, 48.86), radius=KILOMETRE)
        within = edge.Filter(must=[edge.FieldCondition("place", geo_radius=near)])
        engine = shard_of(backend)
        assert "place" in engine.info().payload_schema
        assert engine.count(edge.CountRequest(exact=True, filter=within)) == 1


def test_a_server_takes_it_for_a_point_on_earth() -> None:
    """Its client's local mode does, too."""
    client = QdrantClient(":memory:")
    backend = ClientBackend(client, schema=SCHEMA)
    backend.upsert([point("a", place=PARIS), point("b", place=SYDNEY), point("c")])
    near = models.GeoRadius(center=models.GeoPoint(lon=2.3, lat=48.86), radius=KILOMETRE)
    within = models.Filter(must=[models.FieldCondition(key="place", geo_radius=near)])
    [collection] = [each.name for each in client.get_collections().collections]
    assert client.count(collection, within).count == 1


def shard_of(backend: EdgeBackend) -> edge.EdgeShard:
    return backend._shard.engine
