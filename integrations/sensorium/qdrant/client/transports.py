"""Checking that gRPC and REST reach the same server."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import grpc  # type: ignore[import-untyped] # it has no types of its own
from qdrant_client import QdrantClient
from qdrant_client.http.exceptions import UnexpectedResponse

from sensorium.errors import StoreUnavailableError
from sensorium.qdrant.client.connection import Connection
from sensorium.qdrant.client.failures import ABSENT
from sensorium.qdrant.client.state import ITSELF
from sensorium.qdrant.schema import METADATA

Metadata = dict[str, Any]


def check_transports(connection: Connection, collection: str) -> None:
    """Have each node checked, before it is asked, for gRPC and REST that reach one server.

    A `QdrantClient` asks by gRPC on a port of its own; behind another port there may be another
    server, or another program.

    Args:
        connection: The server.
        collection: Name of a collection that was found by gRPC.
    Raises:
        StoreUnavailableError: REST finds another one of that name, or none.
    """
    if not connection.local and connection.client.init_options["prefer_grpc"]:
        connection.check_nodes(partial(_compare, collection))


def _compare(collection: str, client: QdrantClient) -> None:
    if not client.init_options["prefer_grpc"]:  # one of a forked child
        return
    by_grpc = _identity(lambda: client.get_collection(collection))
    by_rest = _identity(lambda: client.http.collections_api.get_collection(collection).result)
    if by_grpc != by_rest:
        port = client.init_options["grpc_port"]
        raise StoreUnavailableError(
            f"{client.init_options['url']}, behind whose gRPC port {port} there is another "
            f"collection {collection!r} than behind its URL",
            "one server behind both",
            "name the port of its gRPC, grpc_port=, or leave prefer_grpc out",
        )


def _identity(read: Callable[[], Any]) -> Metadata | None:
    """Return what tells a collection from others of its name; `None` if there is none."""
    try:
        metadata = read().config.metadata or {}
    except UnexpectedResponse as error:
        if error.status_code == ABSENT:
            return None
        raise
    except grpc.RpcError as error:
        if isinstance(error, grpc.Call) and error.code() == grpc.StatusCode.NOT_FOUND:
            return None
        raise
    return {key: metadata.get(key) for key in (METADATA, ITSELF)}
