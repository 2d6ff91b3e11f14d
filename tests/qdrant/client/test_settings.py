"""A collection that replaces another has all of its settings, and waits for its shards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from qdrant_client import QdrantClient
from tests.support.qdrant_stub import Stub
from tests.support.stubbed import SCHEMA, SPACE, D

from sensorium.errors import StoreUnavailableError
from sensorium.qdrant.client import settings
from sensorium.qdrant.client.connection import Connection
from sensorium.qdrant.client.settings import complete_like, create_like, schema_like
from sensorium.qdrant.client.state import CollectionState, read_state
from sensorium.qdrant.schema import CollectionSchema

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

WIDER = CollectionSchema.for_space(
    replace(SPACE, model="other", dimension=2 * D), modalities=["image", "smell"]
)
PARAMS = {
    "shard_number": 6,
    "replication_factor": 2,
    "write_consistency_factor": 2,
    "read_fan_out_factor": 1,
    "on_disk_payload": True,
}
HNSW = {"m": 0, "ef_construct": 77, "full_scan_threshold": 5_000, "payload_m": 24, "on_disk": True}
OPTIMIZERS = {"default_segment_number": 3, "flush_interval_sec": 9, "indexing_threshold": 1_000}
WAL = {"wal_capacity_mb": 8, "wal_segments_ahead": 1}
STRICT = {"enabled": True, "max_query_limit": 500, "unindexed_filtering_retrieve": False}
BINARY = {"binary": {"always_ram": True}}


@pytest.fixture
def client(stub: Stub) -> Iterator[QdrantClient]:
    opened = QdrantClient(url=stub.url, check_compatibility=False)
    yield opened
    opened.close()


def configured(stub: Stub) -> None:
    """Give the collection of a server settings that are no one's defaults."""
    assert stub.collection is not None
    config: dict[str, Any] = stub.collection["config"]
    config["params"] |= PARAMS
    config["params"]["vectors"]["image"] |= {"on_disk": True, "hnsw_config": {"m": 5}}
    config |= {"hnsw_config": HNSW, "optimizer_config": OPTIMIZERS, "wal_config": WAL}
    config |= {"strict_mode_config": STRICT, "quantization_config": BINARY}
    config["metadata"] |= {"theirs": 1, "sensorium_successor": {"collection": "x"}}
    index = {"data_type": "keyword", "params": {"type": "keyword", "on_disk": True}, "points": 3}
    stub.collection["payload_schema"] = {"metadata.topic": index, "owner": index}


def state(client: QdrantClient) -> CollectionState:
    found = read_state(Connection(client), "sensorium-00000001")
    assert found is not None
    return found


def test_every_setting_is_taken_over(client: QdrantClient, stub: Stub) -> None:
    """Of a cluster, of the index and of the server's limits; vectors have the new dimension."""
    configured(stub)
    old = state(client)
    create_like(Connection(client), "new", old, WIDER, {"more": 2})
    (made,) = [asked.body for asked in stub.asked if asked.line == "PUT /collections/new"]
    taken = {**PARAMS}
    del taken["read_fan_out_factor"]  # which only an existing collection takes
    assert {key: made[key] for key in taken} == taken
    assert made["hnsw_config"].items() >= HNSW.items()
    assert made["optimizers_config"].items() >= OPTIMIZERS.items()
    assert made["wal_config"].items() >= WAL.items()
    assert made["strict_mode_config"].items() >= STRICT.items()
    assert made["quantization_config"] == BINARY
    assert made["metadata"] == {"theirs": 1, "sensorium": WIDER.to_dict(), "more": 2}
    assert set(made["vectors"]) == {"image", "smell"}
    assert made["vectors"]["image"]["hnsw_config"] == {"m": 5}
    assert made["vectors"]["image"]["on_disk"]
    assert made["vectors"]["image"]["size"] == made["vectors"]["smell"]["size"] == 2 * D


def test_indexes_and_the_spread_of_reads_follow(client: QdrantClient, stub: Stub) -> None:
    """Also indexes that an application made for itself."""
    configured(stub)
    stub.shards = [["Active"] * 6]
    old = state(client)
    old.info.config.params.replication_factor = 1
    stub.asked.clear()
    complete_like(Connection(client), "new", old)
    made = {a.body["field_name"]: a.body["field_schema"] for a in stub.asked if "/index" in a.line}
    assert made["metadata.topic"] == {"type": "keyword", "on_disk": True}
    assert {"owner", "metadata.topic", "page_content"} <= set(made)
    (changed,) = [asked.body for asked in stub.asked if asked.line == "PATCH /collections/new"]
    assert changed["params"] == {"read_fan_out_factor": 1}


def test_the_schema_keeps_its_settings() -> None:
    """What is stored says how the collection was made."""
    old = replace(SCHEMA, quantization="int8", on_disk=True, shard_number=6, replication_factor=2)
    new = schema_like(old, WIDER)
    assert new == replace(old, space=WIDER.space, modalities=WIDER.modalities)


def test_shards_are_waited_for(
    client: QdrantClient, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until each has an active copy; for a limited time."""
    monkeypatch.setattr(settings, "LOOK", 0.001)
    params = state(client).info.config.params
    params.shard_number = 2
    stub.shards = [[], ["Active", "Initializing"], ["Active", "Dead"], ["Active", "Active"]]
    settings.await_shards(Connection(client), "new", params)
    assert len(stub.shards) == 1
    monkeypatch.setattr(settings, "PLACED", 0.01)
    stub.shards = [["Active", "Dead"]]
    with pytest.raises(StoreUnavailableError, match=r"1 of whose 2 shards.*start all nodes"):
        settings.await_shards(Connection(client), "new", params)


def test_as_many_copies_as_a_write_needs(
    client: QdrantClient, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a write consistency of two, one active copy of a shard is not enough."""
    monkeypatch.setattr(settings, "PLACED", 0.01)
    monkeypatch.setattr(settings, "LOOK", 0.001)
    params = state(client).info.config.params
    params.shard_number, params.replication_factor = 1, 3
    stub.shards = [["Active"]]
    params.write_consistency_factor = 1
    settings.await_shards(Connection(client), "new", params)
    params.write_consistency_factor = 2
    with pytest.raises(StoreUnavailableError, match="0 of whose 1 shards"):
        settings.await_shards(Connection(client), "new", params)
