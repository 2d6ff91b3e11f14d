"""Keeping nodes in a memory: one record a node, whichever stores of it have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import RLock
from typing import TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
from llama_index.core.schema import BaseNode
from numpy.typing import NDArray

from sensorium.errors import RecordError, VectorError
from sensorium.llama_index.nodes import (
    CONTENT,
    MIXED,
    Content,
    Packed,
    contents_of,
    packed,
    packed_before,
    tag_of,
)
from sensorium.llama_index.searching import Nodes
from sensorium.memory import Memory, Moment, Record
from sensorium.percepts import Percept
from sensorium.qdrant import Equal, Every, Not

Others: TypeAlias = Mapping[str, Content]  # by sense, what other stores keep in a record
TEXT = "text"
Row: TypeAlias = NDArray[np.float32]
_locks: WeakKeyDictionary[Memory, RLock] = WeakKeyDictionary()  # of keepers of one memory


class Keeper:
    """Adds the nodes of one sense to a memory, and removes them.

    Where keepers of several senses have a node, its record has a vector and the media of each, and
    the metadata of all together. Where they differ, the words, the document and the metadata of the
    record are those of the text's node, or else of the one added last.
    """

    def __init__(self, memory: Memory, sense: str) -> None:
        """Keep in a memory the nodes whose vectors are of one sense."""
        self._memory = memory
        self._sense = sense
        self._lock = _locks.setdefault(memory, RLock())  # between looking and writing

    def add(self, nodes: Sequence[BaseNode]) -> None:
        """Add nodes; arguments and errors as of `SensoriumVectorStore.add`."""
        rows = {node.node_id: self._row(node) for node in nodes}
        kept = self._memory.keeps_media
        parts = {node.node_id: packed(node, as_media=kept) for node in nodes}
        with self._lock:
            there = {record.id: record for record in self._memory.get_many(parts)}
            for record in there.values():
                _check_is_node(record)
            others = {name: self._others(record) for name, record in there.items()}
            moments = [
                self._moment(name, part, rows[name])
                for name, part in parts.items()
                if not others.get(name)
            ]
            self._memory.remember_many(moments).raise_first()
            for name, shared in others.items():
                if shared:
                    self._join(name, parts[name], rows[name], shared)

    def remove(self, nodes: Nodes) -> None:
        """Forget nodes, or of those that others keep, too, what is of this sense."""
        with self._lock:
            alone: list[str] = []
            for record in list(nodes.records()):
                others = self._others(record)
                if others:
                    self._leave(record.id, others)
                else:
                    alone.append(record.id)
            if alone:
                self._memory.forget(*alone)

    def clear(self) -> None:
        """Remove all nodes of this sense."""
        senses = self._memory.encoder.modalities - {self._sense}
        alone = Every(tuple(Not(Equal("tags", tag_of(sense))) for sense in senses))
        with self._lock:
            self._memory.forget(tags=[tag_of(self._sense)], where=alone)
            self.remove(Nodes(self._memory, self._sense))

    def _row(self, node: BaseNode) -> Row:
        dimension = self._memory.encoder.space.dimension
        if node.embedding is None:
            raise RecordError(
                f"the node {node.node_id!r} without an embedding"[:300],
                f"{dimension} numbers",
                "embed it: an index does so before it adds nodes",
            )
        row = np.asarray(node.embedding, np.float32)
        if row.shape != (dimension,) or not np.isfinite(row).all() or not row.any():
            raise VectorError(
                f"the embedding of the node {node.node_id!r}, of shape {row.shape}"[:300],
                f"{dimension} finite numbers that are not all zero",
                "embed it with the model that the store was opened with",
            )
        return row

    def _others(self, record: Record) -> Others:
        contents = contents_of(record)
        return {sense: kept for sense, kept in contents.items() if sense != self._sense}

    def _moment(self, name: str, part: Packed, row: Row) -> Moment:
        return Moment(
            part.percepts,
            id=name,
            text=part.text,
            tags=[tag_of(self._sense)],
            source=part.document,
            metadata={**part.metadata, CONTENT: {self._sense: part.content}},
            vectors={self._sense: row},
        )

    def _join(self, name: str, part: Packed, row: Row, others: Others) -> None:
        self._write(name, {**_read(others), self._sense: part}, part.percepts, row)

    def _leave(self, name: str, others: Others) -> None:
        self._write(name, _read(others), (), None)

    def _write(
        self, name: str, parts: Mapping[str, Packed], percepts: Sequence[Percept], row: Row | None
    ) -> None:
        """Make a record that of some nodes, of which one brings percepts and a row."""
        ordered = [parts[sense] for sense in sorted(parts, key=lambda sense: sense == TEXT)]
        leader = ordered[-1]
        same = all(
            (one.metadata, one.document) == (leader.metadata, leader.document) for one in ordered
        )
        together = {key: value for one in ordered for key, value in one.metadata.items()}
        contents = {sense: one.content for sense, one in parts.items()}
        self._memory.update(
            name,
            *percepts,
            text=leader.text,
            tags=[*map(tag_of, parts), *([] if same else [MIXED])],
            source=leader.document or "",
            metadata={**together, CONTENT: contents},
            vectors={self._sense: row},
            retain={digest for one in ordered for digest in one.digests},
        )


def _read(contents: Others) -> dict[str, Packed]:
    return {sense: packed_before(content) for sense, content in contents.items()}


def _check_is_node(record: Record) -> None:
    if not contents_of(record):
        raise RecordError(
            f"a node of the id {record.id!r}, under which something else is remembered"[:300],
            "an id of its own",
            "give the node another one",
        )
