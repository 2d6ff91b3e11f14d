"""A memory as a LlamaIndex retriever: questions in words, pictures or vectors, answers as nodes."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import timedelta
from typing import Any, TypeAlias

import numpy as np
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.callbacks import CallbackManager
from llama_index.core.constants import DEFAULT_SIMILARITY_TOP_K
from llama_index.core.schema import NodeWithScore, QueryBundle
from numpy.typing import NDArray
from typing_extensions import Unpack

from sensorium.errors import QueryError
from sensorium.llama_index.recalled import node_of
from sensorium.llama_index.searching import check_memory
from sensorium.memory import Memory
from sensorium.memory.checks import MOST
from sensorium.memory.filters import Filters
from sensorium.percepts import Image, Percept

Part: TypeAlias = "str | Percept | NDArray[Any]"
OPTIONS = "similarity_top_k, modalities, keywords, min_confidence, half_life, diversity, ranking"


class SensoriumRetriever(BaseRetriever):
    """What a memory recalls, whichever sense it came by, as nodes with scores.

    A text comes as a `TextNode`, a picture as an `ImageNode`, what has sound or video as a `Node`;
    a node that was added through a `SensoriumVectorStore` comes as it was. The metadata says which
    `modality` matched, the `span` (seconds; characters for text), the `confidence`, and of the
    record `at`, `tags` and `source`, `uri` and `mime_type`.
    """

    def __init__(
        self,
        memory: Memory,
        *,
        similarity_top_k: int = DEFAULT_SIMILARITY_TOP_K,
        modalities: Collection[str] | None = None,
        keywords: bool = False,
        min_confidence: float | None = None,
        half_life: timedelta | None = None,
        diversity: float | None = None,
        ranking: str = "centred",
        callback_manager: CallbackManager | None = None,
        **filters: Unpack[Filters],
    ) -> None:
        """Retrieve from a memory, which the caller closes.

        Args:
            memory: Of one owner.
            similarity_top_k: Nodes at most.
            modalities: Senses to search; by default all.
            keywords: Look for the question's words in the texts of records, too.
            min_confidence: From 0 to 1: leave out what may well be coincidence, even everything.
            half_life: Age at which a memory counts half.
            diversity: From 0 (by score alone) to 1 (as different as possible from each other).
            ranking: As for `Memory.recall`.
            callback_manager: That hears of each retrieval.
            filters: As for `Memory.recall`: `since`, `until`, `tags`, `source`, `where`, ...
        Raises:
            QueryError: No memory, an option that there is not, or a `similarity_top_k` that is
                no number from 0.
        """
        check_memory(memory)
        _check_options(similarity_top_k, filters)
        super().__init__(callback_manager=callback_manager)
        self._memory = memory
        self._count = similarity_top_k
        self._keywords = keywords
        self._filters = filters
        self._wishes: dict[str, Any] = {
            "modalities": modalities,
            "min_confidence": min_confidence,
            "half_life": half_life,
            "diversity": diversity,
            "ranking": ranking,
        }

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        parts = _parts(query_bundle)
        if not self._count:
            return []
        words = query_bundle.query_str if self._keywords else ""
        hits = self._memory.recall(
            parts,
            limit=self._count,
            keywords=words if words.strip() else None,
            **self._wishes,
            **self._filters,
        )
        return [NodeWithScore(node=node_of(self._memory, hit), score=hit.score) for hit in hits]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)


def _check_options(count: object, filters: Collection[str]) -> None:
    """Refuse a number of nodes that is none, and filters that a memory has not."""
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= MOST:
        raise QueryError(
            f"similarity_top_k={count!r}"[:200], f"0 to {MOST}", "say how many nodes you want"
        )
    known = Filters.__annotations__
    unknown = [name for name in filters if name not in known]
    if unknown:
        raise QueryError(
            f"SensoriumRetriever(..., {unknown[0]}=...)",
            f"{OPTIONS}, {', '.join(known)}",
            "say how many with similarity_top_k=, and which metadata with where=",
        )


def _parts(query: QueryBundle) -> list[Part]:
    """Return what a question is made of: its vector or its words, and its picture.

    Raises:
        QueryError: Nothing.
    """
    parts: list[Part] = []
    if query.embedding is not None:
        parts.append(np.asarray(query.embedding, np.float32))
    else:
        parts += [words for words in query.embedding_strs if words.strip()]
    if query.image_path is not None:
        parts.append(Image(query.image_path, uri=query.image_path))
    if not parts:
        raise QueryError(
            f"retrieve({query.query_str!r})"[:200],
            "words, a picture or a vector",
            'write retrieve("a bird crowing") or QueryBundle("", image_path=...)',
        )
    return parts
