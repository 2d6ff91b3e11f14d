"""A Qdrant server, a cluster, or a store in this process's memory, by way of `qdrant_client`."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Collection as AnyCollection
from collections.abc import Mapping, Sequence
from typing import Any

from qdrant_client import QdrantClient
from typing_extensions import Self

from sensorium.errors import StoreClosedError, StoreFormatError
from sensorium.qdrant.backend import Backend, Progress, Purged, Search
from sensorium.qdrant.client import purging, reading, writing
from sensorium.qdrant.client.collection import Collection
from sensorium.qdrant.client.connection import Connection, connect
from sensorium.qdrant.client.schema import add_modality, ensure_collection
from sensorium.qdrant.filters import Filter
from sensorium.qdrant.ownership import keys_with_owner, owned_points, taken_ids
from sensorium.qdrant.points import (
    Page,
    Payload,
    Point,
    Scored,
    StoredPoint,
    Vectors,
    check_payload,
)
from sensorium.qdrant.schema import CollectionSchema

COLLECTION = "sensorium"
TIMEOUT = 30  # seconds for one request


class ClientBackend(Backend):
    """A collection that is reached through a `QdrantClient`.

    The methods are those of `Backend`, documented there.
    """

    def __init__(
        self,
        client: QdrantClient,
        *,
        schema: CollectionSchema,
        collection: str = COLLECTION,
        owned: bool = False,
    ) -> None:
        """Open a collection, or make it.

        Args:
            client: A client of any kind: of a server, of a cluster, `QdrantClient(":memory:")`.
            schema: Layout of a new collection. An existing one must have the same space;
                modalities it lacks are added.
            collection: Name of the collection.
            owned: Whether the client is closed with this backend.
        Raises:
            SpaceMismatchError: The collection holds vectors of another space.
            SchemaVersionError: The collection was made with another version of the layout.
            StoreFormatError: Sensorium did not make the collection.
            StoreUnavailableError: The server cannot be reached, or refused.
        """
        stored = ensure_collection(client, collection, schema)
        self._collection = Collection(Connection(client), collection, stored)
        self._owned = owned
        self._is_open = True

    @classmethod
    def open(
        cls,
        place: str | QdrantClient,
        *,
        schema: CollectionSchema,
        collection: str = COLLECTION,
        api_key: str | None = None,
        prefer_grpc: bool = False,
        timeout: int = TIMEOUT,
    ) -> ClientBackend:
        """Open a collection by the URL of its server.

        Args:
            place: `"http://localhost:6333"`, `":memory:"`, or a client, which stays open at close.
            schema: Layout of a new collection; see the constructor.
            collection: Name of the collection.
            api_key: Key of the server; by default that of the environment variable QDRANT_API_KEY.
            prefer_grpc: Whether to speak gRPC (port 6334) rather than REST.
            timeout: Seconds for one request.
        Raises:
            SpaceMismatchError: The collection holds vectors of another space.
            SchemaVersionError: The collection was made with another version of the layout.
            StoreFormatError: Sensorium did not make the collection, or `place` is of another type.
            StoreUnavailableError: `place` is no URL, or the server cannot be reached, or refused.
        """
        if isinstance(place, QdrantClient):
            return cls(place, schema=schema, collection=collection)
        if not isinstance(place, str):
            raise StoreFormatError(
                f"{place!r} as the place of a collection",
                'the URL of a server, ":memory:", or a QdrantClient',
                'write "http://localhost:6333"',
            )
        client = connect(place, api_key=api_key, prefer_grpc=prefer_grpc, timeout=timeout)
        try:
            return cls(client, schema=schema, collection=collection, owned=True)
        except BaseException:
            client.close()
            raise

    def __repr__(self) -> str:
        place = self._collection.connection.place
        return f"ClientBackend({place!r}, collection={self.collection!r})"

    @property
    def collection(self) -> str:
        """Name of the collection."""
        return self._collection.name

    @property
    def schema(self) -> CollectionSchema:
        return self._collection.schema

    def upsert(self, points: Sequence[Point]) -> None:
        """Write whole points, replacing those of the same id.

        Many points make several requests, each of which is written whole or not at all.

        Raises:
            PointError: Vectors or a payload that cannot be stored; nothing is written then.
        """
        writing.upsert(self._opened(), points)

    def put_vectors(self, point_id: str, vectors: Mapping[str, Vectors]) -> None:
        writing.put_vectors(self._opened(), point_id, vectors)

    def set_payload(
        self, filter: Filter, payload: Payload, *, clear: AnyCollection[str] = ()
    ) -> None:
        check_payload(payload)
        writing.set_payload(self._opened(), filter, payload, list(clear))

    def delete(self, filter: Filter) -> None:
        writing.delete(self._opened(), filter)

    def retrieve(
        self,
        ids: Sequence[str],
        *,
        owner: str,
        payload: bool | Sequence[str],
        vectors: bool | Sequence[str],
    ) -> list[StoredPoint]:
        points = reading.read_points(self._opened(), ids, keys_with_owner(payload), vectors)
        return owned_points(points, owner, payload)

    def occupied(
        self, ids: Sequence[str], *, owner: str, payload: bool | Sequence[str]
    ) -> tuple[list[StoredPoint], set[str]]:
        points = reading.read_points(self._opened(), ids, keys_with_owner(payload), False)
        taken = taken_ids(points, owner)
        return owned_points(points, owner, payload), taken

    def search(self, searches: Sequence[Search], filter: Filter) -> list[list[Scored]]:
        return reading.search(self._opened(), searches, filter)

    def search_text(self, text: str, filter: Filter, *, limit: int) -> list[Scored]:
        return reading.search_text(self._opened(), text, filter, limit)

    def scroll(
        self,
        filter: Filter,
        *,
        limit: int,
        newest_first: bool | None = None,
        cursor: str | None = None,
        payload: bool | Sequence[str] = True,
        vectors: bool | Sequence[str] = False,
    ) -> Page:
        return reading.scroll(
            self._opened(),
            filter,
            limit=limit,
            newest_first=newest_first,
            cursor=cursor,
            payload=payload,
            vectors=vectors,
        )

    def sample(
        self,
        modality: str,
        filter: Filter,
        *,
        limit: int,
        payload: bool | Sequence[str] = False,
        vectors: bool = True,
    ) -> list[StoredPoint]:
        return reading.sample(
            self._opened(), modality, filter, limit=limit, payload=payload, vectors=vectors
        )

    def count(self, filter: Filter) -> int:
        return reading.count(self._opened(), filter)

    def facet(self, key: str, filter: Filter, *, limit: int) -> dict[str, int]:
        return reading.facet(self._opened(), key, filter, limit)

    def add_modality(self, name: str) -> None:
        collection = self._opened()
        # The schema is read again: another process may have added a modality since
        schema = add_modality(collection.client, collection.name, name)
        self._collection = dataclasses.replace(collection, schema=schema)

    def flush(self) -> None:
        """Do nothing: a server writes its log before it answers."""
        self._opened()

    def compact(self) -> bool:
        """Do nothing: a server indexes in the background, when there is enough to index."""
        self._opened()
        return False

    def check_purge(self, *, removed: int) -> None:
        """Do nothing: a server does not say how much room it has."""
        self._opened()

    def purge(self, *, progress: Progress | None = None) -> Purged:
        """Ask a server to rewrite the segments that hold removed points, and wait for a minute.

        What that leaves, and what a client cannot know, is said in the result.
        """
        return purging.purge(self._opened())

    def sibling(self, schema: CollectionSchema) -> Self:
        collection = self._opened()
        name = f"{collection.name}-{secrets.token_hex(4)}"
        return type(self)(collection.client, schema=schema, collection=name)

    def switch(self, sibling: Self, /) -> Self:
        """Give this collection's name to a sibling, for everybody who opens it; return the sibling.

        The name becomes an alias; this collection is removed.
        """
        collection = self._opened()
        writing.give_name(sibling._opened(), collection.name)
        sibling._take_over(collection.name, owned=self._owned)
        self._owned = self._is_open = False
        return sibling

    def _take_over(self, name: str, *, owned: bool) -> None:
        """Go by another name, and own the client if its owner has ended."""
        self._collection = dataclasses.replace(self._collection, name=name)
        self._owned = owned

    def discard(self) -> None:
        collection = self._opened()
        collection.call(collection.client.delete_collection, collection.name)
        self._is_open = False

    def stats(self) -> dict[str, Any]:
        collection = self._opened()
        return {
            "kind": "memory" if collection.connection.local else "server",
            "place": collection.connection.place,
            "collection": collection.name,
            "space": collection.schema.space.id,
            "modalities": list(collection.schema.modalities),
            "points": reading.count(collection, None),
        }

    def close(self) -> None:
        """Close the client if this backend owns it; the second call does nothing."""
        if self._is_open and self._owned:
            self._collection.client.close()
        self._is_open = False

    def _opened(self) -> Collection:
        """Return the collection.

        Raises:
            StoreClosedError: The backend was closed.
        """
        if not self._is_open:
            raise StoreClosedError(
                f"{self!r} after close()",
                "an open one",
                "open it again, and use it within its with block",
            )
        return self._collection
