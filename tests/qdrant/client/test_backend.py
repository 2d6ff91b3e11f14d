"""A backend over a client: who closes the client, and what a switch leaves."""

from __future__ import annotations

from uuid import uuid4

from qdrant_client import QdrantClient
from tests.support.stubbed import SCHEMA

from sensorium.qdrant.client.backend import ClientBackend
from sensorium.qdrant.filters import Filter
from sensorium.qdrant.points import Point


def test_a_client_of_the_callers_stays_open() -> None:
    """Who made it closes it; two collections share it and its points stay apart."""
    client = QdrantClient(":memory:")
    one = ClientBackend.open(client, schema=SCHEMA, collection="one")
    two = ClientBackend.open(client, schema=SCHEMA, collection="two")
    one.upsert([Point(str(uuid4()), {}, {"owner": "rex"})])
    one.close()
    assert two.count(Filter("rex")) == 0
    assert client.count("one").count == 1
    client.close()


def test_a_switch_leaves_one_collection_and_its_name() -> None:
    """However often the encoder changes, no collection of an earlier one stays."""
    client = QdrantClient(":memory:")
    backend = ClientBackend.open(client, schema=SCHEMA, collection="mine")
    for _ in range(2):
        sibling = backend.sibling(SCHEMA)
        sibling.upsert([Point(str(uuid4()), {}, {"owner": "rex"})])
        backend = backend.switch(sibling)
        assert backend.collection == "mine"
        assert backend.count(Filter("rex")) == 1
        assert len(client.get_collections().collections) == 1
    assert ClientBackend.open(client, schema=SCHEMA, collection="mine").count(Filter("rex")) == 1
    client.close()
