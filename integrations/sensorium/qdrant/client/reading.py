"""Reading a collection: each function answers one question of the `Backend` protocol."""

from __future__ import annotations

from collections.abc import Sequence

from qdrant_client import models

from sensorium.percepts.percept import is_still
from sensorium.qdrant.backend import Search
from sensorium.qdrant.client.collection import Collection
from sensorium.qdrant.client.filters import translated
from sensorium.qdrant.client.points import payload_keys, query_vector, scored, stored
from sensorium.qdrant.client.texts import rank_texts
from sensorium.qdrant.client.versions import ranks_texts
from sensorium.qdrant.filters import Filter, uuids
from sensorium.qdrant.paging import ORDER, check_cursor, of_time, ordered_page
from sensorium.qdrant.points import Page, Scored, StoredPoint
from sensorium.qdrant.schema import MEASURED_AGAIN, TEXT


def read_points(
    collection: Collection,
    ids: Sequence[str],
    payload: bool | Sequence[str],
    vectors: bool | Sequence[str],
) -> list[StoredPoint]:
    """Read points by id, whoever owns them."""
    records = collection.call(
        collection.client.retrieve,
        collection.name,
        list(uuids(ids)),
        with_payload=payload_keys(payload),
        with_vectors=collection.vector_names(vectors),
    )
    return [stored(record) for record in records]


def search(
    collection: Collection, searches: Sequence[Search], filter: Filter
) -> list[list[Scored]]:
    """Find the nearest points of each search, and read them if they are wanted, in one request."""
    modalities = collection.schema.modalities
    where = translated(filter)
    params = _search_params(collection, exact=any(search.exact for search in searches))
    requests = [
        models.QueryRequest(
            query=query_vector(search),
            using=search.modality,
            filter=where,
            limit=search.limit,
            with_payload=search.whole,
            with_vector=[search.modality] if search.whole and is_still(search.modality) else False,
            params=params,
        )
        for search in searches
        if search.modality in modalities
    ]
    if not requests:
        return [[] for _ in searches]
    answers = iter(collection.call(collection.client.query_batch_points, collection.name, requests))
    return [
        scored(next(answers).points, whole=search.whole) if search.modality in modalities else []
        for search in searches
    ]


def _search_params(collection: Collection, *, exact: bool) -> models.SearchParams | None:
    """Have what is found in quantized copies measured again: a server may not do it by itself."""
    if exact and not collection.connection.local:  # which compares all points anyway
        return models.SearchParams(exact=True)
    if collection.schema.quantization is None or collection.connection.local:
        return None
    times = MEASURED_AGAIN[collection.schema.quantization]
    again = models.QuantizationSearchParams(rescore=True, oversampling=times)
    return models.SearchParams(quantization=again)


def search_text(collection: Collection, text: str, filter: Filter, limit: int) -> list[Scored]:
    """Find points by the words of their text.

    How rare a word is is counted among what the owner may read; in memory, among all points.
    """
    if not ranks_texts(collection.connection):
        return rank_texts(collection, text, filter, limit)
    owner = models.IdfCorpusParams(corpus=translated(Filter(filter.owner, shared=filter.shared)))
    params = None if collection.connection.local else models.SearchParams(idf=owner)
    found = collection.call(
        collection.client.query_points,
        collection.name,
        query=models.TextQuery(text=text),
        using=TEXT,
        query_filter=translated(filter),
        search_params=params,
        limit=limit,
        with_payload=False,
    )
    return scored(found.points)


def scroll(
    collection: Collection,
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
        keys = payload_keys(payload)
        return Page(*_scroll(collection, filter, limit, keys, vectors, offset=cursor))
    direction = models.Direction.DESC if newest_first else models.Direction.ASC
    with_order = True if payload is True else [*(payload or ()), ORDER]

    def after(start: str | None, count: int) -> list[StoredPoint]:
        where = of_time(filter, start, newest_first=newest_first)
        order = models.OrderBy(key=ORDER, direction=direction)
        return _scroll(collection, where, count, with_order, vectors, order=order)[0]

    def ties(time: str, first: str | None, count: int) -> list[StoredPoint]:
        where = of_time(filter, time)
        return _scroll(collection, where, count, with_order, vectors, offset=first)[0]

    return ordered_page(after, ties, limit=limit, cursor=cursor)


def _scroll(
    collection: Collection,
    filter: Filter,
    limit: int,
    payload: bool | list[str],
    vectors: bool | Sequence[str],
    *,
    order: models.OrderBy | None = None,
    offset: str | None = None,
) -> tuple[list[StoredPoint], str | None]:
    records, following = collection.call(
        collection.client.scroll,
        collection.name,
        translated(filter),
        limit=limit,
        order_by=order,
        offset=offset,
        with_payload=payload,
        with_vectors=collection.vector_names(vectors),
    )
    return [stored(record) for record in records], None if following is None else str(following)


def sample(
    collection: Collection,
    modality: str,
    filter: Filter,
    *,
    limit: int,
    payload: bool | Sequence[str],
    vectors: bool,
) -> list[StoredPoint]:
    """Read random points that have a modality."""
    if modality not in collection.schema.modalities:
        return []
    has_modality = models.HasVectorCondition(has_vector=modality)
    found = collection.call(
        collection.client.query_points,
        collection.name,
        query=models.SampleQuery(sample=models.Sample.RANDOM),
        query_filter=models.Filter(must=[translated(filter), has_modality]),
        limit=limit,
        with_payload=payload_keys(payload),
        with_vectors=[modality] if vectors else False,
    )
    return [stored(point) for point in found.points]


def count(collection: Collection, filter: Filter | None) -> int:
    """Count points; without a filter, those of all owners."""
    where = None if filter is None else translated(filter)
    return collection.call(collection.client.count, collection.name, where, exact=True).count


def facet(collection: Collection, key: str, filter: Filter, limit: int) -> dict[str, int]:
    """Count points by the values of a keyword field."""
    answer = collection.call(
        collection.client.facet, collection.name, key, translated(filter), limit=limit, exact=True
    )
    return {str(hit.value): hit.count for hit in answer.hits}
