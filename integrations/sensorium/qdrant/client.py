"""A Qdrant server, a cluster, or a store in this process's memory, by way of `qdrant_client`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

from qdrant_client import QdrantClient, models
from typing_extensions import Self

from sensorium.errors import StoreClosedError, StoreFormatError
from sensorium.qdrant.backend import Search
from sensorium.qdrant.client_connection import Connection, connect
from sensorium.qdrant.client_filters import translated
from sensorium.qdrant.client_points import (
    GRPC_NUMBER,
    JSON_NUMBER,
    check_writable,
    named,
    payload_keys,
    query_vector,
    requests,
    scored,
    stored,
    struct,
)
from sensorium.qdrant.client_schema import add_modality, ensure_collection, read_schema
from sensorium.qdrant.filters import Filter, uuids
from sensorium.qdrant.paging import ORDER, check_cursor, ordered_page
from sensorium.qdrant.points import (
    Page,
    Payload,
    Point,
    Scored,
    StoredPoint,
    Vectors,
    check_payload,
    from_iso,
)
from sensorium.qdrant.schema import TEXT, CollectionSchema

COLLECTION = "sensorium"
TIMEOUT = 30  # seconds for one request
CHANGED = 1_000  # points whose payload is changed in one request

P = ParamSpec("P")
R = TypeVar("R")


class ClientBackend:
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
        self._connection = Connection(client)
        self._client = client
        self._owned = owned
        self._open = True
        self.collection = collection
        self._schema = ensure_collection(client, collection, schema)

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

    @property
    def schema(self) -> CollectionSchema:
        """The layout, with the space of the vectors."""
        return self._schema

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

    def retrieve(
        self, ids: Sequence[str], *, payload: bool | Sequence[str], vectors: bool | Sequence[str]
    ) -> list[StoredPoint]:
        """Read points by id, in no particular order; those that are not there are left out.

        The owner is not checked here: ask for `owner` in the payload and compare it.
        """
        records = self._call(
            self._client.retrieve,
            self.collection,
            list(uuids(ids)),
            with_payload=payload_keys(payload),
            with_vectors=self._names(vectors),
        )
        return [stored(record) for record in records]

    def search(self, searches: Sequence[Search], filter: Filter) -> list[list[Scored]]:
        """Find the nearest points of each search, best first, in one request."""
        self._check_open()
        where = translated(filter)
        known = [search for search in searches if search.modality in self._schema.modalities]
        if not known:
            return [[] for _ in searches]
        asked = [
            models.QueryRequest(
                query=query_vector(search), using=search.modality, filter=where, limit=search.limit
            )
            for search in known
        ]
        answers = iter(self._call(self._client.query_batch_points, self.collection, asked))
        return [
            scored(next(answers).points) if search.modality in self._schema.modalities else []
            for search in searches
        ]

    def search_text(self, text: str, filter: Filter, *, limit: int) -> list[Scored]:
        """Find points whose `page_content` holds words of `text`, best BM25 score first.

        A server counts how rare a word is among the owner's points alone; in memory it is
        counted among all.
        """
        mine = models.IdfCorpusParams(corpus=translated(Filter(filter.owner)))
        found = self._call(
            self._client.query_points,
            self.collection,
            query=models.TextQuery(text=text),
            using=TEXT,
            query_filter=translated(filter),
            search_params=None if self._connection.local else models.SearchParams(idf=mine),
            limit=limit,
            with_payload=False,
        )
        return scored(found.points)

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
        """Read a page of points; by `at` if an order is given, else by id.

        Raises:
            FilterError: A cursor that no page gave.
        """
        if newest_first is None:
            check_cursor(cursor)
            records, offset = self._scroll(
                filter, limit=limit, offset=cursor, payload=payload_keys(payload), vectors=vectors
            )
            return Page(records, offset)
        order = models.Direction.DESC if newest_first else models.Direction.ASC
        keys = True if payload is True else [*(payload or ()), ORDER]

        def fetch(start: str | None, count: int) -> list[StoredPoint]:
            begin = from_iso(start) if start else None
            by = models.OrderBy(key=ORDER, direction=order, start_from=begin)
            found, _ = self._scroll(filter, limit=count, by=by, payload=keys, vectors=vectors)
            return found

        return ordered_page(fetch, limit=limit, cursor=cursor)

    def _scroll(
        self,
        filter: Filter,
        *,
        limit: int,
        payload: bool | list[str],
        vectors: bool | Sequence[str],
        by: models.OrderBy | None = None,
        offset: str | None = None,
    ) -> tuple[list[StoredPoint], str | None]:
        records, after = self._call(
            self._client.scroll,
            self.collection,
            translated(filter),
            limit=limit,
            order_by=by,
            offset=offset,
            with_payload=payload,
            with_vectors=self._names(vectors),
        )
        return [stored(record) for record in records], None if after is None else str(after)

    def sample(
        self,
        modality: str,
        filter: Filter,
        *,
        limit: int,
        payload: bool | Sequence[str] = False,
        vectors: bool = True,
    ) -> list[StoredPoint]:
        """Read random points that have a modality, by default with its vectors."""
        self._check_open()
        if modality not in self._schema.modalities:
            return []
        has = models.HasVectorCondition(has_vector=modality)
        found = self._call(
            self._client.query_points,
            self.collection,
            query=models.SampleQuery(sample=models.Sample.RANDOM),
            query_filter=models.Filter(must=[translated(filter), has]),
            limit=limit,
            with_payload=payload_keys(payload),
            with_vectors=[modality] if vectors else False,
        )
        return [stored(point) for point in found.points]

    def count(self, filter: Filter) -> int:
        """Count points, exactly."""
        return self._call(self._client.count, self.collection, translated(filter), exact=True).count

    def facet(self, key: str, filter: Filter, *, limit: int) -> dict[str, int]:
        """Count points by the values of a keyword field, the most frequent first."""
        answer = self._call(
            self._client.facet, self.collection, key, translated(filter), limit=limit, exact=True
        )
        return {str(hit.value): hit.count for hit in answer.hits}

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

    def _call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        self._check_open()
        return self._connection.call(function, *args, **kwargs)

    def _check_open(self) -> None:
        if not self._open:
            raise StoreClosedError(
                f"{self!r} after close()",
                "an open one",
                "open it again, and use it within its with block",
            )

    def _number(self) -> int:
        """Return the bytes that one number of a vector takes in a request."""
        return GRPC_NUMBER if self._client.init_options["prefer_grpc"] else JSON_NUMBER

    def _names(self, vectors: bool | Sequence[str]) -> bool | list[str]:
        """Leave out named vectors the collection lacks, for which a server refuses the request."""
        if isinstance(vectors, bool):
            return vectors
        return [name for name in vectors if name in self._schema.modalities] or False
