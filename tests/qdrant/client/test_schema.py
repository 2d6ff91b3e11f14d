"""A collection on a server is made as its schema says, completed and widened."""

from __future__ import annotations

import pytest
from qdrant_client import QdrantClient
from tests.support.qdrant_stub import Stub, serving
from tests.support.stubbed import SCHEMA, SPACE, D, described

from sensorium.errors import (
    StoreError,
    StoreFormatError,
)
from sensorium.qdrant.client.backend import ClientBackend
from sensorium.qdrant.client.schema import add_modality, create_collection
from sensorium.qdrant.schema import AXES, FRAME, KEYWORDS, PLACE, TIMES, CollectionSchema

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def test_a_collection_is_made_as_the_schema_says() -> None:
    """Named vectors, quantization, cluster settings, metadata, and every payload index."""
    schema = CollectionSchema.for_space(
        SPACE,
        modalities=["image", "audio"],
        quantization="int8",
        on_disk=True,
        shard_number=6,
        replication_factor=2,
        write_consistency_factor=2,
    )
    with serving(Stub(made=described(schema))) as stub:
        client = QdrantClient(url=stub.url, check_compatibility=False)
        create_collection(client, "mine", schema)
        client.close()
    (made,) = [asked.body for asked in stub.asked if asked.line == "PUT /collections/mine-00000001"]
    vector = {"size": D, "distance": "Cosine", "datatype": "float16", "on_disk": True}
    rows = {**vector, "multivector_config": {"comparator": "max_sim"}}
    assert made["vectors"] == {"image": vector, "audio": rows}
    assert made["quantization_config"] == {"scalar": {"type": "int8", "always_ram": True}}
    assert made["hnsw_config"] == {"m": 16, "payload_m": 16}
    assert (made["shard_number"], made["replication_factor"]) == (6, 2)
    assert made["write_consistency_factor"] == 2
    identity = made["metadata"]["sensorium_collection"]["identity"]  # random
    itself = {"name": "mine", "collection": "mine-00000001", "identity": identity}
    assert made["metadata"] == {"sensorium": schema.to_dict(), "sensorium_collection": itself}
    (named,) = [a.body for a in stub.asked if a.line == "POST /collections/aliases"]
    alias = {"collection_name": "mine-00000001", "alias_name": "mine"}
    assert named["actions"] == [{"create_alias": alias}]


def test_indexes_that_are_missing_are_made_at_opening(stub: Stub) -> None:
    """A collection that was left half made is completed; the owner's index is a tenant's."""
    ClientBackend.open(stub.url, schema=SCHEMA).close()
    made = {a.body["field_name"]: a.body["field_schema"] for a in stub.asked if "/index" in a.line}
    assert set(made) == {"owner", "page_content", PLACE, FRAME, *AXES, *KEYWORDS, *TIMES}
    assert made[PLACE]["type"] == "geo"
    assert made["owner"] == {"type": "keyword", "is_tenant": True}
    assert made["page_content"]["scoring"]


def test_modalities_that_others_added_stay() -> None:
    """Two who have a collection open add one each: it has both."""
    client = QdrantClient(":memory:")
    one, two = (ClientBackend.open(client, schema=SCHEMA) for _ in range(2))
    one.add_modality("smell")
    two.add_modality("taste")
    again = ClientBackend.open(client, schema=SCHEMA)
    assert again.schema.modalities == ("audio", "image", "smell", "taste")
    client.close()


def test_a_modality_is_added_with_a_client_alone() -> None:
    """One call, of a schema that is read from the collection; a second changes nothing."""
    client = QdrantClient(":memory:")
    create_collection(client, "mine", SCHEMA)
    for _ in range(2):
        wider = add_modality(client, "mine", "smell")
        assert wider == SCHEMA.with_modality("smell")
    vectors = client.get_collection("mine").config.params.vectors
    assert isinstance(vectors, dict)
    assert set(vectors) == {*wider.modalities}
    assert ClientBackend.open(client, schema=SCHEMA, collection="mine").schema == wider
    with pytest.raises(StoreFormatError, match="not there"):
        add_modality(client, "nobody's", "smell")
    with pytest.raises(StoreFormatError, match="plain name"):
        add_modality(client, "mine", "a smell")
    client.close()


def test_a_strangers_collection_is_left_alone() -> None:
    """One that Sensorium did not make is not opened, and one that is there is not made again."""
    client = QdrantClient(":memory:")
    client.create_collection("theirs", vectors_config={}, metadata={"a": 1})
    with pytest.raises(StoreError, match="did not make"):
        ClientBackend.open(client, schema=SCHEMA, collection="theirs")
    with pytest.raises(StoreError, match="already"):
        create_collection(client, "theirs", SCHEMA)
    assert client.get_collection("theirs").config.metadata == {"a": 1}
    client.close()
