"""Searching: the engine narrows, and what it found is judged here.

Tags narrow the namespace and conditions the filter; both let some through that are not meant. So
what is found is looked at, best or newest first, and the search goes on until there is enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from langgraph.store.base import ListNamespacesOp, SearchOp

from sensorium.langgraph.filters import matches, necessary
from sensorium.langgraph.indexing import Index
from sensorium.langgraph.items import StoredItem
from sensorium.langgraph.namespaces import (
    Namespace,
    common_prefix,
    listed,
    narrowest_tags,
)
from sensorium.memory import Hit, Memory, Record
from sensorium.memory.checks import MOST
from sensorium.memory.filters import Filters
from sensorium.qdrant import Condition, Every, Not, Present

Found = tuple[StoredItem, float | None]  # with its score
LARGEST_PAGE = 1024  # records read in one go
WIDER = 4  # times as many, if the filter let too few through
UNEMBEDDED = Not(Present("modalities"))


class Searcher:
    """Looks for the items of one memory."""

    def __init__(self, memory: Memory, index: Index) -> None:
        """Search a memory.

        Args:
            memory: Where the items are.
            index: Makes questions of queries.
        """
        self._memory = memory
        self._index = index
        several = len(memory.encoder.modalities) > 1
        self._ranking = "centred" if several else "raw"  # a scale for all senses, or the cosine

    def search(self, op: SearchOp) -> list[Found]:
        """Answer a checked search: best first, then what is not embedded; else the newest first.

        Raises:
            EncodingError: The query cannot be encoded.
        """
        query = op.query if op.query and op.query.strip() else None
        found = self._ranked(op, query) if query else self._listed(op)
        return list(islice(found, op.offset, op.offset + op.limit))

    def _ranked(self, op: SearchOp, query: str) -> Iterator[Found]:
        best = self._nearest(op, query)
        return chain(best, self._listed(op, UNEMBEDDED))

    def _nearest(self, op: SearchOp, query: str) -> Iterator[Found]:
        question, narrowed = self._index.asked(query), _narrowed(op)
        seen: set[str] = set()
        limit = op.offset + op.limit
        while limit:
            limit = min(limit, MOST)
            hits = self._memory.recall(question, limit=limit, ranking=self._ranking, **narrowed)
            for hit in hits:
                if hit.record.id not in seen:
                    seen.add(hit.record.id)
                    yield from self._meant(op, hit.record, _score(hit, self._ranking))
            limit = limit * WIDER if len(hits) == limit < MOST else 0

    def _listed(self, op: SearchOp, *conditions: Condition) -> Iterator[Found]:
        narrowed = _narrowed(op, *conditions)
        size, cursor = max(1, op.offset + op.limit), None
        while True:
            size = min(size, LARGEST_PAGE)
            page = self._memory.timeline(limit=size, cursor=cursor, **narrowed)
            for record in page:
                yield from self._meant(op, record, None)
            cursor, size = page.cursor, size * WIDER
            if cursor is None:
                return

    def _meant(self, op: SearchOp, record: Record, score: float | None) -> Iterator[Found]:
        """Yield what an operation means: the engine let more through."""
        stored, prefix = StoredItem.of(record), tuple(op.namespace_prefix)
        if stored is None or stored.namespace[: len(prefix)] != prefix:
            return
        if {taken["path"][0] for taken in stored.taken} & (op.filter or {}).keys():
            stored = stored.completed(self._memory)
        if stored is not None and matches(stored.value, op.filter):
            yield stored, score

    def namespaces(self, op: ListNamespacesOp) -> list[Namespace]:
        """Answer a checked listing of namespaces."""
        tags = narrowest_tags(common_prefix(op))
        sources = self._memory.tally("source", limit=MOST, tags=tags)
        if len(sources) < MOST:
            return listed((tuple(source.split(".")) for source in sources), op)
        every = SearchOp(common_prefix(op), limit=LARGEST_PAGE)  # more than are counted in one go
        return listed((stored.namespace for stored, _ in self._listed(every)), op)


def _narrowed(op: SearchOp, *more: Condition) -> Filters:
    """Return the filters that lead to what an operation means, and to little else."""
    conditions = (*necessary(op.filter), *more)
    tags = narrowest_tags(tuple(op.namespace_prefix))
    return Filters(tags=tags, where=Every(conditions) if conditions else None)


def _score(hit: Hit, ranking: str) -> float | None:
    return hit.similarity if ranking == "raw" else hit.score
