"""A memory as a LlamaIndex vector store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import Field, PrivateAttr
from llama_index.core.schema import BaseNode
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryResult,
)
from typing_extensions import Self

from sensorium.errors import QueryError, UnsupportedModalityError
from sensorium.llama_index.keeping import Keeper
from sensorium.llama_index.models import encoder_of
from sensorium.llama_index.modes import answered
from sensorium.llama_index.nodes import unpacked
from sensorium.llama_index.searching import Nodes, check_memory
from sensorium.memory import Memory, Record
from sensorium.memory.closing import Closing
from sensorium.memory.place import OWNER

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

MMR_OPTIONS = frozenset({"mmr_threshold", "mmr_prefetch_factor", "mmr_prefetch_k"})


class SensoriumVectorStore(Closing, BasePydanticVectorStore):
    """Nodes as records of a memory, each with one vector of this store's modality.

    Stores of other modalities may share the memory: a node that is added to two of them is one
    record with two vectors. A store sees the nodes that were added to it, and nothing else of the
    memory. The asynchronous methods do the same in a thread.
    """

    stores_text: bool = True
    is_embedding_query: bool = True
    modality: str = Field(default="text", description="Which vector of a record is a node's.")
    _memory: Memory = PrivateAttr()
    _keeper: Keeper = PrivateAttr()
    _owns_memory: bool = PrivateAttr(default=False)

    def __init__(self, memory: Memory, *, modality: str = "text") -> None:
        """Keep nodes in a memory, which the caller closes.

        Args:
            memory: Of the space of the nodes' embeddings.
            modality: What the embeddings are of: `"text"`, `"image"`, `"audio"`, ...
        Raises:
            QueryError: What is no memory.
            UnsupportedModalityError: One that the memory has no vectors of.
        """
        check_memory(memory)
        known = memory.encoder.modalities
        if modality not in known:
            raise UnsupportedModalityError(
                f"modality={modality!r}", f"one of {', '.join(sorted(known))}", "choose one"
            )
        fields: dict[str, Any] = {"modality": modality}
        super().__init__(**fields)
        self._memory = memory
        self._keeper = Keeper(memory, modality)

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
            place: A folder, the URL of a Qdrant server, `":memory:"` or any `QdrantClient`.
            owner: Whose nodes; by default as on the command line.
            embed_model: That makes the nodes' embeddings. Its name and dimension are kept with the
                store, which is not opened with another one.
            dimension: Of the embeddings; needed without a model.
            modality: What the embeddings are of.
            options: As for `Memory.open`.
        Raises:
            VectorError: Neither a model nor a dimension, or what is no model.
            SpaceMismatchError: The store was begun with another model.
            StoreError: As `Memory.open`.
        """
        encoder = encoder_of(embed_model, dimension)
        memory = Memory.open(place, owner=owner, encoder=encoder, **options)
        try:
            store = cls(memory, modality=modality)
        except BaseException:
            memory.close()
            raise
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
        """The memory, to recall across its senses."""
        return self._memory

    def close(self) -> None:
        """Close the memory, if the store opened it."""
        if self._owns_memory:
            self._memory.close()

    def add(self, nodes: Sequence[BaseNode], **add_kwargs: Any) -> list[str]:
        """Add nodes, which take the place of nodes of their ids.

        Args:
            nodes: With embeddings; of several with one id, the last counts.
            add_kwargs: None.
        Returns:
            Their ids.
        Raises:
            RecordError: A node without an embedding, an id that is taken by what is no node, or
                metadata that JSON cannot hold. Nothing is added then.
            VectorError: An embedding of another dimension, with NaN, or of zeros. Nor then.
        """
        _refuse(add_kwargs, "add")
        self._keeper.add(nodes)
        return [node.node_id for node in nodes]

    def query(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """Find nodes.

        Args:
            query: In mode default, mmr, hybrid or text_search; filters may be nested. Empty lists
                of `node_ids` and `doc_ids` do not restrict, as an index passes them.
            kwargs: In mode mmr, `mmr_threshold` (1 looks at the question alone, 0 at differences),
                and how many candidates: `mmr_prefetch_factor` times the nodes wanted (4), or
                `mmr_prefetch_k`.
        Raises:
            QueryError: Another mode, or one that needs what was not given.
            FilterError: A filter that is none.
        """
        _refuse(kwargs.keys() - MMR_OPTIONS, "query")
        nodes = Nodes(
            self._memory,
            self.modality,
            filters=query.filters,
            ids=query.node_ids or None,
            documents=query.doc_ids or None,
        )
        records, scores = answered(query, nodes, kwargs)
        return VectorStoreQueryResult(
            nodes=self._unpacked(records), similarities=scores, ids=[one.id for one in records]
        )

    def _unpacked(self, records: Iterable[Record]) -> list[BaseNode]:
        nodes = (unpacked(self._memory, record, self.modality) for record in records)
        return [node for node in nodes if node is not None]

    def get_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None
    ) -> list[BaseNode]:
        """Return nodes, in the order of the ids; else those first that were added first.

        Args:
            node_ids: Of the nodes; what is not there is left out. By default all.
            filters: Of their metadata.
        """
        found = Nodes(self._memory, self.modality, ids=node_ids, filters=filters)
        return self._unpacked(found.records())

    def delete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """Remove the nodes of a document from this store."""
        _refuse(delete_kwargs, "delete")
        self._keeper.remove(Nodes(self._memory, self.modality, documents=[ref_doc_id]))

    def delete_nodes(
        self,
        node_ids: list[str] | None = None,
        filters: MetadataFilters | None = None,
        **delete_kwargs: Any,
    ) -> None:
        """Remove nodes from this store; what is not there is passed over.

        Args:
            node_ids: Of the nodes.
            filters: Of their metadata.
            delete_kwargs: None.
        Raises:
            QueryError: Neither.
        """
        _refuse(delete_kwargs, "delete_nodes")
        if node_ids is None and filters is None:
            raise QueryError(
                "delete_nodes() without ids and filters", "one of them", "clear() removes all nodes"
            )
        self._keeper.remove(Nodes(self._memory, self.modality, ids=node_ids, filters=filters))

    def clear(self) -> None:
        """Remove all nodes from this store."""
        self._keeper.clear()

    def persist(self, persist_path: str, fs: fsspec.AbstractFileSystem | None = None) -> None:
        """Make all nodes safe against loss of power, where the memory is: it needs no other file.

        Args:
            persist_path: Where other stores write theirs.
            fs: And in which file system.
        """
        self._memory.flush()

    async def async_add(self, nodes: Sequence[BaseNode], **kwargs: Any) -> list[str]:
        """As `add`."""
        return await asyncio.to_thread(self.add, nodes, **kwargs)

    async def aquery(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """As `query`."""
        return await asyncio.to_thread(self.query, query, **kwargs)

    async def aget_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None
    ) -> list[BaseNode]:
        """As `get_nodes`."""
        return await asyncio.to_thread(self.get_nodes, node_ids, filters)

    async def adelete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """As `delete`."""
        await asyncio.to_thread(self.delete, ref_doc_id, **delete_kwargs)

    async def adelete_nodes(
        self,
        node_ids: list[str] | None = None,
        filters: MetadataFilters | None = None,
        **delete_kwargs: Any,
    ) -> None:
        """As `delete_nodes`."""
        await asyncio.to_thread(self.delete_nodes, node_ids, filters, **delete_kwargs)

    async def aclear(self) -> None:
        """As `clear`."""
        await asyncio.to_thread(self.clear)


def _refuse(unknown: Iterable[str], method: str) -> None:
    names = sorted(unknown)
    if names:
        raise TypeError(f"{method}() takes no {', '.join(names)}")
