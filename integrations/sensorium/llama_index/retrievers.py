"""A memory as a LlamaIndex retriever: words, pictures or vectors ask, nodes answer."""

from __future__ import annotations

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

from sensorium.agents.threads import to_thread
from sensorium.errors import QueryError
from sensorium.llama_index.hit_nodes import node_of
from sensorium.llama_index.node_search import check_open
from sensorium.llama_index.resources import STRETCH, WHOLE, Media
from sensorium.memory import Memory
from sensorium.memory.checks import MOST
from sensorium.memory.filters import Filters
from sensorium.percepts import Image, Percept

Part: TypeAlias = "str | Percept | NDArray[Any]"
OPTIONS = (
    "similarity_top_k, modalities, keywords, min_confidence, half_life, diversity, ranking, media"
)


class SensoriumRetriever(BaseRetriever):
    """Recalls from a memory, and returns nodes of all modalities with their scores.

    A text is returned as a `TextNode`, a picture as an `ImageNode`, and a record with sound or
    video as a `Node`; a node that was added through a `SensoriumVectorStore` is returned as it was.
    The metadata say which `modality` matched, the `span` (in seconds, or characters of a text) and
    the `confidence`; the `at`, `tags` and `source` of the record; the `uri` and `mime_type` of the
    medium.
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
        media: Media = STRETCH,
        callback_manager: CallbackManager | None = None,
        **filters: Unpack[Filters],
    ) -> None:
        """Retrieve from a memory, which the caller closes.

        Args:
            memory: Open memory of one owner.
            similarity_top_k: Largest number of nodes.
            modalities: Modalities to search; by default all.
            keywords: Also look for the words of the question in the text of records.
            min_confidence: Least confidence of a hit, from 0 to 1; others are left out.
            half_life: Age at which a memory counts half.
            diversity: From 0 (by score alone) to 1 (as different from each other as possible).
            ranking: Ranking, as for `Memory.recall`.
            media: What a node of a sound has: `"stretch"`, what matched of it, or `"whole"`, its
                file. A video is its file.
            callback_manager: Manager that is told of each retrieval.
            filters: Filters of `Memory.recall`: `since`, `until`, `tags`, `source`, `where`, ...
        Raises:
            QueryError: The memory is not a `Memory`, an option does not exist,
                `similarity_top_k` is not a number from 0 to 10,000, or `media` is neither.
        """
        check_open(memory)
        _check_options(similarity_top_k, filters)
        if media not in (STRETCH, WHOLE):
            raise QueryError(f"media={media!r}", f"{STRETCH!r} or {WHOLE!r}", "choose one")
        super().__init__(callback_manager=callback_manager)
        self._memory = memory
        self._count = similarity_top_k
        self._keywords = keywords
        self._media = media
        self._filters = filters
        self._options: dict[str, Any] = {
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
            **self._options,
            **self._filters,
        )
        nodes = [node_of(self._memory, hit, self._media) for hit in hits]
        return [
            NodeWithScore(node=node, score=hit.score) for node, hit in zip(nodes, hits, strict=True)
        ]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await to_thread(self._retrieve, query_bundle)


def _check_options(count: object, filters: Collection[str]) -> None:
    """Check the number of nodes and the names of the filters."""
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= MOST:
        raise QueryError(
            f"similarity_top_k={count!r}", f"0 to {MOST}", "pass the number of nodes you want"
        )
    known = Filters.__annotations__
    unknown = [name for name in filters if name not in known]
    if unknown:
        raise QueryError(
            f"SensoriumRetriever(..., {unknown[0]}=...)",
            f"{OPTIONS}, {', '.join(known)}",
            "pass the number of nodes as similarity_top_k=, and conditions on metadata as where=",
        )


def _parts(query: QueryBundle) -> list[Part]:
    """Return the parts of a question: its vector or its words, and its picture.

    Raises:
        QueryError: The question has no part.
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
            f"retrieve({query.query_str!r})",
            "words, a picture or a vector",
            'write retrieve("a bird crowing") or QueryBundle("", image_path=...)',
        )
    return parts
