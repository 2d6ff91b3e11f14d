"""A memory as a LangChain vector store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from typing_extensions import Self

from sensorium.encoders.functions import EXTERNAL
from sensorium.errors import BatchError, QueryError, SourceTypeError, SpaceMismatchError
from sensorium.langchain.contents import Content, percepts_of
from sensorium.langchain.documents import MARK, stored_document
from sensorium.langchain.embeddings import SensoriumEmbeddings
from sensorium.langchain.inputs import facts_of, listed, names_of, rows_of
from sensorium.langchain.searches import SearchableStore
from sensorium.langchain.signals import Metadatas, SignalStore
from sensorium.langchain.spaces import check_embedding, encoder_of, needed_method
from sensorium.langchain.wishes import Wanted, check_filter, refuse
from sensorium.memory import Memory, Moment
from sensorium.memory.closing import Closing
from sensorium.memory.place import OWNER
from sensorium.memory.writing.writer import BATCH

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

OPTIONS = frozenset(signature(Memory.open).parameters) - {"place", "owner", "encoder"}
SHOWN = 60  # characters of a document, in an error


class SensoriumVectorStore(Closing, SearchableStore, SignalStore):
    """Documents in a memory, found by likeness: texts, pictures, sounds and other signals.

    Searches find whatever the memory holds; `delete` removes documents that a store added, alone.
    The asynchronous methods run in a thread.

    Attributes:
        memory: Where the documents are.
    """

    def __init__(
        self, memory: Memory, embedding: Embeddings | None = None, *, ranking: str | None = None
    ) -> None:
        """See an open memory as a vector store; it stays the caller's to close.

        Args:
            memory: Of any encoder.
            embedding: What makes the vectors, in the memory's space; by default the memory's own
                encoder, which gives each stretch of a long text a vector of its own.
            ranking: As of `Memory.recall`; by default `"raw"`, by cosine, in a memory of one sense,
                and `"centred"`, which is fair to all senses, in others.
        Raises:
            SourceTypeError: No open memory, or no embeddings.
            SpaceMismatchError: Embeddings of another model than the memory's.
        """
        if not isinstance(memory, Memory):
            raise SourceTypeError(
                f"a {type(memory).__name__} as the memory",
                "an open Memory",
                "use SensoriumVectorStore.open(place, embedding=...)",
            )
        if embedding is not None:
            check_embedding(embedding)
        self.memory = memory
        self._owns_memory = False
        self._given = embedding
        self._foreign: Embeddings | None = embedding
        if isinstance(embedding, SensoriumEmbeddings):
            memory.backend.schema.check(embedding.encoder.space, "the memory")
            self._foreign = None
        elif embedding is not None and memory.encoder.space.weights != EXTERNAL:
            raise SpaceMismatchError(
                f"vectors of {type(embedding).__name__} in a memory of {memory.encoder.space.id}",
                "one space: two models' vectors cannot be compared",
                "leave embedding out, or use SensoriumVectorStore.open(place, embedding=...)",
            )
        several = len(memory.encoder.modalities) > 1
        self._ranking = ranking or ("centred" if several else "raw")

    @classmethod
    def open(
        cls,
        place: str | Path | QdrantClient = ":memory:",
        *,
        embedding: Embeddings,
        owner: str = OWNER,
        dimension: int | None = None,
        model: str | None = None,
        ranking: str | None = None,
        **options: Any,
    ) -> Self:
        """Open a store, or begin one.

        Args:
            place: A folder (Qdrant Edge, in this process), the URL of a Qdrant server,
                `":memory:"` or any `QdrantClient`.
            embedding: Of any dimension.
            owner: Whose documents: nobody else's are found or changed. By default the owner that
                the command line and the MCP server have by default, too.
            dimension: Numbers in a vector; by default a question is embedded to see.
            model: Names the vectors' space: a store opens with no other. By default the class of
                the embeddings, and the model they say they use.
            ranking: As of the constructor.
            options: Others of `Memory.open`.
        Raises:
            SourceTypeError: No embeddings.
            QueryError: An option nobody knows.
            SpaceMismatchError: The store was made with other embeddings.
            StoreError: As `Memory.open`.
        """
        refuse(
            {name: value for name, value in options.items() if name not in OPTIONS},
            needed=f"known ones: owner, dimension, model, ranking, {', '.join(sorted(OPTIONS))}",
            remedy="name the folder or server with place=",
        )
        encoder = encoder_of(embedding, dimension=dimension, model=model)
        memory = Memory.open(place, owner=owner, encoder=encoder, **options)
        store = cls(memory, embedding, ranking=ranking)
        store._owns_memory = True
        return store

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> Self:
        """Open a store and add texts; `kwargs` are those of `open`.

        Raises:
            BatchError: Some could not be added; the others are, and the store is closed.
        """
        store = cls.open(embedding=embedding, **kwargs)
        try:
            store.add_texts(texts, metadatas, ids=ids)
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Close the memory, if the store opened it."""
        if self._owns_memory:
            self.memory.close()

    @property
    def embeddings(self) -> Embeddings:
        """What makes the vectors."""
        return self._given or SensoriumEmbeddings(self.memory.encoder)

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: Metadatas | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Add texts; arguments and errors as `add_documents`, with one dictionary each."""
        words = listed(texts, str)
        facts = facts_of(metadatas, len(words))
        documents = [Document(text, metadata=m) for text, m in zip(words, facts, strict=True)]
        return self.add_documents(documents, ids=ids, **kwargs)

    def add_documents(
        self,
        documents: Sequence[Document],
        *,
        ids: Sequence[str | None] | None = None,
        batch_size: int = BATCH,
        **kwargs: Any,
    ) -> list[str]:
        """Add documents, or replace those of the same id.

        Args:
            documents: With metadata that JSON can say; they are not changed.
            ids: One each, in the place of the documents' own; made where there is none.
            batch_size: Written together.
            kwargs: None; others are refused.
        Returns:
            The ids, in order.
        Raises:
            RecordError: Not as many ids as documents.
            BatchError: Some could not be added: `failures` says which and why; `results` holds the
                ids of the others, which are in the store.
        """
        refuse(kwargs)
        documents = listed(documents, Document)
        names = names_of([one.id for one in documents], ids)
        texts = [one.page_content for one in documents]
        moments = [
            Moment(text=text, metadata=one.metadata, tags=[MARK], id=name, vectors=vectors)
            for text, one, name, vectors in zip(
                texts, documents, names, self._text_vectors(texts), strict=True
            )
        ]
        return self._remember(moments, names, batch_size)

    def _text_vectors(self, texts: list[str]) -> Sequence[Mapping[str, Any] | None]:
        """Return the vectors of each text; `None` where the memory's encoder is to make them."""
        if self._foreign is not None:
            return rows_of(
                "text", self._foreign.embed_documents(texts) if texts else [], len(texts)
            )
        return [None if text.strip() else {} for text in texts]  # nothing resembles no words

    def _add_signals(
        self,
        modality: str,
        uris: Sequence[Content],
        metadatas: Metadatas | None,
        ids: Sequence[str | None] | None,
        units: Mapping[str, Any],
    ) -> list[str]:
        method = needed_method(self._foreign, modality) if self._foreign else None
        percepts = percepts_of(uris, modality=modality, units=units)
        facts = facts_of(metadatas, len(percepts))
        names = names_of([None] * len(percepts), ids)
        vectors: Sequence[Mapping[str, Any] | None] = [None] * len(percepts)
        if method is not None:
            vectors = rows_of(modality, method(list(uris)) if percepts else [], len(percepts))
        moments = [
            Moment(percept, metadata=fact, tags=[MARK], id=name, vectors=rows)
            for percept, fact, name, rows in zip(percepts, facts, names, vectors, strict=True)
        ]
        return self._remember(moments, names, BATCH)

    def _remember(self, moments: list[Moment], names: list[str], batch_size: int) -> list[str]:
        report = self.memory.remember_many(moments, batch_size=batch_size)
        if report.failures:
            failures = {one.index: one.error for one in report.failures}
            first, error = next(iter(failures.items()))
            words = moments[first].text
            begin = f", {words[:SHOWN]!r}" if words else ""
            raise BatchError(
                f"{len(moments)} documents of which {len(failures)} could not be added; first, "
                f"index {first} with the id {names[first]!r}{begin}: "
                f"{type(error).__name__}: {error}",
                "documents that can be embedded and kept",
                "see .failures; .results holds the ids of the others, which are in the store",
                failures,
                [None if i in failures else name for i, name in enumerate(names)],
            )
        return names

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return documents in the order of their ids; those that are not there are left out."""
        return [stored_document(record) for record in self.memory.get_many(ids)]

    def delete(
        self,
        ids: Sequence[str] | None = None,
        *,
        filter: Wanted = None,
        everything: bool = False,
        **kwargs: Any,
    ) -> bool:
        """Delete documents that a store added; ids of others, and of none, are passed over.

        Args:
            ids: Of documents.
            filter: Instead, or besides, so that both must hold: on their metadata.
            everything: Needed to delete all. (`delete()` alone means that to some stores and
                nothing to others; here it is an error.)
            kwargs: None; others are refused.
        Raises:
            QueryError: Neither ids nor a filter, without `everything`.
        """
        refuse(kwargs)
        check_filter(filter)
        if isinstance(ids, str):
            raise QueryError(f"the ids {ids!r}"[:200], "a list of ids", "write [id]")
        names = None if ids is None else list(ids)
        if names is None and not everything and not filter:
            raise QueryError(
                "delete() of nothing named",
                "what to delete",
                "pass delete(ids), filter= or everything=True",
            )
        if names is None or names or everything:
            self.memory.forget(*(names or ()), where=filter, tags=[MARK])
        return True

    async def aadd_texts(
        self,
        texts: Iterable[str],
        metadatas: Metadatas | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Add texts in a thread."""
        return await asyncio.to_thread(self.add_texts, texts, metadatas, ids=ids, **kwargs)

    async def aadd_documents(self, documents: Sequence[Document], **kwargs: Any) -> list[str]:
        """Add documents in a thread."""
        return await asyncio.to_thread(self.add_documents, documents, **kwargs)
