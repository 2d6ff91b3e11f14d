"""gRPC and REST must reach one server."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from qdrant_client import QdrantClient, models
from tests.support.stores import SCHEMA

from sensorium.errors import StoreUnavailableError
from sensorium.qdrant.client.connection import Connection
from sensorium.qdrant.client.schema import create_collection
from sensorium.qdrant.client.transports import check_transports

NAME = "sensorium-00000001"


class TwoServers(QdrantClient):
    """A client whose gRPC reaches one store, and its REST another."""

    def __init__(self, by_grpc: QdrantClient, by_rest: QdrantClient) -> None:
        self.__dict__.update(by_grpc.__dict__)
        given = {"url": "http://a", "location": None, "prefer_grpc": True, "grpc_port": 7000}
        self._init_options = {**by_grpc.init_options, **given}
        self._by_rest = by_rest

    def __del__(self) -> None:
        """Leave both stores open."""

    @property
    def http(self) -> Any:
        def get_collection(name: str) -> Any:
            return SimpleNamespace(result=self._by_rest.get_collection(name))

        return SimpleNamespace(collections_api=SimpleNamespace(get_collection=get_collection))

    def info(self) -> models.VersionInfo:
        return models.VersionInfo(title="qdrant", version="1.20.0")


def store() -> QdrantClient:
    client = QdrantClient(":memory:")
    create_collection(client, "sensorium", SCHEMA)
    return client


def test_one_server_behind_both_is_accepted() -> None:
    """It has the same collection, which has an identity of its own."""
    one = store()
    check_transports(Connection(TwoServers(one, one)), NAME)


def test_two_servers_are_told_apart_by_their_collections() -> None:
    """Also where these have the same name, schema and number of points."""
    one, other = store(), store()
    connection = Connection(TwoServers(one, other))
    with pytest.raises(StoreUnavailableError, match=r"gRPC port 7000 .* grpc_port="):
        check_transports(connection, NAME)
    with pytest.raises(StoreUnavailableError, match="7000"):
        connection.call(connection.client.count, NAME)  # it is asked nothing more


def test_rest_alone_needs_no_check() -> None:
    """Nothing is asked."""
    client = store()
    check_transports(Connection(client), "no such collection")
