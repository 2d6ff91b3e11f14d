"""The name of a memory and the collection behind it: found, completed, never guessed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from qdrant_client import QdrantClient, models
from tests.support.cut_short import WatchedClient
from tests.support.stubbed import SCHEMA, SPACE

from sensorium.errors import SpaceMismatchError, StoreFormatError, StoreLockedError
from sensorium.qdrant.client.backend import ClientBackend
from sensorium.qdrant.client.claim import Claim
from sensorium.qdrant.client.connection import Connection
from sensorium.qdrant.client.naming import give_name
from sensorium.qdrant.client.schema import create_collection
from sensorium.qdrant.client.state import (
    BUILDER,
    PREDECESSOR,
    SUCCESSOR,
    Successor,
    write_metadata,
)
from sensorium.qdrant.filters import Filter
from sensorium.qdrant.points import Point
from sensorium.qdrant.schema import CollectionSchema

OTHER = CollectionSchema.for_space(replace(SPACE, model="other"), modalities=SCHEMA.modalities)
REX = Filter("rex")


@pytest.fixture
def client() -> Iterator[QdrantClient]:
    opened = QdrantClient(":memory:")
    yield opened
    opened.close()


def written(client: QdrantClient, name: str = "mine") -> ClientBackend:
    backend = ClientBackend.open(client, schema=SCHEMA, collection=name)
    backend.upsert([Point(str(uuid4()), {}, {"owner": "rex"})])
    return backend


def collections(client: QdrantClient) -> set[str]:
    return {collection.name for collection in client.get_collections().collections}


def as_earlier(client: QdrantClient, name: str) -> None:
    """A collection with a point, as earlier releases made it."""
    client.create_collection(name, vectors_config={}, metadata={"sensorium": SCHEMA.to_dict()})
    client.upsert(name, [models.PointStruct(id=1, vector={}, payload={"owner": "rex"})])


def foreign(claim: Claim, *, seen: str) -> Claim:
    """The claim of a process on another machine."""
    return replace(claim, machine="elsewhere", host="robot", seen=seen)


def test_the_name_is_an_alias(client: QdrantClient) -> None:
    """Other programs read and write by the name of the memory."""
    backend = written(client)
    assert collections(client) == {"mine-00000001"}
    assert backend.collection == "mine"
    assert client.count("mine").count == 1
    client.upsert("mine", [models.PointStruct(id=1, vector={}, payload={"owner": "rex"})])
    assert backend.count(REX) == 2


def test_a_collection_of_the_bare_name_opens(client: QdrantClient) -> None:
    """As earlier releases made them: its points are there, and it keeps its name."""
    as_earlier(client, "mine")
    assert written(client).count(REX) == 2
    assert collections(client) == {"mine"}


def test_two_that_begin_at_once_share_one_collection(client: QdrantClient) -> None:
    """The second finds that the first was quicker, even between its look and its request."""
    create_collection(client, "mine", SCHEMA)
    with pytest.raises(StoreFormatError, match="there already"):
        create_collection(client, "mine", SCHEMA)
    client.delete_collection("mine-00000001")
    create_collection(client, "mine", SCHEMA)
    alias = models.DeleteAlias(alias_name="mine")  # the first has not yet come to its last request
    client.update_collection_aliases([models.DeleteAliasOperation(delete_alias=alias)])
    assert written(client).count(REX) == 1
    assert collections(client) == {"mine-00000001"}


def test_what_an_earlier_release_left_without_a_name_is_found(
    client: QdrantClient, caplog: pytest.LogCaptureFixture
) -> None:
    """It deleted the collection and died before the alias: the points are in its sibling alone."""
    as_earlier(client, "mine-193afae8")
    with caplog.at_level(logging.WARNING):
        assert written(client).count(REX) == 2
    assert "mine-193afae8" in caplog.text
    assert collections(client) == {"mine-193afae8"}


def test_what_is_only_read_is_found_and_left_without_a_name(client: QdrantClient) -> None:
    """A reader is answered in the moment in which the name has nothing, and writes nothing."""
    as_earlier(client, "mine-193afae8")
    reader = ClientBackend.open(client, schema=SCHEMA, collection="mine", begin=False)
    assert reader.count(REX) == 1
    assert not client.get_aliases().aliases
    as_earlier(client, "mine-293afae8")
    with pytest.raises(StoreFormatError, match=r"mine-193afae8.*mine-293afae8.*alias"):
        ClientBackend.open(client, schema=SCHEMA, collection="mine", begin=False)


def test_a_reader_follows_without_writing(client: QdrantClient) -> None:
    """It may have a key that lets it read only; what is left to be cleared, writers clear."""
    backend = written(client)
    watched = WatchedClient(client)
    reader = ClientBackend.open(watched, schema=SCHEMA, collection="mine", begin=False)
    backend.switch(backend.sibling(SCHEMA))
    (name,) = collections(client)
    mark = {"collection": "mine-00000001"}  # as a death before the last request leaves it
    write_metadata(Connection(client), name, **{PREDECESSOR: mark})
    asked: list[str] = []
    watched.before = lambda _, request: asked.append(request)
    assert reader.count(REX) == 0
    assert not {"update_collection", "delete_collection", "update_collection_aliases"} & {*asked}


@pytest.mark.parametrize("begin", [True, False])
def test_a_name_that_changes_while_it_is_looked_up(
    client: QdrantClient, begin: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The collection is gone between two requests: what the name stands for now is opened."""
    backend = written(client)

    def replaced(_: int, request: str) -> None:
        if request == "get_collection" and watched.before is not None:
            watched.before = None
            backend.switch(backend.sibling(SCHEMA))

    watched = WatchedClient(client, before=replaced)
    with caplog.at_level(logging.WARNING):
        again = ClientBackend.open(watched, schema=SCHEMA, collection="mine", begin=begin)
    assert again.count(REX) == 0
    assert not caplog.messages


def test_between_two_collections_nothing_is_guessed(client: QdrantClient) -> None:
    """Both are named, and no empty memory is begun beside them."""
    for name in ("mine-193afae8", "mine-293afae8"):
        as_earlier(client, name)
    with pytest.raises(StoreFormatError, match=r"mine-193afae8.*mine-293afae8.*alias"):
        ClientBackend.open(client, schema=SCHEMA, collection="mine")
    assert len(collections(client)) == 2


def test_other_names_are_not_ours(client: QdrantClient) -> None:
    """A memory called alike, and another program's collection, are left alone."""
    written(client, "mine-too")
    client.create_collection("mine-00000002", vectors_config={})
    fresh = ClientBackend.open(client, schema=SCHEMA, collection="mine")
    assert fresh.count(REX) == 0
    fresh.switch(fresh.sibling(OTHER))
    assert {"mine-too-00000001", "mine-00000002"} < collections(client)


@pytest.mark.parametrize("seen", ["2999-01-01T00:00:00.000000Z", "2001-01-01T00:00:00.000000Z"])
def test_a_sibling_is_removed_only_when_its_process_is_dead(
    client: QdrantClient, seen: str
) -> None:
    """Of a process elsewhere, its last sign of life decides."""
    backend = written(client)
    sibling = backend.sibling(OTHER)
    (name,) = collections(client) - {"mine-00000001"}
    claim = foreign(Claim.begin(), seen=seen)
    mark = Successor(name, claim, sealed=True).to_dict()
    write_metadata(Connection(client), name, **{BUILDER: claim.to_dict()})
    write_metadata(Connection(client), "mine-00000001", **{SUCCESSOR: mark})
    again = ClientBackend.open(client, schema=SCHEMA, collection="mine")
    alive = seen.startswith("2999")
    assert (name in collections(client)) == alive
    assert again.count(REX) == 1
    if alive:
        with pytest.raises(StoreLockedError, match="on robot"):
            again.sibling(OTHER)
        with pytest.raises(StoreLockedError, match="be lost"):
            again.upsert([Point(str(uuid4()), {}, {"owner": "rex"})])
    else:
        again.upsert([Point(str(uuid4()), {}, {"owner": "rex"})])
        with pytest.raises(StoreLockedError, match="the memory is as it was"):
            sibling.upsert([Point(str(uuid4()), {}, {"owner": "rex"})])


def test_whoever_was_thought_dead_cannot_switch(client: QdrantClient) -> None:
    """Its sibling is gone, and the collection goes on."""
    backend = written(client)
    sibling = backend.sibling(OTHER)
    (name,) = collections(client) - {"mine-00000001"}
    client.delete_collection(name)
    write_metadata(Connection(client), "mine-00000001", **{SUCCESSOR: None})
    with pytest.raises(StoreLockedError, match="another process"):
        backend.switch(sibling)
    assert ClientBackend.open(client, schema=SCHEMA, collection="mine").count(REX) == 1


def test_a_restored_copy_touches_nothing_else(client: QdrantClient) -> None:
    """A snapshot restored under another name is a memory of its own, whatever its marks say."""
    backend = written(client)
    sibling = backend.sibling(SCHEMA)
    copied = client.get_collection("mine-00000001").config.metadata
    sibling.discard()
    client.create_collection("copy", vectors_config={}, metadata=copied)
    copy = ClientBackend.open(client, schema=SCHEMA, collection="copy")
    moved = copy.switch(copy.sibling(OTHER))
    assert moved.count(REX) == 0
    assert backend.count(REX) == 1


def test_a_name_may_be_given_by_hand(client: QdrantClient) -> None:
    """An alias that somebody moves to another collection of another space is noticed."""
    backend = written(client)
    create_collection(client, "new", OTHER)
    give_name(Connection(client), "mine", "new-00000001")
    assert backend.count(REX) == 1  # it is addressed by its own name
    with pytest.raises(SpaceMismatchError):
        ClientBackend.open(client, schema=SCHEMA, collection="mine")
    client.delete_collection("mine-00000001")
    with pytest.raises(SpaceMismatchError):
        backend.count(REX)
