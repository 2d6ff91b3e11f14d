"""Searching the nodes of one modality in a memory: the nearest first, or all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from llama_index.core.vector_stores.types import MetadataFilters
from numpy.typing import NDArray

from sensorium.agents.opening import check_memory
from sensorium.agents.own import own_records
from sensorium.agents.widening import WIDER, Search, named, widening
from sensorium.llama_index.filters import (
    DOCUMENT_KEYS,
    NO_DOCUMENT,
    TYPE_KEY,
    check_filters,
    matches,
    necessary,
)
from sensorium.llama_index.nodes import (
    CLASS,
    CONTENT,
    MIXED,
    contents_of,
    own_tag_of,
    read_packed,
    tag_of,
)
from sensorium.memory import Hit, Memory, Record
from sensorium.qdrant import Condition, Equal, Every, OneOf

PAGE = 256  # records listed in one go


def check_open(memory: object) -> Memory:
    """Check that nodes can be kept and found in a memory, and return it.

    Raises:
        QueryError: The object is not a `Memory`.
    """
    return check_memory(
        memory,
        remedy='write Memory.open("folder", owner=...), or store.memory of a SensoriumVectorStore',
    )


class NodeSearch:
    """Finds the nodes of one modality in a memory that match restrictions.

    The engine is asked for conditions that every matching node fulfils, and some others; what it
    finds is then judged by LlamaIndex's rules.
    """

    def __init__(
        self,
        memory: Memory,
        modality: str,
        *,
        filters: MetadataFilters | None = None,
        ids: Iterable[str] | None = None,
        documents: Iterable[str] | None = None,
    ) -> None:
        """Restrict the nodes; `None` does not restrict.

        Args:
            memory: Memory that holds the nodes.
            modality: Modality of the nodes' vectors.
            filters: Filters of the nodes' metadata.
            ids: Ids of the nodes.
            documents: Ids of the documents that the nodes are parts of.
        Raises:
            FilterError: The filters are not LlamaIndex's.
        """
        check_filters(filters)
        self._memory = memory
        self._modality = modality
        self._filters = filters
        self._ids = None if ids is None else dict.fromkeys(ids)
        self._documents = None if documents is None else frozenset(documents)
        self.hits: dict[str, Hit] = {}  # by id: how the nodes of the last search were found

    def nearest(self, vector: Sequence[float], count: int) -> list[Hit]:
        """Return the nodes whose vectors are nearest, with their cosines.

        Nodes without words have the vectors of their media, in other modalities.
        """
        query = np.asarray(vector, np.float32)
        found = self._nearest(query, count, [self._modality])
        others = self._memory.encoder.modalities - {self._modality}
        own = own_tag_of(self._modality)
        if count > 0 and others and self._memory.count(tags=[own]):
            found += self._nearest(query, count, others, Equal("tags", own))
            found = sorted(found, key=lambda hit: -(hit.similarity or 0.0))[:count]
        self.hits = {hit.record.id: hit for hit in found}
        return found

    def _nearest(
        self,
        query: NDArray[np.float32],
        count: int,
        modalities: Collection[str],
        *conditions: Condition,
    ) -> list[Hit]:
        return self._first(
            count,
            lambda limit, rest: self._memory.recall(
                query,
                modalities=modalities,
                ranking="raw",
                limit=limit,
                where=Every((self._where(rest), *conditions)),
            ),
        )

    def with_words(self, words: str, count: int) -> list[Hit]:
        """Return the nodes whose text fits words best by BM25; the best score is 1."""
        return self._first(
            count,
            lambda limit, rest: self._memory.recall(
                keywords=words, limit=limit, where=self._where(rest)
            ),
        )

    def records(self) -> Iterator[Record]:
        """Yield the records of all nodes, in the order of the ids, else in order of time."""
        listed = self._listed() if self._ids is None else self._memory.get_many(self._ids)
        return filter(self._matches, listed)

    def _first(self, count: int, search: Search) -> list[Hit]:
        if count <= 0:
            return []
        first = count if self._filters is None else WIDER * count
        hits = widening(search, owner=self._memory.owner, first=first)
        return list(islice((hit for hit in hits if self._matches(hit.record)), count))

    def _listed(self) -> Iterator[Record]:
        cursor: str | None = None
        while True:
            page = self._memory.timeline(
                limit=PAGE, newest_first=False, cursor=cursor, where=self._where()
            )
            yield from page
            cursor = page.cursor
            if cursor is None:
                return

    def _where(self, rest: Condition | None = None) -> Condition:
        """Return the condition for the engine; every matching node fulfils it.

        Args:
            rest: Another condition that must hold.
        """
        every: list[Condition] = [
            Equal("tags", tag_of(self._modality)),
            *own_records(self._memory),
        ]
        own: list[Condition] = []
        possible = necessary(self._filters)
        if possible is not None:
            own.append(possible)
        if self._documents is not None:
            own.append(OneOf("source", tuple(self._documents)))
        if own:
            # The record of nodes that differ has the metadata of one of them, perhaps another's
            every.append(Every(tuple(own)) | Equal("tags", MIXED))
        if self._ids is not None:
            every.append(named(self._memory.owner, self._ids))
        if rest is not None:
            every.append(rest)
        return Every(tuple(every))

    def _matches(self, record: Record) -> bool:
        if self._modality not in contents_of(record):
            return False
        if self._ids is not None and record.id not in self._ids:
            return False
        metadata, document = self._own(record)
        if self._documents is not None and document not in self._documents:
            return False
        if self._filters is None:
            return True
        return matches(self._with_added(record, metadata, document), self._filters)

    def _own(self, record: Record) -> tuple[Mapping[str, Any], str | None]:
        """Return the metadata and the document of the node of this modality."""
        if MIXED in record.tags:
            node = read_packed(contents_of(record)[self._modality])
            return node.metadata, node.document
        own = {key: value for key, value in record.metadata.items() if key != CONTENT}
        return own, record.source

    def _with_added(
        self, record: Record, metadata: Mapping[str, Any], document: str | None
    ) -> Mapping[str, Any]:
        """Return metadata with what LlamaIndex's own stores add to it, which filters may name."""
        documents = dict.fromkeys(DOCUMENT_KEYS, document or NO_DOCUMENT)
        node_class = contents_of(record)[self._modality][CLASS]
        return {**metadata, **documents, TYPE_KEY: node_class}
