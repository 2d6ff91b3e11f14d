"""Reading a shard of Qdrant Edge."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import qdrant_edge as edge

from sensorium.errors import SensoriumError, StoreClosedError
from sensorium.qdrant.backend import Search
from sensorium.qdrant.edge.conversion import edge_query, selector, stored_point
from sensorium.qdrant.edge.filters import translated
from sensorium.qdrant.edge.folder import present_modalities, translated_error
from sensorium.qdrant.filters import Filter, uuids
from sensorium.qdrant.ownership import keys_with_owner, owned_points, taken_ids
from sensorium.qdrant.paging import ORDER, check_cursor, ordered_page
from sensorium.qdrant.points import Page, Scored, StoredPoint
from sensorium.qdrant.schema import TENANT, TEXT, CollectionSchema

IDS = 1024  # of points, read at a time
BEAM = 128  # candidates an indexed search keeps: finds 97 of the 100 that a scan finds


class EdgeReader:
    """The part of `EdgeBackend` that only reads."""

    def __init__(
        self, folder: Path, name: str, schema: CollectionSchema, shard: edge.EdgeShard
    ) -> None:
        """Read the shard of a name in a folder."""
        self.folder = folder
        self._name = name
        self._schema = schema
        self._shard = shard
        self._present = present_modalities(folder / name)
        self._guard = threading.RLock()
        self._open = True
        # Whether there are points that conditions on these could leave out: see `_translated`
        self._parts = bool(shard.facet(edge.FacetRequest("part_of", limit=1)).hits)
        self._expiring = self._holds_expiry()

    @property
    def schema(self) -> CollectionSchema:
        """The layout, with the space of the vectors."""
        return self._schema

    @contextmanager
    def _using(self) -> Iterator[edge.EdgeShard]:
        """Give the shard to one thread at a time, and Edge's errors their names."""
        with self._guard:
            if not self._open:
                raise StoreClosedError(
                    f"the memory {str(self.folder)!r} after close()",
                    "an open one",
                    "open it again, and use it within its with block",
                )
            try:
                yield self._shard
            except SensoriumError:
                raise
            except Exception as error:  # Edge raises nothing more precise
                raise translated_error(error, f"the memory {str(self.folder)!r}") from error

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
        with self._using() as shard:
            wanted = self._wanted(vectors)
            found = shard.retrieve(list(uuids(ids)), selector(payload), wanted)
        return [stored_point(record) for record in found]

    def search(self, searches: Sequence[Search], filter: Filter) -> list[list[Scored]]:
        """Find the nearest points of each search, best first."""
        with self._using() as shard:
            known = [search for search in searches if search.modality in self._present]
            if not known:
                return [[] for _ in searches]
            where = self._translated(filter)
            requests = [
                edge.QueryRequest(
                    limit=search.limit,
                    query=edge.Query.Nearest(edge_query(search), using=search.modality),
                    filter=where,
                    params=edge.SearchParams(hnsw_ef=BEAM),
                )
                for search in known
            ]
            answers = iter(shard.query_batch(edge.QueryBatchRequest(requests)))
        return [
            [Scored(str(hit.id), hit.score) for hit in next(answers)] if search in known else []
            for search in searches
        ]

    def search_text(self, text: str, filter: Filter, *, limit: int) -> list[Scored]:
        """Find points whose `page_content` holds words of `text`, best BM25 score first.

        How rare a word is, is counted among the owner's points alone.
        """
        with self._using() as shard:
            mine = edge.SearchParams(idf=edge.IdfParams(translated(Filter(filter.owner))))
            request = edge.QueryRequest(
                limit=limit,
                query=edge.TextQuery(TEXT, text),
                filter=self._translated(filter),
                params=mine,
            )
            return [Scored(str(hit.id), hit.score) for hit in shard.query(request)]

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
            keys = selector(payload)
            return Page(*self._scroll(filter, limit, keys, vectors, offset=cursor))
        direction = edge.Direction.Desc if newest_first else edge.Direction.Asc
        ordered = True if payload is True else [*(payload or ()), ORDER]

        def fetch(start: str | None, count: int) -> list[StoredPoint]:
            by = edge.OrderBy(ORDER, direction, start)
            return self._scroll(filter, count, ordered, vectors, by=by)[0]

        return ordered_page(fetch, limit=limit, cursor=cursor)

    def _scroll(
        self,
        filter: Filter,
        limit: int,
        payload: bool | list[str],
        vectors: bool | Sequence[str],
        *,
        by: edge.OrderBy | None = None,
        offset: str | None = None,
    ) -> tuple[list[StoredPoint], str | None]:
        with self._using() as shard:
            request = edge.ScrollRequest(
                limit=limit,
                offset=offset,
                filter=self._translated(filter),
                with_payload=payload,
                with_vector=self._wanted(vectors),
                order_by=by,
            )
            records, after = shard.scroll(request)
        return [stored_point(one) for one in records], None if after is None else str(after)

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
        with self._using() as shard:
            if modality not in self._present:
                return []
            having = edge.Filter(must=[self._translated(filter), edge.HasVectorCondition(modality)])
            request = edge.QueryRequest(
                limit=limit,
                query=edge.Sample.Random,
                filter=having,
                with_vector=[modality] if vectors else False,
                with_payload=selector(payload),
            )
            return [stored_point(record) for record in shard.query(request)]

    def _ids(self, filter: Filter) -> list[str | int | UUID]:
        """Return the ids of all points a filter means."""
        with self._using() as shard:
            where, found, offset = self._translated(filter), [], None
            while True:
                request = edge.ScrollRequest(
                    offset=offset, limit=IDS, filter=where, with_payload=False, with_vector=False
                )
                records, offset = shard.scroll(request)
                found += [record.id for record in records]
                if offset is None:
                    return found

    def count(self, filter: Filter) -> int:
        """Count points, exactly."""
        with self._using() as shard:
            return shard.count(edge.CountRequest(exact=True, filter=self._translated(filter)))

    def facet(self, key: str, filter: Filter, *, limit: int) -> dict[str, int]:
        """Count points by the values of a keyword field, the most frequent first."""
        with self._using() as shard:
            where = self._translated(filter)
            hits = shard.facet(edge.FacetRequest(key, limit=limit, exact=True, filter=where)).hits
        return {str(hit.value): hit.count for hit in hits}

    def _translated(self, filter: Filter) -> edge.Filter:
        """Translate a filter; conditions that every point of the shard fulfils are left out."""
        expiry = filter.alive_at is not None and self._expiring
        if expiry:
            alone = Filter(filter.owner, alive_at=filter.alive_at, parts=True)
            everyone = edge.Filter(must=translated(alone).must_not)
            expiry = self._shard.count(edge.CountRequest(exact=True, filter=everyone)) > 0
        return translated(filter, expiry=expiry, parts=self._parts)

    def _holds_expiry(self) -> bool:
        has = edge.Filter(must_not=[edge.IsEmptyCondition("expires_at")])
        return self._shard.count(edge.CountRequest(exact=False, filter=has)) > 0

    def _wanted(self, vectors: bool | Sequence[str]) -> bool | list[str]:
        if vectors is False:
            return False
        names = self._present if vectors is True else self._present.intersection(vectors)
        return sorted(names) or False
