"""Writing nodes to a memory: one record for a node, whichever stores were given it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
from llama_index.core.schema import BaseNode, MetadataMode
from numpy.typing import NDArray

from sensorium.agents.origins import origin_of_document
from sensorium.encoders.forking import Lock
from sensorium.encoders.functions import encodable
from sensorium.encoders.handles import Remade
from sensorium.errors import RecordError, SensoriumError, VectorError
from sensorium.llama_index.node_search import NodeSearch
from sensorium.llama_index.nodes import (
    CONTENT,
    MIXED,
    OWN,
    Content,
    Packed,
    contents_of,
    media_of,
    modalities_of,
    own_tag_of,
    own_words,
    pack,
    read_packed,
    tag_of,
)
from sensorium.memory import Memory, Moment, Record
from sensorium.percepts import Percept, Text
from sensorium.qdrant import Equal, Every, Not

Others: TypeAlias = Mapping[str, Content]  # contents that other stores keep in a record
TEXT = "text"
SAME = 0.999  # cosine from which on two vectors are those of one text
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
        for node in nodes:
            if rows[node.node_id] is None:
                packed[node.node_id] = _with_own(packed[node.node_id], media_of(node))
        with self._lock:
            existing = {record.id: record for record in self._memory.get_many(packed)}
            for record in existing.values():
                _check_is_node(record)
            others = {name: self._others(record) for name, record in existing.items()}
            for name, contents in others.items():
                _check_is_apart(name, packed[name], contents)
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

    def _row(self, node: BaseNode) -> Row | None:
        """Return the vector of a node; `None` for one whose media are to be encoded.

        These are media without words: what an index embedded for them is no more than their
        metadata. A vector of another origin stays, and so does one in the store of the medium.
        """
        dimension = self._memory.encoder.space.dimension
        if self._has_no_vector(node):
            kinds = set() if own_words(node) else modalities_of(node)
            if kinds and kinds <= encodable(self._memory.encoder):
                return None
            if kinds and node.embedding is not None and not _told(node).strip():
                raise RecordError(
                    f"the node {node.node_id!r}, with {' and '.join(sorted(kinds))} and no words, "
                    "embedded as an empty text",
                    f"an encoder of {' and '.join(sorted(kinds))}, or words",
                    "open the store with embed_model=SensoriumEmbedding(), or give it a text",
                )
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

    def _has_no_vector(self, node: BaseNode) -> bool:
        """Return whether a node has no vector, or that of its metadata, which an index made."""
        if node.embedding is None:
            return True
        if own_words(node) or self._modality in modalities_of(node) or not modalities_of(node):
            return False
        encoder = self._memory.encoder
        row = np.asarray(node.embedding, np.float32)
        if "text" not in encodable(encoder) or row.shape != (encoder.space.dimension,):
            return False
        [told] = encoder.try_encode([Text(_told(node))])
        if isinstance(told, SensoriumError):
            return False
        return bool(row @ told.pooled > SAME * np.linalg.norm(row))

    def _others(self, record: Record) -> Others:
        contents = contents_of(record)
        return {name: content for name, content in contents.items() if name != self._modality}

    def _moment(self, id: str, part: Packed, row: Row | None) -> Moment:
        own = [own_tag_of(self._modality)] if row is None else []
        return Moment(
            part.percepts,
            id=id,
            text=part.text,
            tags=[tag_of(self._modality), *own],
            source=part.document,
            metadata={**part.metadata, CONTENT: {self._modality: part.content}},
            vectors=None if row is None else {self._modality: row},
            origin=origin_of_document(part.metadata),
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


def _told(node: BaseNode) -> str:
    return node.get_content(metadata_mode=MetadataMode.EMBED)


def _with_own(part: Packed, media: Sequence[Percept]) -> Packed:
    """Return a packed node with the media that are encoded for it."""
    percepts = {percept.digest: percept for percept in (*part.percepts, *media)}
    return replace(
        part,
        content={**part.content, OWN: "true"},
        percepts=tuple(percepts.values()),
        digests=tuple(percepts),
    )


def _check_is_apart(id: str, part: Packed, others: Others) -> None:
    """Check that no other store has a node whose media are encoded: each removes its own."""
    if others and any(OWN in content for content in (part.content, *others.values())):
        raise RecordError(
            f"the node {id!r}, whose medium another store of the memory has",
            "a node in one store",
            "delete it there, or give it another id",
        )


def _check_is_node(record: Record) -> None:
    if not contents_of(record):
        raise RecordError(
            f"a node of the id {record.id!r}, under which something else is remembered",
            "an id of its own",
            "give the node another one",
        )
