"""A Qdrant server, a cluster, or a store in this process's memory, by way of `qdrant_client`."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Collection as AnyCollection
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Concatenate, TypeVar

from qdrant_client import QdrantClient
from typing_extensions import ParamSpec, Self

from sensorium.errors import (
    StoreError,
    StoreFormatError,
    StoreLockedError,
    show,
)
from sensorium.qdrant.backend import Backend, Progress, Purged, Search, closed
from sensorium.qdrant.client import purging, reading, writing
from sensorium.qdrant.client.collection import Collection
from sensorium.qdrant.client.connecting import GRPC_PORT, connect
from sensorium.qdrant.client.connection import TIMEOUT, CollectionMissingError, Connection
from sensorium.qdrant.client.naming import find_collection, look_up_collection
from sensorium.qdrant.client.replacing import Replacement
from sensorium.qdrant.client.schema import (
    add_modality,
    ensure_collection,
    existing_collection,
)
from sensorium.qdrant.client.state import CollectionState, place_of
from sensorium.qdrant.filters import Filter, Shared
from sensorium.qdrant.ownership import check_own, keys_with_owner, owned_points, taken_ids
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
PATIENCE = 10.0  # seconds for which a write waits for a collection that is being replaced
POLL = 0.2  # seconds between two looks at it

P = ParamSpec("P")
R = TypeVar("R")


class ClientBackend(Backend):
    """A collection that is reached through a `QdrantClient`.

    The methods are those of `Backend`, documented there. Another process may re-embed the
    collection meanwhile. Where the space stays the same, this backend goes on with the new one;
    else every method raises `SpaceMismatchError`. What is written while it changes is in the new
    collection, or the writing method raises `StoreLockedError` or `SpaceMismatchError`.
    """

    def __init__(
        self,
        client: QdrantClient | Connection,
        *,
        schema: CollectionSchema,
        collection: str = COLLECTION,
        owned: bool = False,
        begin: bool = True,
    ) -> None:
        """Open a collection, or make it.

        Args:
            client: A client of any kind, of a server, of a cluster or `QdrantClient(":memory:")`;
                or a connection of several.
            schema: Layout of a new collection. An existing one must have the same space;
                modalities it lacks are added.
            collection: Name of the collection.
            owned: Whether the client is closed with this backend.
            begin: Whether a missing collection is made, and what an existing one lacks is added;
                otherwise nothing is written, and a missing one is an error.
        Raises:
            SpaceMismatchError: The collection holds vectors of another space.
            SchemaVersionError: The collection was made with another version of the layout.
            StoreFormatError: Sensorium did not make the collection.
            StoreLockedError: There is only a collection that another process is filling.
            StoreUnavailableError: The server cannot be reached, or refused.
        """
        reach = ensure_collection if begin else existing_collection
        self._use(reach(client, collection, schema), collection, owned=owned)
        if not begin:
            self._find = look_up_collection

    def _use(self, collection: Collection, name: str, *, owned: bool) -> None:
        self._find = find_collection
        self._collection = collection
        self._name = name
        self._owned = owned
        self._is_open = True
        self._replacement: Replacement | None = None

    @classmethod
    def open(
        cls,
        place: str | Sequence[str] | QdrantClient,
        *,
        schema: CollectionSchema,
        collection: str = COLLECTION,
        api_key: str | None = None,
        prefer_grpc: bool = False,
        grpc_port: int | Sequence[int] = GRPC_PORT,
        timeout: float = TIMEOUT,
        begin: bool = True,
    ) -> ClientBackend:
        """Open a collection by the URL of its server.

        Args:
            place: `"http://localhost:6333"`, the URLs of several nodes of one cluster, which are
                asked in turn, `":memory:"`, or a client, which stays open at close.
            schema: Layout of a new collection; see the constructor.
            collection: Name of the collection.
            api_key: Key of the server; by default that of the environment variable QDRANT_API_KEY.
            prefer_grpc: Whether to speak gRPC rather than REST.
            grpc_port: Port of gRPC; one for all nodes, or one for each.
            timeout: Seconds for which a call is tried, while a server is away or refuses for now.
            begin: Whether what is missing is made; see the constructor.
        Raises:
            SpaceMismatchError: The collection holds vectors of another space.
            SchemaVersionError: The collection was made with another version of the layout.
            StoreFormatError: Sensorium did not make the collection, or `place` is of another type.
            StoreUnavailableError: `place` is no URL, or the server cannot be reached, or refused.
        """
        if isinstance(place, QdrantClient):
            return cls(place, schema=schema, collection=collection, begin=begin)
        if not _are_texts(place):
            raise StoreFormatError(
                f"{show(place)} as a place",
                'the URL of a server, ":memory:", or a QdrantClient; for a memory also a folder',
                'write "http://localhost:6333", or the folder as text or a Path',
            )
        connection = connect(
            place, api_key=api_key, prefer_grpc=prefer_grpc, grpc_port=grpc_port, timeout=timeout
        )
        try:
            return cls(connection, schema=schema, collection=collection, owned=True, begin=begin)
        except BaseException:
            connection.close()
            raise

    def __repr__(self) -> str:
        place = self._collection.connection.place
        return f"ClientBackend({place!r}, collection={self.collection!r})"

    @property
    def collection(self) -> str:
        """Name of the collection; on the server an alias of it, as docs/deploy.md says."""
        return self._name

    @property
    def schema(self) -> CollectionSchema:
        return self._collection.schema

    def exclusive(self, owner: str) -> AbstractContextManager[None]:
        """Do nothing: what is read may change before what follows from it is written."""
        return nullcontext()

    def upsert(self, points: Sequence[Point]) -> None:
        """Write whole points, replacing those of the same id.

        Many points make several requests, each of which is written whole or not at all.

        Raises:
            PointError: Vectors or a payload that cannot be stored; nothing is written then.
        """
        self._write(writing.upsert, points)

    def put_vectors(self, point_id: str, vectors: Mapping[str, Vectors]) -> None:
        self._write(writing.put_vectors, point_id, vectors)

    def set_payload(
        self, filter: Filter, payload: Payload, *, clear: AnyCollection[str] = ()
    ) -> None:
        check_own(filter)
        check_payload(payload)
        self._write(writing.set_payload, filter, payload, list(clear))

    def delete(self, filter: Filter) -> None:
        check_own(filter)
        self._write(writing.delete, filter)

    def retrieve(
        self,
        ids: Sequence[str],
        *,
        owner: str,
        payload: bool | Sequence[str],
        vectors: bool | Sequence[str],
        shared: Sequence[Shared] = (),
    ) -> list[StoredPoint]:
        keys = keys_with_owner(payload, shared)
        points = self._read(reading.read_points, ids, keys, vectors)
        return owned_points(points, owner, payload, shared)

    def occupied(
        self, ids: Sequence[str], *, owner: str, payload: bool | Sequence[str]
    ) -> tuple[list[StoredPoint], set[str]]:
        points = self._read(reading.read_points, ids, keys_with_owner(payload), False)
        taken = taken_ids(points, owner)
        return owned_points(points, owner, payload), taken

    def search(self, searches: Sequence[Search], filter: Filter) -> list[list[Scored]]:
        return self._read(reading.search, searches, filter)

    def search_text(self, text: str, filter: Filter, *, limit: int) -> list[Scored]:
        return self._read(reading.search_text, text, filter, limit)

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
        return self._read(
            reading.scroll,
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
        return self._read(
            reading.sample, modality, filter, limit=limit, payload=payload, vectors=vectors
        )

    def count(self, filter: Filter) -> int:
        return self._read(reading.count, filter)

    def facet(self, key: str, filter: Filter, *, limit: int) -> dict[str, int]:
        return self._read(reading.facet, key, filter, limit)

    def add_modality(self, name: str) -> None:
        collection = self._opened()
        # The schema is read again: another process may have added a modality since
        collection.look_up()
        schema = add_modality(collection.connection, collection.name, name)
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
        return self._read(purging.purge)

    def sibling(self, schema: CollectionSchema) -> Self:
        """Begin another collection beside this one, with all of its settings.

        Raises:
            StoreLockedError: Another process is re-embedding this one.
            StoreUnavailableError: The server cannot be reached, refused, or a node of it is away.
        """
        replacement = Replacement.begin(self._opened(), self._name, schema)
        sibling = type(self).__new__(type(self))
        sibling._use(replacement.collection(), self._name, owned=False)
        sibling._replacement = replacement
        return sibling

    def seal(self, sibling: Self, /) -> bool:
        self._opened()
        sibling._replacing().seal()
        return True

    def switch(self, sibling: Self, /) -> Self:
        """Give this collection's name to a sibling, for everybody who opens it; return the sibling.

        This collection is removed. Cut short, the switch is completed at the next opening.
        """
        self._opened()
        sibling._use(sibling._replacing().finish(), self._name, owned=self._owned)
        self._owned = self._is_open = False
        return sibling

    def discard(self) -> None:
        self._opened()
        self._replacing().abandon()
        self._is_open = False

    def _replacing(self) -> Replacement:
        if self._replacement is None:
            raise StoreError(
                f"{self!r}, which is in use", "a sibling of it", "make one: sibling(schema)"
            )
        return self._replacement

    def stats(self) -> dict[str, Any]:
        collection = self._opened()
        return {
            "kind": "memory" if collection.connection.local else "server",
            "place": collection.connection.place,
            "collection": self._name,
            "space": collection.schema.space.id,
            "modalities": list(collection.schema.modalities),
            "points": self._read(reading.count, None),
        }

    def close(self) -> None:
        """Close the client if this backend owns it; the second call does nothing."""
        if self._is_open and self._replacement is not None:
            self._replacement.leave()
        if self._is_open and self._owned:
            self._collection.connection.close()
        self._is_open = False

    def _read(
        self, question: Callable[Concatenate[Collection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Ask the collection, or the one that has replaced it."""
        while True:
            collection = self._opened()
            try:
                answer = question(collection, *args, **kwargs)
                if collection.name == self._name:
                    # Of an earlier release: what replaces it has the same name
                    collection.look_up()
                return answer
            except CollectionMissingError as error:
                self._follow(collection, error)

    def _write(
        self, change: Callable[Concatenate[Collection, P], None], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Change the collection, or the one that has replaced it.

        A change is acknowledged if the collection takes writes when it is done: only then is it
        certain that whoever replaces the collection reads it.
        """
        while True:
            collection = self._opened()
            try:
                if collection.name == self._name:
                    collection.look_up()
                change(collection, *args, **kwargs)
                if not collection.look_up().sealed:
                    return
            except CollectionMissingError as error:
                self._follow(collection, error)
            else:
                self._await_replacement(collection)

    def _follow(self, collection: Collection, missing: CollectionMissingError) -> None:
        """Go on with what has replaced a collection that is gone.

        Raises:
            SpaceMismatchError: It has another space.
            StoreLockedError: This one was to replace another, and another process removed it.
            CollectionMissingError: Nothing has replaced it.
        """
        if self._replacement is not None:
            raise StoreLockedError(
                f"{self!r}, which another process removed while it was filled",
                "one process that re-embeds a memory",
                "begin again; the memory is as it was",
            ) from missing
        state = self._find(collection.connection, self._name)
        if state is None:
            raise missing
        self._go_on(state)
        if state.collection == collection.name:
            raise missing

    def _await_replacement(self, collection: Collection) -> None:
        """Go on with what is about to replace a collection that takes no more writes.

        Raises:
            SpaceMismatchError: It has another space.
            StoreLockedError: It did not within a few seconds.
        """
        deadline = time.monotonic() + (0 if collection.connection.local else PATIENCE)
        while True:
            state = self._find(collection.connection, self._name)
            if state is not None and (state.collection != collection.name or not state.sealed):
                return self._go_on(state)
            if time.monotonic() >= deadline:
                raise StoreLockedError(
                    f"{self!r}, which another process is re-embedding; what was to be written may "
                    "be lost",
                    "a collection that takes writes",
                    "wait until it is done, open the memory again, and write it again",
                )
            time.sleep(POLL)

    def _go_on(self, state: CollectionState) -> None:
        place = place_of(self._collection.connection, self._name)
        state.schema.check(self.schema.space, place)
        self._collection = dataclasses.replace(
            self._collection, name=state.collection, schema=state.schema
        )

    def _opened(self) -> Collection:
        """Return the collection.

        Raises:
            StoreClosedError: The backend was closed.
        """
        if not self._is_open:
            raise closed(repr(self))
        return self._collection


def _are_texts(place: object) -> bool:
    if isinstance(place, (list, tuple)):
        return bool(place) and all(isinstance(each, str) for each in place)
    return isinstance(place, str)
