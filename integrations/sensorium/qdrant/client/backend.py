"""A Qdrant server, a cluster, or a store in this process's memory, by way of `qdrant_client`."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from qdrant_client import QdrantClient, models
from typing_extensions import Self

from sensorium.errors import StoreFormatError
from sensorium.qdrant.client.connection import connect
from sensorium.qdrant.client.filters import translated
from sensorium.qdrant.client.points import (
    GRPC_NUMBER,
    JSON_NUMBER,
    check_writable,
    named,
    requests,
    struct,
)
from sensorium.qdrant.client.reading import ClientReader
from sensorium.qdrant.client.schema import add_modality, ensure_collection, read_schema
from sensorium.qdrant.filters import Filter
from sensorium.qdrant.points import Payload, Point, Vectors, check_payload
from sensorium.qdrant.schema import CollectionSchema

COLLECTION = "sensorium"
TIMEOUT = 30  # seconds for one request
CHANGED = 1_000  # points whose payload is changed in one request


class ClientBackend(ClientReader):
    """A collection that is reached through a `QdrantClient`. May be used from several threads."""

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
            client: Of any kind: a server, a cluster, `QdrantClient(":memory:")`.
            schema: What the collection must be, or becomes; modalities it lacks are added.
            collection: Its name.
            owned: Whether the client is closed with this backend.
        Raises:
            SpaceMismatchError: It holds vectors of another space.
            SchemaVersionError: It was made by another version of the layout.
            StoreFormatError: It was not made by Sensorium.
            StoreUnavailableError: The server cannot be reached, or refused.
        """
        super().__init__(client, collection, ensure_collection(client, collection, schema))
        self._owned = owned

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
            schema: What the collection must be, or becomes; modalities it lacks are added.
            collection: Its name.
            api_key: By default the environment variable QDRANT_API_KEY, if it is set.
            prefer_grpc: Speak gRPC (port 6334) rather than REST.
            timeout: Seconds for one request.
        Raises:
            StoreError: As the constructor, and for what is no URL.
        """
        if isinstance(place, QdrantClient):
            return cls(place, schema=schema, collection=collection)
        if not isinstance(place, str):
            raise StoreFormatError(
                f"{place!r} as the place of a collection"[:200],
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
        return f"ClientBackend({self._connection.place!r}, collection={self.collection!r})"

    def upsert(self, points: Sequence[Point]) -> None:
        """Write whole points, replacing those of the same id.

        Many points make several requests, each of which is written whole or not at all.

        Raises:
            PointError: Vectors or a payload that cannot be stored; nothing is written then.
        """
        self._check_open()
        check_writable(points, self._schema)
        for run in requests(points, number=self._number()):
            self._call(self._client.upsert, self.collection, [struct(point) for point in run])

    def put_vectors(self, point_id: str, vectors: Mapping[str, Vectors]) -> None:
        """Write some modalities of a point; its others stay.

        Raises:
            PointError: Vectors that cannot be stored.
            StoreError: There is no such point.
        """
        self._check_open()
        point = Point(point_id, vectors, {})
        check_writable([point], self._schema)
        requests([point], number=self._number())  # is it small enough?
        change = models.PointVectors(id=point_id, vector=named(vectors))
        self._call(self._client.update_vectors, self.collection, [change])

    def set_payload(self, filter: Filter, payload: Payload, *, clear: Collection[str] = ()) -> None:
        """Write top-level keys of every point a filter means, and remove those in `clear`.

        Raises:
            PointError: A payload that is not JSON.
        """
        check_payload(payload)
        cursor: str | None = None
        while True:
            # By id: a filter may mean other points once the first key is changed
            page = self.scroll(filter, limit=CHANGED, cursor=cursor, payload=False)
            self._change([point.id for point in page.points], payload, list(clear))
            cursor = page.cursor
            if cursor is None:
                return

    def _change(self, ids: list[str], payload: Payload, clear: list[str]) -> None:
        changes: list[models.UpdateOperation] = []
        points: list[models.ExtendedPointId] = [*ids]
        if ids and payload:
            written = models.SetPayload(payload=payload, points=points)
            changes.append(models.SetPayloadOperation(set_payload=written))
        if ids and clear:
            removed = models.DeletePayload(keys=clear, points=points)
            changes.append(models.DeletePayloadOperation(delete_payload=removed))
        if changes:
            self._call(self._client.batch_update_points, self.collection, changes)

    def delete(self, filter: Filter) -> None:
        """Remove the points a filter means."""
        meant = models.FilterSelector(filter=translated(filter))
        self._call(self._client.delete, self.collection, meant)

    def add_modality(self, name: str) -> None:
        """Add a named vector to the collection; nothing happens if it is there."""
        self._check_open()
        # Another process may have added some since
        current = read_schema(self._client, self.collection) or self._schema
        self._schema = add_modality(self._client, self.collection, current, name)

    def flush(self) -> None:
        """Do nothing: a server writes its log before it answers."""
        self._check_open()

    def compact(self) -> bool:
        """Do nothing: a server indexes in the background, when there is enough to index."""
        self._check_open()
        return False

    def sibling(self, schema: CollectionSchema) -> Self:
        """Begin another collection beside this one, under a name of its own.

        Raises:
            StoreError: As opening a collection.
        """
        name = f"{self.collection}-{secrets.token_hex(4)}"
        return type(self)(self._client, schema=schema, collection=name)

    def switch(self, sibling: Self, /) -> Self:
        """Give this collection's name to a sibling, for everybody who opens it; return it.

        The name becomes an alias; this collection is removed.
        """
        self._check_open()
        aliases = self._call(self._client.get_aliases).aliases
        old = {one.alias_name: one.collection_name for one in aliases}.get(self.collection)
        pointed = models.CreateAlias(collection_name=sibling.collection, alias_name=self.collection)
        operations: list[Any] = [models.CreateAliasOperation(create_alias=pointed)]
        if old is None:  # a collection of that very name: it must go before the alias can come
            self._call(self._client.delete_collection, self.collection)
        else:
            dropped = models.DeleteAlias(alias_name=self.collection)
            operations.insert(0, models.DeleteAliasOperation(delete_alias=dropped))
        self._call(self._client.update_collection_aliases, operations)
        if old is not None:
            self._call(self._client.delete_collection, old)
        sibling.collection = self.collection
        sibling._owned, self._owned = self._owned, False
        self._open = False
        return sibling

    def discard(self) -> None:
        """Remove the collection of a sibling that is not wanted any more."""
        self._call(self._client.delete_collection, self.collection)
        self._open = False

    def stats(self) -> dict[str, Any]:
        """Describe the store itself: kind, place, collection, points of all owners."""
        points = self._call(self._client.count, self.collection, exact=True).count
        return {
            "kind": "memory" if self._connection.local else "server",
            "place": self._connection.place,
            "collection": self.collection,
            "space": self._schema.space.id,
            "modalities": list(self._schema.modalities),
            "points": points,
        }

    def close(self) -> None:
        """Release the client if it is ours; nothing happens the second time."""
        if self._open and self._owned:
            self._client.close()
        self._open = False

    def _number(self) -> int:
        """Return the bytes that one number of a vector takes in a request."""
        return GRPC_NUMBER if self._client.init_options["prefer_grpc"] else JSON_NUMBER
