"""A memory as a LlamaIndex vector store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import BaseModel, Field, PrivateAttr
from llama_index.core.schema import BaseNode
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryResult,
)
from typing_extensions import Self

from sensorium.agents.opening import closed_on_failure
from sensorium.agents.threads import to_thread
from sensorium.errors import QueryError, UnsupportedModalityError
from sensorium.llama_index.models import encoder_of
from sensorium.llama_index.modes import answer
from sensorium.llama_index.node_search import NodeSearch, check_open
from sensorium.llama_index.node_writer import NodeWriter
from sensorium.llama_index.resources import stored_node
from sensorium.llama_index.whereabouts import PLACE_FIELDS, place_of
from sensorium.memory import Hit, Memory, Record
from sensorium.memory.closing import Closing
from sensorium.memory.place import OWNER

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

MMR_OPTIONS = frozenset({"mmr_threshold", "mmr_prefetch_factor", "mmr_prefetch_k"})


class SensoriumVectorStore(Closing, BasePydanticVectorStore):
    """Keeps nodes as records of a memory, with vectors of one modality.

    Stores of several modalities may share a memory: a node that is added to two of them is one
    record with two vectors. A store finds only the nodes that were added to it. The asynchronous
    methods do the same in a thread.
    """

    stores_text: bool = True
    is_embedding_query: bool = True
    modality: str = Field(default="text", description="Modality of the nodes' vectors.")
    _memory: Memory = PrivateAttr()
    _writer: NodeWriter = PrivateAttr()
    _owns_memory: bool = PrivateAttr(default=False)

    def __init__(self, memory: Memory, *, modality: str = "text") -> None:
        """Keep nodes in a memory, which the caller closes.

        Args:
            memory: Open memory in the space of the nodes' embeddings.
            modality: Modality of the embeddings: `"text"`, `"image"`, `"audio"`, ...
        Raises:
            QueryError: The memory is not a `Memory`.
            UnsupportedModalityError: The memory has no vectors of this modality.
        """
        check_open(memory)
        known = memory.encoder.modalities
        if modality not in known:
            raise UnsupportedModalityError(
                f"modality={modality!r}", f"one of {', '.join(sorted(known))}", "choose one"
            )
        fields: dict[str, Any] = {"modality": modality}
        super().__init__(**fields)
        self._memory = memory
        self._writer = NodeWriter(memory, modality)

    @classmethod
    def open(
        cls,
        place: str | Path | QdrantClient,
        *,
        owner: str = OWNER,
        embed_model: BaseEmbedding | None = None,
        dimension: int | None = None,
        modality: str = "text",
        **options: Any,
    ) -> Self:
        """Open a store, or begin one, for the vectors of any embedding model.

        Args:
            place: A folder, the URL of a Qdrant server, `":memory:"` or a `QdrantClient`.
            owner: Owner of the nodes; the default is that of the command line.
            embed_model: Model that makes the nodes' embeddings. Its name and dimension are stored;
                the store can only be opened with the same model again.
            dimension: Dimension of the embeddings, if there is no model.
            modality: Modality of the embeddings.
            options: Other options of `Memory.open`.
        Raises:
            VectorError: Neither a model nor a dimension is given, or the model is not one.
            SpaceMismatchError: The store was begun with another model.
            UnsupportedModalityError: The memory has no vectors of this modality.
            StoreError: `Memory.open` failed.
        """
        encoder = encoder_of(embed_model, dimension)
        memory = Memory.open(place, owner=owner, encoder=encoder, **options)
        with closed_on_failure(memory):
            store = cls(memory, modality=modality)
        store._owns_memory = True
        return store

    # LlamaIndex's own leave out of a pickle what cannot be pickled, such as a memory
    __getstate__ = BaseModel.__getstate__
    __setstate__ = BaseModel.__setstate__

    def to_dict(self, **kwargs: Any) -> dict[str, Any]:
        """Describe the store, and where its memory is, without keys of a server.

        Args:
            kwargs: Arguments of pydantic's `model_dump`.
        """
        described: dict[str, Any] = super().to_dict(**kwargs)
        return {**described, **place_of(self._memory)}

    @classmethod
    def from_dict(  # type: ignore[override]  # LlamaIndex's takes any keywords
        cls, data: dict[str, Any], *, memory: Memory | None = None
    ) -> Self:
        """Make a store of what `to_dict` gave.

        Args:
            data: Description of a store.
            memory: Open memory, which the caller closes; by default the one described is opened.
        Raises:
            QueryError: The description does not say where the memory is, or which encoder it has.
            StoreError: `Memory.open` failed.
        """
        modality = data.get("modality", "text")
        if memory is not None:
            return cls(memory, modality=modality)
        if "place" not in data:
            raise QueryError(
                "a description of a store without the place or the encoder of its memory",
                "the memory",
                "pass memory=, or pickle the store instead",
            )
        opened = Memory.open(**{name: data[name] for name in PLACE_FIELDS})
        with closed_on_failure(opened):
            store = cls(opened, modality=modality)
        store._owns_memory = True
        return store

    def sibling(self, modality: str) -> Self:
        """Return the store of another modality in the same memory."""
        return type(self)(self._memory, modality=modality)

    @classmethod
    def class_name(cls) -> str:
        """Return what a dictionary of this store names its class."""
        return "SensoriumVectorStore"

    @property
    def client(self) -> Memory:
        """The memory."""
        return self._memory

    @property
    def memory(self) -> Memory:
        """The memory, to recall across its modalities."""
        return self._memory

    def close(self) -> None:
        """Close the memory, if the store opened it."""
        if self._owns_memory:
            self._memory.close()

    def add(self, nodes: Sequence[BaseNode], **add_kwargs: Any) -> list[str]:
        """Add nodes; a node replaces the node of the same id.

        Args:
            nodes: Nodes with embeddings; if several have one id, the last counts.
            add_kwargs: Not used; LlamaIndex's signature has them.
        Returns:
            Ids of the nodes.
        Raises:
            RecordError: A node has no embedding, its id belongs to a record that is not a node, or
                JSON cannot hold its metadata. Nothing is added.
            VectorError: An embedding has another dimension, NaN, or zeros only. Nothing is added.
            TypeError: An option is given.
        """
        _reject(add_kwargs, "add")
        self._writer.add(nodes)
        return [node.node_id for node in nodes]

    def query(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """Find nodes.

        Args:
            query: Query of mode default, mmr, hybrid or text_search. Its filters may be nested.
                Empty lists of `node_ids` and `doc_ids` do not restrict, as an index passes them.
            kwargs: For mode mmr: `mmr_threshold`, from 0 (only differences count) to 1 (only
                nearness counts), and the number of candidates, as `mmr_prefetch_k` or as
                `mmr_prefetch_factor` times the nodes that are wanted (4).
        Returns:
            The nodes with their similarities, best first.
        Raises:
            QueryError: The mode is unknown, or needs what the query lacks.
            FilterError: A filter is not one of LlamaIndex's.
            TypeError: An option is unknown.
        """
        _reject(kwargs.keys() - MMR_OPTIONS, "query")
        nodes = NodeSearch(
            self._memory,
            self.modality,
            filters=query.filters,
            ids=query.node_ids or None,
            documents=query.doc_ids or None,
        )
        records, scores = answer(query, nodes, kwargs)
        return VectorStoreQueryResult(
            nodes=self._unpack(records, nodes.hits),
            similarities=scores,
            ids=[record.id for record in records],
        )

    def _unpack(
        self, records: Iterable[Record], hits: Mapping[str, Hit] | None = None
    ) -> list[BaseNode]:
        nodes = (
            stored_node(self._memory, record, self.modality, (hits or {}).get(record.id))
            for record in records
        )
        return [node for node in nodes if node is not None]

    def get_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None
    ) -> list[BaseNode]:
        """Return nodes, in the order of the ids, or else in the order in which they were added.

        Args:
            node_ids: Ids of nodes; unknown ids are left out. By default all nodes.
            filters: Filters of the nodes' metadata.
        Raises:
            FilterError: A filter is not one of LlamaIndex's.
        """
        found = NodeSearch(self._memory, self.modality, ids=node_ids, filters=filters)
        return self._unpack(found.records())

    def delete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """Remove the nodes of a document from this store.

        Raises:
            TypeError: An option is given.
        """
        _reject(delete_kwargs, "delete")
        self._writer.remove(NodeSearch(self._memory, self.modality, documents=[ref_doc_id]))

    def delete_nodes(
        self,
        node_ids: list[str] | None = None,
        filters: MetadataFilters | None = None,
        **delete_kwargs: Any,
    ) -> None:
        """Remove nodes from this store; unknown ids are ignored.

        Args:
            node_ids: Ids of the nodes.
            filters: Filters of the nodes' metadata.
            delete_kwargs: Not used; LlamaIndex's signature has them.
        Raises:
            QueryError: Neither ids nor filters are given.
            FilterError: A filter is not one of LlamaIndex's.
            TypeError: An option is given.
        """
        _reject(delete_kwargs, "delete_nodes")
        if node_ids is None and filters is None:
            raise QueryError(
                "delete_nodes() without ids and filters", "one of them", "clear() removes all nodes"
            )
        self._writer.remove(NodeSearch(self._memory, self.modality, ids=node_ids, filters=filters))

    def clear(self) -> None:
        """Remove all nodes from this store."""
        self._writer.clear()

    def persist(self, persist_path: str, fs: fsspec.AbstractFileSystem | None = None) -> None:
        """Make all nodes safe against loss of power, in the memory itself.

        Args:
            persist_path: Not used; other stores write a file there.
            fs: Not used.
        """
        self._memory.flush()

    async def async_add(self, nodes: Sequence[BaseNode], **kwargs: Any) -> list[str]:
        """Call `add` in a thread."""
        return await to_thread(self.add, nodes, **kwargs)

    async def aquery(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """Call `query` in a thread."""
        return await to_thread(self.query, query, **kwargs)

    async def aget_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None
    ) -> list[BaseNode]:
        """Call `get_nodes` in a thread."""
        return await to_thread(self.get_nodes, node_ids, filters)

    async def adelete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """Call `delete` in a thread."""
        await to_thread(self.delete, ref_doc_id, **delete_kwargs)

    async def adelete_nodes(
        self,
        node_ids: list[str] | None = None,
        filters: MetadataFilters | None = None,
        **delete_kwargs: Any,
    ) -> None:
        """Call `delete_nodes` in a thread."""
        await to_thread(self.delete_nodes, node_ids, filters, **delete_kwargs)

    async def aclear(self) -> None:
        """Call `clear` in a thread."""
        await to_thread(self.clear)


def _reject(unknown: Iterable[str], method: str) -> None:
    names = sorted(unknown)
    if names:
        raise TypeError(f"{method}() takes no {', '.join(names)}")
