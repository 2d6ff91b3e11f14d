"""Reading a shard: each function answers one question of the `Backend` protocol."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from uuid import UUID

import qdrant_edge as edge

from sensorium.qdrant.backend import Search
from sensorium.qdrant.edge.conversion import edge_questions, payload_selector, stored_point
from sensorium.qdrant.edge.filters import translated
from sensorium.qdrant.edge.shard import Shard
from sensorium.qdrant.filters import Filter, uuids
from sensorium.qdrant.paging import ORDER, check_cursor, of_time, ordered_page
from sensorium.qdrant.points import Page, Scored, StoredPoint
from sensorium.qdrant.schema import TEXT

IDS_PER_READ = 1024
BEAM = 128  # candidates an indexed search keeps: finds 97 of the 100 that a scan finds


class Found(Scored):
    """A point that a search found; its id is read when it is looked at, as most are not."""

    def __init__(self, hit: edge.ScoredPoint) -> None:
        """Keep what Edge answered."""
        self.__dict__.update(_hit=hit, score=hit.score)

    @cached_property
    def id(self) -> str:
        """UUID of the point."""
        return str(self.__dict__["_hit"].id)


def read_points(
    shard: Shard, ids: Sequence[str], payload: bool | Sequence[str], vectors: bool | Sequence[str]
) -> list[StoredPoint]:
    """Read points by id, whoever owns them."""
    names = shard.vector_names(vectors)
    records = shard.engine.retrieve(list(uuids(ids)), payload_selector(payload), names)
    return [stored_point(record) for record in records]


def search(shard: Shard, searches: Sequence[Search], filter: Filter) -> list[list[Scored]]:
    """Find the nearest points of each search in one batch."""
    known = [search for search in searches if search.modality in shard.modalities]
    if not known:
        return [[] for _ in searches]
    where = shard.translated(filter)
    requests = [
        edge.QueryRequest(
            limit=search.limit,
            query=edge.Query.Nearest(question, using=search.modality),
            filter=where,
            params=edge.SearchParams(hnsw_ef=BEAM),
        )
        for search, question in zip(known, edge_questions(known), strict=True)
    ]
    answers = iter(shard.engine.query_batch(edge.QueryBatchRequest(requests)))
    return [[Found(hit) for hit in next(answers)] if search in known else [] for search in searches]


def search_text(shard: Shard, text: str, filter: Filter, limit: int) -> list[Scored]:
    """Find points by the words of their text; only the owner's points make a word frequent."""
    owner = translated(Filter(filter.owner))
    request = edge.QueryRequest(
        limit=limit,
        query=edge.TextQuery(TEXT, text),
        filter=shard.translated(filter),
        params=edge.SearchParams(idf=edge.IdfParams(owner)),
    )
    return [Scored(str(hit.id), hit.score) for hit in shard.engine.query(request)]


def scroll(
    shard: Shard,
    filter: Filter,
    *,
    limit: int,
    newest_first: bool | None,
    cursor: str | None,
    payload: bool | Sequence[str],
    vectors: bool | Sequence[str],
) -> Page:
    """Read a page of points, in order of `at` or of ids."""
    if newest_first is None:
        check_cursor(cursor)
        keys = payload_selector(payload)
        return Page(*_scroll(shard, filter, limit, keys, vectors, offset=cursor))
    direction = edge.Direction.Desc if newest_first else edge.Direction.Asc
    with_order = True if payload is True else [*(payload or ()), ORDER]

    def after(start: str | None, count: int) -> list[StoredPoint]:
        where = of_time(filter, start, newest_first=newest_first)
        order = edge.OrderBy(ORDER, direction)
        return _scroll(shard, where, count, with_order, vectors, order=order)[0]

    def ties(time: str, first: str | None, count: int) -> list[StoredPoint]:
        where = of_time(filter, time)
        return _scroll(shard, where, count, with_order, vectors, offset=first)[0]

    return ordered_page(after, ties, limit=limit, cursor=cursor)


def _scroll(
    shard: Shard,
    filter: Filter,
    limit: int,
    payload: bool | list[str],
    vectors: bool | Sequence[str],
    *,
    order: edge.OrderBy | None = None,
    offset: str | None = None,
) -> tuple[list[StoredPoint], str | None]:
    request = edge.ScrollRequest(
        limit=limit,
        offset=offset,
        filter=shard.translated(filter),
        with_payload=payload,
        with_vector=shard.vector_names(vectors),
        order_by=order,
    )
    records, following = shard.engine.scroll(request)
    cursor = None if following is None else str(following)
    return [stored_point(record) for record in records], cursor


def sample(
    shard: Shard,
    modality: str,
    filter: Filter,
    *,
    limit: int,
    payload: bool | Sequence[str],
    vectors: bool,
) -> list[StoredPoint]:
    """Read random points that have a modality."""
    if modality not in shard.modalities:
        return []
    has_modality = edge.HasVectorCondition(modality)
    request = edge.QueryRequest(
        limit=limit,
        query=edge.Sample.Random,
        filter=edge.Filter(must=[shard.translated(filter), has_modality]),
        with_vector=[modality] if vectors else False,
        with_payload=payload_selector(payload),
    )
    return [stored_point(record) for record in shard.engine.query(request)]


def matching_ids(shard: Shard, filter: Filter) -> list[str | int | UUID]:
    """Return the ids of all points that a filter lets through."""
    where = shard.translated(filter)
    ids: list[str | int | UUID] = []
    offset = None
    while True:
        request = edge.ScrollRequest(
            offset=offset, limit=IDS_PER_READ, filter=where, with_payload=False, with_vector=False
        )
        records, offset = shard.engine.scroll(request)
        ids += [record.id for record in records]
        if offset is None:
            return ids


def count(shard: Shard, filter: Filter) -> int:
    """Count points."""
    return shard.engine.count(edge.CountRequest(exact=True, filter=shard.translated(filter)))


def facet(shard: Shard, key: str, filter: Filter, limit: int) -> dict[str, int]:
    """Count points by the values of a keyword field."""
    if key in shard.indexes.missing:
        return {}
    request = edge.FacetRequest(key, limit=limit, exact=True, filter=shard.translated(filter))
    return {str(hit.value): hit.count for hit in shard.engine.facet(request).hits}
