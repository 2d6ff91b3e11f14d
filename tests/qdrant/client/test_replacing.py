"""Replacing a collection on a cluster: no node acknowledges what the new one would not have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from uuid import uuid4

import pytest
from tests.support.cluster import Cluster
from tests.support.stubbed import SCHEMA, SPACE

from sensorium.errors import StoreLockedError, StoreUnavailableError
from sensorium.qdrant.client import backend as backends
from sensorium.qdrant.client import replacing
from sensorium.qdrant.client.backend import ClientBackend
from sensorium.qdrant.filters import Filter
from sensorium.qdrant.points import Point
from sensorium.qdrant.schema import CollectionSchema

OTHER = CollectionSchema.for_space(replace(SPACE, model="other"), modalities=SCHEMA.modalities)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setattr(replacing, "NOTICE", 0.0)
    monkeypatch.setattr(backends, "PATIENCE", 0.0)
    cluster = Cluster()
    with closing(cluster.client):
        yield cluster


def opened(cluster: Cluster, *, late: bool = False) -> ClientBackend:
    return ClientBackend.open(cluster.node(late=late), schema=SCHEMA)


def point() -> Point:
    return Point(str(uuid4()), {}, {"owner": "rex"})


def test_a_node_that_hears_late_acknowledges_nothing_more(cluster: Cluster) -> None:
    """A collection takes no more writes, by whichever node, before its last points are copied."""
    first, late = opened(cluster), opened(cluster, late=True)
    sibling = first.sibling(OTHER)
    late.upsert([point()])
    first.seal(sibling)
    with pytest.raises(StoreLockedError):
        late.upsert([point()])
    sibling.discard()


def test_a_node_that_does_not_hear_in_time_ends_it(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Better no other encoder than a memory that was acknowledged and is not copied."""
    first = opened(cluster)
    sibling = first.sibling(OTHER)
    monkeypatch.setattr(replacing, "HEARD", 0)
    with pytest.raises(StoreUnavailableError, match="nothing was changed"):
        first.seal(sibling)
    sibling.discard()
    first.upsert([point()])
    assert first.count(Filter("rex")) == 1
    assert [found.name for found in cluster.client.get_collections().collections] == [
        "sensorium-00000001"
    ]


def test_waiting_for_the_nodes_leaves_no_alias(cluster: Cluster) -> None:
    """The name of the memory is the only one, before and after."""
    first = opened(cluster)
    first.switch(first.sibling(OTHER))
    (alias,) = cluster.client.get_aliases().aliases
    assert alias.alias_name == "sensorium"
