"""The modes of a LlamaIndex query: nearest, diverse, by words, or by both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, TypeAlias

from llama_index.core.indices.query.embedding_utils import get_top_k_mmr_embeddings
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode

from sensorium.errors import QueryError
from sensorium.llama_index.node_search import NodeSearch
from sensorium.memory import Hit, Record

Answer: TypeAlias = "tuple[list[Record], list[float] | None]"  # records, and their scores
Mode = VectorStoreQueryMode
MMR_PREFETCH = 4  # candidates of mode mmr for each node that is wanted
ALPHA = 0.5  # weight of the vectors in a hybrid score


def answer(query: VectorStoreQuery, nodes: NodeSearch, options: Mapping[str, Any]) -> Answer:
    """Answer a query.

    Args:
        query: Query of LlamaIndex.
        nodes: Search among the nodes that may answer.
        options: `mmr_threshold`, `mmr_prefetch_factor` and `mmr_prefetch_k`, for mode mmr.
    Returns:
        Records and scores, best first; records in order of time, without scores, if the query has
        nothing but restrictions.
    Raises:
        QueryError: The mode is unknown, or needs what the query lacks.
    """
    if query.mode == Mode.TEXT_SEARCH:
        return _score(nodes.with_words(_words(query), query.similarity_top_k))
    if query.mode == Mode.HYBRID:
        return _hybrid(query, nodes)
    if query.mode == Mode.MMR:
        return _diverse(query, nodes, options)
    if query.mode != Mode.DEFAULT:
        raise QueryError(
            f"the mode {_name(query)!r}",
            "default, mmr, hybrid or text_search",
            "use text_search for words alone (BM25), hybrid for words and vectors",
        )
    if query.query_embedding is not None:
        hits = nodes.nearest(query.query_embedding, query.similarity_top_k)
        return [hit.record for hit in hits], [hit.similarity or 0.0 for hit in hits]
    if not (query.filters or query.node_ids or query.doc_ids):
        if query.query_str is not None and not query.query_str.strip():
            raise QueryError(
                "an empty question", "words, an embedding, or filters", "ask with some words"
            )
        raise QueryError("an empty query", "an embedding, or filters", "pass query_embedding=")
    return list(islice(nodes.records(), max(0, query.similarity_top_k))), None


def _name(query: VectorStoreQuery) -> str:
    return str(getattr(query.mode, "value", query.mode))  # a mode may be plain text


def _score(hits: Sequence[Hit]) -> Answer:
    return [hit.record for hit in hits], [hit.score for hit in hits]


def _words(query: VectorStoreQuery) -> str:
    if not query.query_str or not query.query_str.strip():
        raise QueryError(
            f"the mode {_name(query)!r} without words", "query_str", "pass the question"
        )
    return query.query_str


def _vector(query: VectorStoreQuery) -> list[float]:
    if query.query_embedding is None:
        raise QueryError(
            f"the mode {_name(query)!r} without a vector", "query_embedding", "pass it"
        )
    return query.query_embedding


def _diverse(query: VectorStoreQuery, nodes: NodeSearch, options: Mapping[str, Any]) -> Answer:
    """Choose nodes that are near and differ, as LlamaIndex's own in-memory store does.

    With a threshold of 1 only nearness counts, with 0 only the difference from the node before.
    """
    vector, count = _vector(query), query.similarity_top_k
    factor = options.get("mmr_prefetch_factor", MMR_PREFETCH)
    prefetch = options.get("mmr_prefetch_k") or int(factor * count)
    threshold = options.get("mmr_threshold", query.mmr_threshold)
    candidates = nodes.nearest(vector, max(count, prefetch) if count > 0 else 0)
    rows: list[Any] = [hit.vector for hit in candidates]
    scores, chosen = get_top_k_mmr_embeddings(
        vector,
        rows,
        similarity_top_k=count,
        mmr_threshold=threshold,
    )
    return [candidates[index].record for index in chosen], scores


def _hybrid(query: VectorStoreQuery, nodes: NodeSearch) -> Answer:
    """Add up the nearness of nodes and their BM25 scores, each from 0 to 1.

    The nearest candidate counts 1 and the farthest 0; a BM25 score is divided by the best.
    """
    count, alpha = query.similarity_top_k, ALPHA if query.alpha is None else query.alpha
    if not 0 <= alpha <= 1:
        raise QueryError(f"alpha={alpha!r}", "from 0 (words) to 1 (vectors)", "leave it out")
    near = nodes.nearest(_vector(query), count)
    by_words = nodes.with_words(_words(query), query.sparse_top_k or count)
    cosines = [hit.similarity or 0.0 for hit in near]
    low, high = min(cosines, default=0.0), max(cosines, default=0.0)
    records = {hit.record.id: hit.record for hit in (*near, *by_words)}
    scores = dict.fromkeys(records, 0.0)
    for hit, cosine in zip(near, cosines, strict=True):
        scores[hit.record.id] += alpha * ((cosine - low) / (high - low) if high > low else 1.0)
    for hit in by_words:
        scores[hit.record.id] += (1 - alpha) * hit.score
    best = sorted(records, key=lambda name: -scores[name])[: query.hybrid_top_k or count]
    return [records[name] for name in best], [scores[name] for name in best]
