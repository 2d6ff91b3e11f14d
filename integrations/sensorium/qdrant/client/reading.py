"""Reading a collection through a Qdrant client."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

from qdrant_client import QdrantClient, models

from sensorium.errors import StoreClosedError
from sensorium.qdrant.backend import Search
from sensorium.qdrant.client.connection import Connection
from sensorium.qdrant.client.filters import translated
from sensorium.qdrant.client.points import payload_keys, query_vector, scored, stored
from sensorium.qdrant.filters import Filter, uuids
from sensorium.qdrant.ownership import keys_with_owner, owned_points, taken_ids
from sensorium.qdrant.paging import ORDER, check_cursor, ordered_page
from sensorium.qdrant.points import Page, Scored, StoredPoint, from_iso
from sensorium.qdrant.schema import TENANT, TEXT, CollectionSchema

P = ParamSpec("P")
R = TypeVar("R")


class ClientReader:
    """The part of `ClientBackend` that only reads."""

    def __init__(self, client: QdrantClient, collection: str, schema: CollectionSchema) -> None:
        """Read the collection of a name."""
        self.collection = collection
        self._client = client
        self._schema = schema
        self._connection = Connection(client)
        self._open = True

    @property
    def schema(self) -> CollectionSchema:
        """The layout, with the space of the vectors."""
        return self._schema

    def retrieve(
        self,
        ids: Sequence[str],
        *,
        owner: str,
        payload: bool | Sequence[str],
        vectors: bool | Sequence[str],
    ) -> list[StoredPoint]:
        """Read points of one owner by id; see `Backend.retrieve`."""
        points = self._read(ids, keys_with_owner(payload), vectors)
        return owned_points(points, owner, payload)

    def taken(self, ids: Sequence[str], *, owner: str) -> set[str]:
        """Return which ids stand for points of other owners; see `Backend.taken`."""
        return taken_ids(self._read(ids, [TENANT], False), owner)

    def _read(
        self, ids: Sequence[str], payload: bool | Sequence[str], vectors: bool | Sequence[str]
    ) -> list[StoredPoint]:
        """Read points by id, whoever owns them."""
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

    def _names(self, vectors: bool | Sequence[str]) -> bool | list[str]:
        """Leave out named vectors the collection lacks, for which a server refuses the request."""
        if isinstance(vectors, bool):
            return vectors
        return [name for name in vectors if name in self._schema.modalities] or False
