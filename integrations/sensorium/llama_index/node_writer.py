"""Writing nodes to a memory: one record for a node, whichever stores were given it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
from llama_index.core.schema import BaseNode
from numpy.typing import NDArray

from sensorium.encoders.forking import Lock
from sensorium.encoders.handles import Remade
from sensorium.errors import RecordError, VectorError
from sensorium.llama_index.node_search import NodeSearch
from sensorium.llama_index.nodes import (
    CONTENT,
    MIXED,
    Content,
    Packed,
    contents_of,
    pack,
    read_packed,
    tag_of,
)
from sensorium.memory import Memory, Moment, Record
from sensorium.percepts import Percept
from sensorium.qdrant import Equal, Every, Not

Others: TypeAlias = Mapping[str, Content]  # contents that other stores keep in a record
TEXT = "text"
Row: TypeAlias = NDArray[np.float32]
_locks: WeakKeyDictionary[Memory, Lock] = WeakKeyDictionary()  # shared by all writers of a memory


class NodeWriter(Remade):
    """Adds the nodes of one modality to a memory, and removes them.

    If writers of several modalities have a node, its record has a vector and the media of each, and
    the metadata of all together. Where these differ, the text, the document and the metadata of the
    record are those of the text's node, or else of the node that was added last.
    """

    def __init__(self, memory: Memory, modality: str) -> None:
        """Write nodes whose vectors are of one modality to a memory."""
        self._memory = memory
        self._modality = modality
        # Held from reading what exists until it is written
        self._lock = _locks.setdefault(memory, Lock())

    def add(self, nodes: Sequence[BaseNode]) -> None:
        """Add nodes; arguments and errors are those of `SensoriumVectorStore.add`."""
        rows = {node.node_id: self._row(node) for node in nodes}
        keeps_media = self._memory.keeps_media
        packed = {node.node_id: pack(node, as_media=keeps_media) for node in nodes}
        with self._lock:
            existing = {record.id: record for record in self._memory.get_many(packed)}
            for record in existing.values():
                _check_is_node(record)
            others = {name: self._others(record) for name, record in existing.items()}
            moments = [
                self._moment(name, part, rows[name])
                for name, part in packed.items()
                if not others.get(name)
            ]
            self._memory.remember_many(moments).raise_first()
            for name, contents in others.items():
                if contents:
                    parts = {**_read(contents), self._modality: packed[name]}
                    self._write(name, parts, packed[name].percepts, rows[name])

    def remove(self, nodes: NodeSearch) -> None:
        """Forget nodes; of nodes that other writers have, too, remove only this modality."""
        with self._lock:
            alone: list[str] = []
            for record in list(nodes.records()):
                others = self._others(record)
                if others:
                    self._write(record.id, _read(others), (), None)
                else:
                    alone.append(record.id)
            if alone:
                self._memory.forget(*alone)

    def clear(self) -> None:
        """Remove all nodes of this modality."""
        modalities = self._memory.encoder.modalities - {self._modality}
        alone = Every(tuple(Not(Equal("tags", tag_of(modality))) for modality in modalities))
        with self._lock:
            self._memory.forget(tags=[tag_of(self._modality)], where=alone)
            self.remove(NodeSearch(self._memory, self._modality))

    def _row(self, node: BaseNode) -> Row:
        dimension = self._memory.encoder.space.dimension
        if node.embedding is None:
            raise RecordError(
                f"the node {node.node_id!r} without an embedding",
                f"{dimension} numbers",
                "embed it: an index does so before it adds nodes",
            )
        row = np.asarray(node.embedding, np.float32)
        if row.shape != (dimension,) or not np.isfinite(row).all() or not row.any():
            raise VectorError(
                f"the embedding of the node {node.node_id!r}, of shape {row.shape}",
                f"{dimension} finite numbers that are not all zero",
                "embed it with the model that the store was opened with",
            )
        return row

    def _others(self, record: Record) -> Others:
        contents = contents_of(record)
        return {name: content for name, content in contents.items() if name != self._modality}

    def _moment(self, id: str, part: Packed, row: Row) -> Moment:
        return Moment(
            part.percepts,
            id=id,
            text=part.text,
            tags=[tag_of(self._modality)],
            source=part.document,
            metadata={**part.metadata, CONTENT: {self._modality: part.content}},
            vectors={self._modality: row},
        )

    def _write(
        self, id: str, parts: Mapping[str, Packed], percepts: Sequence[Percept], row: Row | None
    ) -> None:
        """Write to an existing record what it is now.

        Args:
            id: Id of the record.
            parts: Nodes of the record, by modality.
            percepts: New media of this modality.
            row: New vector of this modality; `None` removes it.
        """
        # The text's node comes last, and so wins where nodes differ
        ordered = [parts[modality] for modality in sorted(parts, key=lambda name: name == TEXT)]
        leader = ordered[-1]
        same = all(
            (part.metadata, part.document) == (leader.metadata, leader.document) for part in ordered
        )
        metadata = {key: value for part in ordered for key, value in part.metadata.items()}
        contents = {modality: part.content for modality, part in parts.items()}
        self._memory.update(
            id,
            *percepts,
            text=leader.text,
            tags=[*map(tag_of, parts), *([] if same else [MIXED])],
            source=leader.document or "",
            metadata={**metadata, CONTENT: contents},
            vectors={self._modality: row},
            retain={digest for part in ordered for digest in part.digests},
        )


def _read(contents: Others) -> dict[str, Packed]:
    return {modality: read_packed(content) for modality, content in contents.items()}


def _check_is_node(record: Record) -> None:
    if not contents_of(record):
        raise RecordError(
            f"a node of the id {record.id!r}, under which something else is remembered",
            "an id of its own",
            "give the node another one",
        )
