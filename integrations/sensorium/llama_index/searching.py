"""The nodes of one sense in a memory: those that fulfil filters, nearest first or all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeAlias

import numpy as np
from llama_index.core.vector_stores.types import MetadataFilters

from sensorium.errors import QueryError
from sensorium.llama_index.filters import (
    DOCUMENT_KEYS,
    NO_DOCUMENT,
    TYPE_KEY,
    check_filters,
    fits,
    net,
)
from sensorium.llama_index.nodes import (
    CLASS,
    CONTENT,
    MIXED,
    contents_of,
    packed_before,
    tag_of,
)
from sensorium.memory import Hit, Memory, Record
from sensorium.memory.checks import MOST
from sensorium.memory.layout.ids import point_id
from sensorium.qdrant import Condition, Equal, Every, Ids, Not, OneOf

Recall: TypeAlias = Callable[[int, Condition], list[Hit]]  # of so many at most, of which
PAGE = 256  # records listed in one go
WIDER = 4  # times as many are looked at next


def check_memory(memory: object) -> None:
    """Refuse what nodes cannot be found in.

    Raises:
        QueryError: No memory.
    """
    if not isinstance(memory, Memory):
        raise QueryError(
            f"memory={memory!r}"[:200],
            "an open Memory",
            'write Memory.open("folder", owner=...), or store.memory of a SensoriumVectorStore',
        )


class Nodes:
    """The nodes of one sense in a memory, as far as restrictions let them through."""

    def __init__(
        self,
        memory: Memory,
        sense: str,
        *,
        filters: MetadataFilters | None = None,
        ids: Sequence[str] | None = None,
        documents: Sequence[str] | None = None,
    ) -> None:
        """Restrict nodes; what is `None` does not.

        Args:
            memory: Where they are.
            sense: The modality of their vectors.
            filters: Of their metadata.
            ids: Their own.
            documents: Ids of the documents they are of.
        Raises:
            FilterError: Filters that are none of LlamaIndex's.
        """
        check_filters(filters)
        self._memory = memory
        self._sense = sense
        self._filters = filters
        self._ids = None if ids is None else dict.fromkeys(ids)
        self._documents = None if documents is None else frozenset(documents)

    def nearest(self, vector: Sequence[float], count: int) -> list[Hit]:
        """Return the nodes whose vectors are nearest, with their cosines."""
        asked = np.asarray(vector, np.float32)
        return self._first(
            count,
            lambda limit, where: self._memory.recall(
                asked, modalities=[self._sense], ranking="raw", limit=limit, where=where
            ),
        )

    def worded(self, words: str, count: int) -> list[Hit]:
        """Return the nodes whose text holds words best by BM25; the best one's score is 1."""
        return self._first(
            count,
            lambda limit, where: self._memory.recall(keywords=words, limit=limit, where=where),
        )

    def records(self) -> Iterator[Record]:
        """Return the records of all nodes, in the order of their ids or that of time."""
        listed = self._listed() if self._ids is None else self._memory.get_many(self._ids)
        return filter(self._allows, listed)

    def _first(self, count: int, recall: Recall) -> list[Hit]:
        return list(islice(self._hits(count, recall), count)) if count > 0 else []

    def _hits(self, count: int, recall: Recall) -> Iterator[Hit]:
        """Go through what the store finds, further and further, for what is let through."""
        limit = min(count if self._filters is None else WIDER * count, MOST)
        seen: set[str] = set()
        passed: set[str] = set()  # what a call cannot look beyond
        while True:
            found = recall(limit, self._where(but=passed))
            new = [hit for hit in found if hit.record.id not in seen]
            yield from (hit for hit in new if self._allows(hit.record))
            if len(found) < limit:
                return
            seen.update(hit.record.id for hit in new)
            passed = set(seen) if limit == MOST else passed
            limit = min(WIDER * limit, MOST)

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

    def _where(self, *, but: Iterable[str] = ()) -> Condition:
        """Return what the store is asked for: nothing that is let through is left out."""
        every: list[Condition] = [Equal("tags", tag_of(self._sense))]
        own: list[Condition] = []  # which an engine sees where a record's nodes say the same
        caught = net(self._filters)
        if caught is not None:
            own.append(caught)
        if self._documents is not None:
            own.append(OneOf("source", tuple(self._documents)))
        if own:
            every.append(Every(tuple(own)) | Equal("tags", MIXED))
        if self._ids is not None:
            every.append(self._points(self._ids))
        if but:
            every.append(Not(self._points(but)))
        return Every(tuple(every))

    def _points(self, ids: Iterable[str]) -> Condition:
        owner = self._memory.owner
        return Ids(tuple(one for name in ids for one in (point_id(owner, name), name)))

    def _allows(self, record: Record) -> bool:
        if self._sense not in contents_of(record):
            return False
        if self._ids is not None and record.id not in self._ids:
            return False
        metadata, document = self._own(record)
        if self._documents is not None and document not in self._documents:
            return False
        return self._filters is None or fits(self._seen(record, metadata, document), self._filters)

    def _own(self, record: Record) -> tuple[Mapping[str, Any], str | None]:
        """Return the metadata and the document of the node of this sense."""
        if MIXED in record.tags:
            node = packed_before(contents_of(record)[self._sense])
            return node.metadata, node.document
        own = {key: value for key, value in record.metadata.items() if key != CONTENT}
        return own, record.source

    def _seen(
        self, record: Record, metadata: Mapping[str, Any], document: str | None
    ) -> Mapping[str, Any]:
        """Return what filters see: LlamaIndex's stores add some of their own to the metadata."""
        named = dict.fromkeys(DOCUMENT_KEYS, document or NO_DOCUMENT)
        return {**metadata, **named, TYPE_KEY: contents_of(record)[self._sense][CLASS]}
