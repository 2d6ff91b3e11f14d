"""The part of the vector store that searches."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from numpy.typing import NDArray

from sensorium.encoders import normalise
from sensorium.langchain.diversity import diverse
from sensorium.langchain.documents import stored_document
from sensorium.langchain.wishes import (
    FETCH_K,
    K,
    Wanted,
    check_filter,
    check_lambda,
    limit_of,
    refuse,
)
from sensorium.memory import Hit, Memory
from sensorium.percepts import Text


class SearchableStore(VectorStore):
    """A vector store that is asked by words or by a vector.

    Searches take `filter=`: a dictionary on the metadata, `{"room": "kitchen", "floor": [1, 2]}`,
    or any condition of `sensorium.qdrant`.

    Attributes:
        memory: Where the documents are.
    """

    memory: Memory
    _foreign: Embeddings | None  # what makes the vectors, unless it is the memory's own encoder
    _ranking: str

    def similarity_search(self, query: str, k: int = K, **kwargs: Any) -> list[Document]:
        """Return the documents most similar to a question; `filter=` restricts them.

        Raises:
            QueryError: A blank question, or `k` that is not a whole number from 0.
            FilterError: A filter that no metadata can be compared with.
        """
        return [document for document, _ in self.similarity_search_with_score(query, k, **kwargs)]

    def similarity_search_with_score(
        self, query: str, k: int = K, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Return documents, best first, each with its cosine: the higher, the more similar.

        In a store of several senses the order is fair to all of them, and may not be that of the
        cosines: those of sounds with words are all lower than those of words with words.
        """
        return [(_found(hit), _cosine(hit)) for hit in self._hits(self._asked(query), k, **kwargs)]

    def similarity_search_by_vector(
        self, embedding: list[float], k: int = K, **kwargs: Any
    ) -> list[Document]:
        """Return the documents most similar to a vector of the store's embeddings."""
        return [_found(hit) for hit in self._hits(np.asarray(embedding), k, **kwargs)]

    def _similarity_search_with_relevance_scores(
        self, query: str, k: int = K, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Score from 0 to 1: by confidence if all hits have it, else by `(1 + cosine) / 2`."""
        hits = self._hits(self._asked(query), k, **kwargs)
        sure = [hit.confidence for hit in hits if hit.confidence is not None]
        if len(sure) < len(hits):
            sure = [min(1.0, max(0.0, (1 + _cosine(hit)) / 2)) for hit in hits]
        return [(_found(hit), score) for hit, score in zip(hits, sure, strict=True)]

    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = K,
        fetch_k: int = FETCH_K,
        lambda_mult: float = 0.5,
        **kwargs: Any,
    ) -> list[Document]:
        """Return documents that answer a question and differ from each other.

        Args:
            query: Words.
            k: Documents at most.
            fetch_k: The most similar ones, of which they are chosen.
            lambda_mult: From 1, by similarity alone, to 0, as different as possible.
            kwargs: `filter=`.
        """
        asked = self._asked(query)
        vector = asked if isinstance(asked, np.ndarray) else self._embedded(asked)
        return self._diverse(asked, vector, k, fetch_k, lambda_mult, **kwargs)

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = K,
        fetch_k: int = FETCH_K,
        lambda_mult: float = 0.5,
        **kwargs: Any,
    ) -> list[Document]:
        """Return documents that resemble a vector and differ from each other."""
        vector = np.asarray(embedding, np.float32)
        return self._diverse(vector, vector, k, fetch_k, lambda_mult, **kwargs)

    def _diverse(
        self,
        asked: str | NDArray[np.float32],
        vector: NDArray[np.float32],
        k: int,
        fetch_k: int,
        lambda_mult: float,
        **kwargs: Any,
    ) -> list[Document]:
        """Choose among the answers; `vector` is what was asked, to compare them with."""
        check_lambda(lambda_mult)
        k = limit_of(k)
        hits = self._hits(asked, limit_of(fetch_k, "fetch_k"), **kwargs)
        rows = [hit.vector for hit in hits if hit.vector is not None]
        if not rows:
            return []
        chosen = diverse(normalise(vector), np.stack(rows), k=k, lambda_mult=lambda_mult)
        return [_found(hits[index]) for index in chosen]

    def _asked(self, query: str) -> str | NDArray[np.float32]:
        """Return what to ask the memory: words for its own encoder, else their vector."""
        if self._foreign is None:
            return query
        return np.asarray(self._foreign.embed_query(query), np.float32)

    def _embedded(self, query: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self.memory.encoder.embed([Text(query)])[0]
        return vector

    def _hits(
        self,
        asked: str | NDArray[np.float32],
        k: int,
        *,
        filter: Wanted = None,
        **kwargs: Any,
    ) -> list[Hit]:
        refuse(kwargs)
        check_filter(filter)
        limit = limit_of(k)
        if not limit:
            return []
        return self.memory.recall(asked, limit=limit, ranking=self._ranking, where=filter)

    async def _asimilarity_search_with_relevance_scores(
        self, query: str, k: int = K, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Score from 0 to 1 in a thread."""
        scored = self._similarity_search_with_relevance_scores
        return await asyncio.to_thread(scored, query, k, **kwargs)


def _found(hit: Hit) -> Document:
    return stored_document(hit.record, hit.medium)


def _cosine(hit: Hit) -> float:
    assert hit.similarity is not None, "only keywords have none"
    return hit.similarity
