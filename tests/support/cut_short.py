"""A Qdrant client that shows every request to a test first, which may end the process there."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from httpx import Headers
from qdrant_client import QdrantClient
from qdrant_client.http.exceptions import UnexpectedResponse
from qdrant_client.local.qdrant_local import QdrantLocal

REQUESTS = frozenset(
    {
        *("batch_update_points", "collection_exists", "count", "create_collection"),
        *("create_payload_index", "create_vector_name", "delete", "delete_collection", "facet"),
        *("get_aliases", "get_collection", "get_collections", "query_batch_points"),
        *("query_points", "retrieve", "scroll", "set_payload", "update_collection"),
        *("update_collection_aliases", "update_vectors", "upsert"),
    }
)


class Killed(BaseException):
    """The process ends; nothing that it would do afterwards is done."""


class WatchedClient(QdrantClient):
    """The points of another client, and a look at every request.

    Attributes:
        before: Called before each request with its number and its method's name.
        number: How many requests there were.
    """

    def __init__(
        self,
        client: QdrantClient,
        *,
        before: Callable[[int, str], None] | None = None,
    ) -> None:
        self.__dict__.update(client.__dict__)
        self.client = client  # which closes when it is collected
        self.before = before
        self.number = 0

    def __del__(self) -> None:
        """Leave the other client open."""

    def __getattribute__(self, name: str) -> Any:
        method = super().__getattribute__(name)
        if name not in REQUESTS:
            return method

        def asked(*args: Any, **kwargs: Any) -> Any:
            number = self.number
            self.number += 1
            if self.before is not None:
                self.before(number, name)
            return method(*args, **kwargs)

        return asked


@lru_cache
def _template() -> QdrantClient:
    return QdrantClient(":memory:")


def empty_client() -> QdrantClient:
    """A client without points, made faster than another `QdrantClient` would be."""
    client = WatchedClient(_template())
    client._client = QdrantLocal(":memory:")
    return client


def dying(client: QdrantClient, number: int) -> WatchedClient:
    """A client of a process that ends before its request of a number is carried out."""

    def end(now: int, _: str) -> None:
        if now >= number:
            raise Killed

    return WatchedClient(client, before=end)


def refusing(number: int) -> Callable[[int, str], None]:
    """A look at the requests that has the one of a number refused."""

    def refuse(now: int, name: str) -> None:
        if now == number:
            raise UnexpectedResponse(403, name, b"forbidden", Headers())

    return refuse


def renamed(client: QdrantClient, name: str) -> None:
    """Make a collection as earlier releases did: under the memory's name, with its schema alone."""
    (alias,) = [a for a in client.get_aliases().aliases if a.alias_name == name]
    old = client.get_collection(alias.collection_name)
    metadata = {"sensorium": (old.config.metadata or {})["sensorium"]}
    client.delete_collection(alias.collection_name)
    client.create_collection(name, vectors_config=old.config.params.vectors, metadata=metadata)
