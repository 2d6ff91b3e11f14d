"""Searching items: the engine narrows the search, and LangGraph's rules decide here.

Tags restrict the namespace and conditions the value, but both may let other items through. So each
record that was found is judged, best or newest first, until there are enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from langgraph.store.base import ListNamespacesOp, SearchOp

from sensorium.agents.own import own_records
from sensorium.agents.widening import WIDER, widening
from sensorium.langgraph.filters import fields_of, matches, necessary
from sensorium.langgraph.index import Index
from sensorium.langgraph.items import StoredItem
from sensorium.langgraph.namespaces import (
    Namespace,
    common_prefix,
    narrowest_tags,
    select_namespaces,
)
from sensorium.memory import Hit, Memory, Record
from sensorium.memory.checks import MOST
from sensorium.memory.filters import Filters
from sensorium.qdrant import Condition, Every, Not, Present

Found = tuple[StoredItem, float | None]  # an item, and its score
LARGEST_PAGE = 1024  # records read in one go
UNEMBEDDED = Not(Present("modalities"))


class Searcher:
    """Searches the items of one memory."""

    def __init__(self, memory: Memory, index: Index) -> None:
        """Search a memory.

        Args:
            memory: Memory that holds the items.
            index: Index that turns queries into questions.
        """
        self._memory = memory
        self._index = index
        several = len(memory.encoder.modalities) > 1
        # Several modalities need one scale; of one modality, the score is the cosine
        self._ranking = "centred" if several else "raw"

    def search(self, op: SearchOp) -> list[Found]:
        """Answer a checked search.

        Returns:
            The items that match: for a query, the best first, and last those that are not embedded;
            without a query, the newest first.
        Raises:
            EncodingError: The query cannot be encoded.
        """
        query = op.query if op.query and op.query.strip() else None
        found = self._rank(op, query) if query else self._list(op)
        return list(islice(found, op.offset, op.offset + op.limit))

    def _rank(self, op: SearchOp, query: str) -> Iterator[Found]:
        best = self._nearest(op, query)
        return chain(best, self._list(op, UNEMBEDDED))

    def _nearest(self, op: SearchOp, query: str) -> Iterator[Found]:
        question = self._index.question(query)
        hits = widening(
            lambda limit, rest: self._memory.recall(
                question, limit=limit, ranking=self._ranking, **self._narrow(op, rest)
            ),
            owner=self._memory.owner,
            first=op.offset + op.limit,
        )
        for hit in hits:
            yield from self._matching(op, hit.record, _score(hit, self._ranking))

    def _list(self, op: SearchOp, condition: Condition | None = None) -> Iterator[Found]:
        narrowed = self._narrow(op, condition)
        size, cursor = max(1, op.offset + op.limit), None
        while True:
            size = min(size, LARGEST_PAGE)
            page = self._memory.timeline(limit=size, cursor=cursor, **narrowed)
            for record in page:
                yield from self._matching(op, record, None)
            cursor, size = page.cursor, size * WIDER
            if cursor is None:
                return

    def _matching(self, op: SearchOp, record: Record, score: float | None) -> Iterator[Found]:
        """Yield the item of a record, if it matches the search."""
        stored, prefix = StoredItem.of(record), tuple(op.namespace_prefix)
        if stored is None or stored.namespace[: len(prefix)] != prefix:
            return
        if {taken["path"][0] for taken in stored.taken} & fields_of(op.filter):
            stored = stored.completed(self._memory)
        if stored is not None and matches(stored.value, op.filter):
            yield stored, score

    def namespaces(self, op: ListNamespacesOp) -> list[Namespace]:
        """Answer a checked listing of namespaces."""
        tags = narrowest_tags(common_prefix(op))
        own = Every(tuple(own_records(self._memory)))
        sources = self._memory.tally("source", limit=MOST, tags=tags, where=own)
        if len(sources) < MOST:
            return select_namespaces((tuple(source.split(".")) for source in sources), op)
        # More namespaces than one tally counts: read the items
        every = SearchOp(common_prefix(op), limit=LARGEST_PAGE)
        return select_namespaces((stored.namespace for stored, _ in self._list(every)), op)

    def _narrow(self, op: SearchOp, condition: Condition | None) -> Filters:
        """Return filters that all matching items fulfil, and few others.

        Args:
            op: The search.
            condition: Another condition that must hold.
        """
        others = [] if condition is None else [condition]
        conditions = (*necessary(op.filter), *others, *own_records(self._memory))
        tags = narrowest_tags(tuple(op.namespace_prefix))
        return Filters(tags=tags, where=Every(conditions) if conditions else None)


def _score(hit: Hit, ranking: str) -> float | None:
    return hit.similarity if ranking == "raw" else hit.score
