"""Reading a shard: each function answers one question of the `Backend` protocol."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import qdrant_edge as edge

from sensorium.qdrant.backend import Search
from sensorium.qdrant.edge.conversion import edge_questions, payload_selector, stored_point
from sensorium.qdrant.edge.filters import translated
from sensorium.qdrant.edge.shard import Shard
from sensorium.qdrant.filters import Filter, uuids
from sensorium.qdrant.paging import ORDER, check_cursor, of_time, ordered_page
from sensorium.qdrant.points import Page, Scored, StoredPoint
from sensorium.qdrant.schema import MEASURED_AGAIN, TEXT

IDS_PER_READ = 1024
NUMBER = 2  # bytes of a number of a stored vector: float16
# Candidates that a search of a graph keeps: more where a modality has more vectors
LEAST_BEAM, MOST_BEAM, PER_CANDIDATE = 64, 512, 400  # the last one in vectors
# Of few points a scan is sure, and as fast. A graph has links for owners, and for no other
# condition: a search that keeps to what a condition lets through finds no link to the next one, if
# that is less than a tenth. So this is scanned, too; of more, `BEYOND` looks beyond the others.
FEW = 4_000  # kilobytes of an owner's vectors
FEW_CHOSEN, SHARE = 20_000, 0.1  # points that a condition lets through; their share of all
BEYOND = edge.AcornSearchParams(enable=True, max_selectivity=1.0)


class Found(Scored):
    """A point that a search found; its id is read when it is looked at, as most are not."""

    def __init__(self, hit: edge.ScoredPoint) -> None:
        """Keep what Edge answered."""
        self.__dict__.update(_hit=hit, score=hit.score)

    def __getattr__(self, name: str) -> str:
        """Read the id, which is an attribute like any other from then on."""
        if name != "id" or "_hit" not in self.__dict__:
            raise AttributeError(name)
        found = self.__dict__["id"] = str(self.__dict__["_hit"].id)
        return found


def read_points(
    shard: Shard, ids: Sequence[str], payload: bool | Sequence[str], vectors: bool | Sequence[str]
) -> list[StoredPoint]:
    """Read points by id, whoever owns them."""
    names = shard.vector_names(vectors)
    records = shard.engine.retrieve(list(uuids(ids)), payload_selector(payload), names)
    return [stored_point(record, shard.schema.space.dimension) for record in records]


def search(shard: Shard, searches: Sequence[Search], filter: Filter) -> list[list[Scored]]:
    """Find the nearest points of each search in one batch."""
    known = [search for search in searches if search.modality in shard.modalities]
    if not known:
        return [[] for _ in searches]
    where = shard.translated(filter)
    exact = edge.SearchParams(exact=True)
    wanted = any(search.exact for search in known)
    params = exact if wanted else _search_params(shard, filter, where)
    answers = iter(_asked(shard, known, where, params))
    return [next(answers) if search.modality in shard.modalities else [] for search in searches]


def _search_params(shard: Shard, filter: Filter, where: edge.Filter) -> edge.SearchParams:
    """Choose how to search the points that a filter lets through."""
    if not shard.is_indexed:
        return edge.SearchParams(exact=True)
    points = _about(shard, where)
    beyond = None
    # The last of these leaves expired points out
    if filter.condition is not None or filter.shared or where.must_not:
        beyond = BEYOND
        if points <= max(FEW_CHOSEN, SHARE * _about(shard, None)):
            return edge.SearchParams(exact=True)
    if points <= FEW * 1024 // (NUMBER * shard.schema.space.dimension):
        return edge.SearchParams(exact=True)
    beam = points // (PER_CANDIDATE * len(shard.modalities))
    beam = min(max(beam, LEAST_BEAM), MOST_BEAM)
    # What is found in the copies is measured again with the vectors themselves
    times = MEASURED_AGAIN[shard.schema.quantization or "int8"]
    again = edge.QuantizationSearchParams(rescore=True, oversampling=times)
    return edge.SearchParams(hnsw_ef=beam, quantization=again, acorn=beyond)


def _about(shard: Shard, where: edge.Filter | None) -> int:
    """Return about how many points a filter lets through, in some 20 us."""
    return shard.engine.count(edge.CountRequest(exact=False, filter=where))


def _asked(
    shard: Shard, searches: Sequence[Search], where: edge.Filter, params: edge.SearchParams
) -> list[list[Scored]]:
    """Ask the shard in one batch; what a graph did not find to the full is scanned for again."""
    requests = [
        edge.QueryRequest(
            limit=search.limit,
            query=edge.Query.Nearest(question, using=search.modality),
            filter=where,
            params=params,
        )
        for search, question in zip(searches, edge_questions(searches), strict=True)
    ]
    answers: list[list[Scored]] = [
        [Found(hit) for hit in hits]
        for hits in shard.engine.query_batch(edge.QueryBatchRequest(requests))
    ]
    if params.acorn is None:
        return answers
    short = [n for n, search in enumerate(searches) if len(answers[n]) < search.limit]
    if short:
        again = [searches[number] for number in short]
        scanned = _asked(shard, again, where, edge.SearchParams(exact=True))
        for number, answer in zip(short, scanned, strict=True):
            answers[number] = answer
    return answers


def search_text(shard: Shard, text: str, filter: Filter, limit: int) -> list[Scored]:
    """Find points by their words; only points that the owner may read make a word frequent."""
    owner = translated(Filter(filter.owner, shared=filter.shared))
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
    return [stored_point(record, shard.schema.space.dimension) for record in records], cursor


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
    records = shard.engine.query(request)
    return [stored_point(record, shard.schema.space.dimension) for record in records]


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
