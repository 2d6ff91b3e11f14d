"""A memory as a LangChain vector store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from numpy.typing import NDArray
from typing_extensions import Self

from sensorium.agents.opening import check_memory, closed_on_failure
from sensorium.agents.signals import Content, percepts_of
from sensorium.agents.threads import in_thread
from sensorium.encoders import normalise
from sensorium.errors import BatchError, QueryError, SensoriumError, SourceTypeError
from sensorium.langchain.checks import (
    FETCH_K,
    K,
    Wanted,
    as_list,
    check_lambda,
    ids_of,
    limit_of,
    metadata_of,
    refuse,
    vectors_of,
)
from sensorium.langchain.documents import (
    MARK,
    end_of_line,
    returned_metadata,
    signals_of,
    stored_document,
)
from sensorium.langchain.embeddings import SensoriumEmbeddings
from sensorium.langchain.filters import condition_of
from sensorium.langchain.foreign import check_embedding, check_space, encoder_of, needed_method
from sensorium.langchain.store_retriever import StoreRetriever, check_arguments
from sensorium.memory import Hit, Memory, Moment, Record
from sensorium.memory.closing import Closing
from sensorium.memory.place import OWNER
from sensorium.memory.recalling.diversity import choose_diverse
from sensorium.memory.writing.writer import BATCH
from sensorium.percepts import Percept, Text

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

Contents: TypeAlias = Sequence[Content]
Metadatas: TypeAlias = "Sequence[Mapping[str, Any] | None] | None"
Ids: TypeAlias = "Sequence[str | None] | None"

OPTIONS = frozenset(signature(Memory.open).parameters) - {"place", "owner", "encoder"}
SHOWN = 60  # characters of a document, in an error


class SensoriumVectorStore(Closing, VectorStore):
    """Documents in a memory, found by likeness: texts, pictures, sounds and other signals.

    Searches find every record of the memory; `delete` removes only documents that a vector store
    added. Searches take `filter=`: a dictionary on the metadata,
    `{"room": "kitchen", "floor": [1, 2]}`, or any condition of `sensorium.qdrant`. The
    asynchronous methods run in a thread.

    Attributes:
        memory: The memory that holds the documents.
    """

    memory: Memory

    def __init__(
        self,
        memory: Memory | None = None,
        embedding: Embeddings | None = None,
        *,
        ranking: str | None = None,
        model: str | None = None,
    ) -> None:
        """See an open memory as a vector store; it stays the caller's to close.

        Args:
            memory: The memory that holds the documents, of any encoder.
            embedding: What makes the vectors, in the memory's space; by default the memory's own
                encoder, which gives each stretch of a long text a vector of its own.
            ranking: Ranking of `Memory.recall`. By default `"raw"`, by cosine, in a memory of one
                modality, and `"centred"`, which is fair to all modalities, in others.
            model: Name of the space of `embedding`, as of `open`.
        Raises:
            SourceTypeError: Not an open memory, or not embeddings.
            SpaceMismatchError: Embeddings of another model than the memory's.
        """
        remedy = "use SensoriumVectorStore.open(place, embedding=...)"
        self.memory = check_memory(memory, remedy=remedy, error=SourceTypeError)
        if embedding is not None:
            check_embedding(embedding)
            remedy = f"leave embedding out, or {remedy}"
            check_space(embedding, self.memory, model=model, remedy=remedy)
        self._owns_memory = False
        self._given = embedding
        # Embeddings that make the vectors in the place of the memory's own encoder.
        is_own = isinstance(embedding, SensoriumEmbeddings)
        self._foreign: Embeddings | None = None if is_own else embedding
        several = len(self.memory.encoder.modalities) > 1
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
            place: A folder, the URL of a Qdrant server, `":memory:"` or any `QdrantClient`.
            embedding: Embeddings of any dimension.
            owner: Owner of the documents; by default that of the command line.
            dimension: Numbers in a vector; by default a question is embedded to count them.
            model: Name of the vectors' space; by default the class of the embeddings, and the
                model they say they use. The name decides which store they open only where the
                store has no vector to compare theirs with.
            ranking: As of the constructor.
            options: Further options of `Memory.open`.
        Raises:
            SourceTypeError: Not embeddings.
            QueryError: An unknown option.
            SpaceMismatchError: The store was made with other embeddings.
            StoreError: The place cannot be opened; see `Memory.open`.
        """
        refuse(
            {name: value for name, value in options.items() if name not in OPTIONS},
            needed=f"known ones: owner, dimension, model, ranking, {', '.join(sorted(OPTIONS))}",
            remedy="name the folder or server with place=",
        )
        encoder = encoder_of(embedding, dimension=dimension, model=model)
        opened = Memory.open(place, owner=owner, encoder=encoder, **options)
        with closed_on_failure(opened) as memory:
            store = cls(memory, embedding, ranking=ranking, model=model)
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
        with closed_on_failure(cls.open(embedding=embedding, **kwargs)) as store:
            store.add_texts(texts, metadatas, ids=ids)
        return store

    def close(self) -> None:
        """Close the memory, if the store opened it."""
        if self._owns_memory:
            self.memory.close()

    @property
    def embeddings(self) -> Embeddings:
        """What makes the vectors."""
        return self._given or SensoriumEmbeddings(self.memory.encoder)

    # Adding

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: Metadatas = None,
        *,
        ids: Ids = None,
        **kwargs: Any,
    ) -> list[str]:
        """Add texts; arguments and errors as `add_documents`, with one dictionary each."""
        words = as_list(texts, str)
        metadata = metadata_of(metadatas, len(words))
        documents = [Document(text, metadata=m) for text, m in zip(words, metadata, strict=True)]
        return self.add_documents(documents, ids=ids, **kwargs)

    def add_documents(
        self,
        documents: Sequence[Document],
        *,
        ids: Ids = None,
        batch_size: int = BATCH,
        **kwargs: Any,
    ) -> list[str]:
        """Add documents, or replace those of the same id.

        The document of a picture or sound that this store returned, added again under its id, gives
        the picture its metadata: it is not replaced by the line of words that names it.

        Args:
            documents: Documents with JSON-ready metadata; they are not changed.
            ids: Ids that take the place of the documents' own, one each; made where there is none.
            batch_size: Documents written together.
            kwargs: Refused: there are no others.
        Returns:
            The ids, in order.
        Raises:
            RecordError: Not as many ids as documents.
            BatchError: Some could not be added: `failures` says which and why; `results` holds the
                ids of the others, which are in the store.
        """
        refuse(kwargs)
        documents = as_list(documents, Document)
        names = ids_of([document.id for document in documents], ids)
        signals = self._signals_named_by(documents, names)
        for index, record in signals.items():
            metadata = returned_metadata(documents[index], record)
            self.memory.update(record.id, metadata=metadata)
        places = [index for index in range(len(documents)) if index not in signals]
        vectors = self._text_vectors([documents[index].page_content for index in places])
        moments = [
            Moment(
                text=documents[index].page_content,
                metadata=documents[index].metadata,
                tags=[MARK],
                id=names[index],
                vectors=rows,
            )
            for index, rows in zip(places, vectors, strict=True)
        ]
        return self._remember(moments, names, batch_size, places)

    def _signals_named_by(
        self, documents: Sequence[Document], names: Sequence[str]
    ) -> dict[int, Record]:
        """Return the records of signals that documents only name, by the documents' indexes."""
        lines = {
            name: index
            for index, (document, name) in enumerate(zip(documents, names, strict=True))
            if document.page_content.endswith(end_of_line(name))
        }
        return {
            lines[record.id]: record
            for record in (self.memory.get_many(lines) if lines else ())
            if signals_of(record) and not record.text
        }

    def _text_vectors(self, texts: list[str]) -> Sequence[Mapping[str, Any] | None]:
        """Return the vectors of each text; `None` where the memory's encoder makes them."""
        if self._foreign is not None:
            rows = self._foreign.embed_documents(texts) if texts else []
            return vectors_of(Text.modality, rows, len(texts))
        # A blank text gets no vector: nothing resembles it.
        return [None if text.strip() else {} for text in texts]

    def add_percepts(
        self, percepts: Sequence[Percept], metadatas: Metadatas = None, *, ids: Ids = None
    ) -> list[str]:
        """Add percepts of any modalities, which are kept, each as a document of its own.

        The metadata of such a document has `id`, `modality`, `uri` and `mime_type` besides those
        given; its text is one line that names it.

        Args:
            percepts: Pictures, sounds and other signals.
            metadatas: One dictionary each, or `None`.
            ids: One each; made where `None`.
        Returns:
            The ids, in order.
        Raises:
            RecordError: Not as many ids or dictionaries as percepts.
            BatchError: Some could not be embedded or kept; the others are in the store.
            UnsupportedModalityError: The store's embeddings do not take a modality.
        """
        return self._keep(percepts, percepts, metadatas, ids)

    def add_images(
        self, uris: Contents, metadatas: Metadatas = None, *, ids: Ids = None, **units: Any
    ) -> list[str]:
        """Add pictures, which are kept, each as a document whose text is a line that names it.

        Args:
            uris: Paths, `file:` or `data:` URIs, encoded bytes, or percepts.
            metadatas: One dictionary each, or `None`.
            ids: One each; made where `None`.
            units: Refused: pictures have none.
        Returns:
            The ids, in order.
        Raises:
            PerceptError: A picture that cannot be taken; nothing is added then.
            BatchError: As `add_percepts`, which raises others, too.
        """
        return self._add("image", uris, metadatas, ids, units)

    def add_audio(
        self, uris: Contents, metadatas: Metadatas = None, *, ids: Ids = None, **units: Any
    ) -> list[str]:
        """Add sounds; arguments and errors as `add_images`."""
        return self._add("audio", uris, metadatas, ids, units)

    def add_video(
        self, uris: Contents, metadatas: Metadatas = None, *, ids: Ids = None, **units: Any
    ) -> list[str]:
        """Add videos; arguments and errors as `add_images`."""
        return self._add("video", uris, metadatas, ids, units)

    def add_depth(
        self, uris: Contents, metadatas: Metadatas = None, *, ids: Ids = None, **units: Any
    ) -> list[str]:
        """Add depth maps; as `add_images`, with the units `unit=`, `fx=` and `baseline=`."""
        return self._add("depth", uris, metadatas, ids, units)

    def add_thermal(
        self, uris: Contents, metadatas: Metadatas = None, *, ids: Ids = None, **units: Any
    ) -> list[str]:
        """Add thermal pictures; as `add_images`, with `unit=`, `span=` and `palette=`."""
        return self._add("thermal", uris, metadatas, ids, units)

    def add_imu(
        self, uris: Contents, metadatas: Metadatas = None, *, ids: Ids = None, **units: Any
    ) -> list[str]:
        """Add motions; as `add_images`, with `accel=`, `gyro=` and perhaps `rate=`."""
        return self._add("imu", uris, metadatas, ids, units)

    def _add(
        self,
        modality: str,
        uris: Contents,
        metadatas: Metadatas,
        ids: Ids,
        units: Mapping[str, Any],
    ) -> list[str]:
        """Add signals of one modality and return their ids."""
        if self._foreign is not None:
            needed_method(self._foreign, modality)  # raises before any file is opened
        percepts = percepts_of(uris, modality=modality, units=units)
        return self._keep(percepts, uris, metadatas, ids)

    def _keep(
        self, percepts: Sequence[Percept], contents: Contents, metadatas: Metadatas, ids: Ids
    ) -> list[str]:
        """Add percepts; foreign embeddings are given their contents as the caller named them."""
        metadata = metadata_of(metadatas, len(percepts))
        names = ids_of([None] * len(percepts), ids)
        vectors = self._percept_vectors(percepts, contents)
        moments = [
            Moment(percept, metadata=m, tags=[MARK], id=name, vectors=rows)
            for percept, m, name, rows in zip(percepts, metadata, names, vectors, strict=True)
        ]
        return self._remember(moments, names, BATCH, range(len(names)))

    def _percept_vectors(
        self, percepts: Sequence[Percept], contents: Contents
    ) -> Sequence[Mapping[str, Any] | None]:
        """Return the vectors of each percept; `None` where the memory's encoder makes them."""
        vectors: list[Mapping[str, Any] | None] = [None] * len(percepts)
        if self._foreign is None:
            return vectors
        for modality in {percept.modality for percept in percepts}:
            places = [i for i, percept in enumerate(percepts) if percept.modality == modality]
            rows = needed_method(self._foreign, modality)([contents[i] for i in places])
            for place, row in zip(places, vectors_of(modality, rows, len(places)), strict=True):
                vectors[place] = row
        return vectors

    def _remember(
        self, moments: list[Moment], names: list[str], batch_size: int, places: Sequence[int]
    ) -> list[str]:
        """Remember the documents at `places`, and return the names of all."""
        report = self.memory.remember_many(moments, batch_size=batch_size)
        if report.failures:
            failures = {places[failure.index]: failure.error for failure in report.failures}
            raise _batch_error(failures, moments[report.failures[0].index].text, names)
        return names

    # Finding

    def similarity_search(self, query: str, k: int = K, **kwargs: Any) -> list[Document]:
        """Return the documents most similar to a question; `filter=` restricts them.

        Raises:
            QueryError: A blank question, or `k` that is not a whole number from 0.
            FilterError: A filter that no metadata can be compared with.
        """
        return [document for document, _ in self.similarity_search_with_score(query, k, **kwargs)]

    def similarity_search_with_score(
        self, query: str, k: int = K, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Return documents, best first, each with its cosine: the higher, the more similar.

        In a store of several modalities the order is fair to all of them, and may not be that of
        the cosines: those of sounds with words are all lower than those of words with words.
        """
        hits = self._hits(self._question(query), k, **kwargs)
        return [(_document(hit), _cosine(hit)) for hit in hits]

    def similarity_search_by_vector(
        self, embedding: list[float], k: int = K, **kwargs: Any
    ) -> list[Document]:
        """Return the documents most similar to a vector of the store's embeddings."""
        return [_document(hit) for hit in self._hits(np.asarray(embedding), k, **kwargs)]

    def _similarity_search_with_relevance_scores(
        self, query: str, k: int = K, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Score from 0 to 1: by confidence if all hits have it, else by `(1 + cosine) / 2`."""
        hits = self._hits(self._question(query), k, **kwargs)
        scores = [hit.confidence for hit in hits if hit.confidence is not None]
        if len(scores) < len(hits):
            scores = [min(1.0, max(0.0, (1 + _cosine(hit)) / 2)) for hit in hits]
        return [(_document(hit), score) for hit, score in zip(hits, scores, strict=True)]

    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = K,
        fetch_k: int = FETCH_K,
        lambda_mult: float = 0.5,
        **kwargs: Any,
    ) -> list[Document]:
        """Return documents that answer a question and differ from each other.

        Args:
            query: Words to search for.
            k: Largest number of documents.
            fetch_k: Number of most similar documents from which they are chosen.
            lambda_mult: From 1, by similarity alone, to 0, as different as possible.
            kwargs: `filter=`.
        """
        question = self._question(query)
        vector = question if isinstance(question, np.ndarray) else self._embed(question)
        return self._diverse(question, vector, k, fetch_k, lambda_mult, **kwargs)

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = K,
        fetch_k: int = FETCH_K,
        lambda_mult: float = 0.5,
        **kwargs: Any,
    ) -> list[Document]:
        """Return documents that resemble a vector and differ from each other."""
        vector = np.asarray(embedding, np.float32)
        return self._diverse(vector, vector, k, fetch_k, lambda_mult, **kwargs)

    def _diverse(
        self,
        question: str | NDArray[np.float32],
        vector: NDArray[np.float32],
        k: int,
        fetch_k: int,
        lambda_mult: float,
        **kwargs: Any,
    ) -> list[Document]:
        """Choose among the hits of a question, whose vector they are compared with."""
        check_lambda(lambda_mult)
        k = limit_of(k)
        hits = self._hits(question, limit_of(fetch_k, "fetch_k"), **kwargs)
        if not hits:
            return []
        rows = np.stack([hit.vector for hit in hits if hit.vector is not None])  # (N, D)
        likeness = (rows @ normalise(vector)).tolist()
        chosen = choose_diverse(likeness, rows, diversity=1 - lambda_mult, limit=k)
        return [_document(hits[index]) for index in chosen]

    def _question(self, query: str) -> str | NDArray[np.float32]:
        """Return what the memory is asked: the words, or their vector by foreign embeddings."""
        if self._foreign is None:
            return query
        return np.asarray(self._foreign.embed_query(query), np.float32)

    def _embed(self, query: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self.memory.encoder.embed([Text(query)])[0]
        return vector

    def _hits(
        self,
        question: str | NDArray[np.float32],
        k: int,
        *,
        filter: Wanted = None,
        **kwargs: Any,
    ) -> list[Hit]:
        refuse(kwargs)
        where = condition_of(filter)
        limit = limit_of(k)
        if not limit:
            return []
        return self.memory.recall(question, limit=limit, ranking=self._ranking, where=where)

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return documents in the order of their ids; unknown ids are passed over."""
        return [stored_document(record) for record in self.memory.get_many(ids)]

    def as_retriever(self, **kwargs: Any) -> StoreRetriever:
        """Return a retriever of the store.

        Args:
            kwargs: `search_type`, `search_kwargs` (`k`, `filter` and others of a search), `tags`
                and `metadata`, which are for tracing, and others of LangChain's retrievers.
        Returns:
            A retriever whose documents have `id`, `modality`, `uri` and `mime_type` in their
            metadata.
        Raises:
            QueryError: An argument that a retriever does not have, such as `k` or `filter`.
        """
        check_arguments(kwargs)
        tags = [*(kwargs.pop("tags", None) or ()), *self._get_retriever_tags()]
        return StoreRetriever(vectorstore=self, tags=tags, **kwargs)

    # Deleting

    def delete(
        self,
        ids: Sequence[str] | None = None,
        *,
        filter: Wanted = None,
        everything: bool = False,
        **kwargs: Any,
    ) -> bool:
        """Delete documents that a vector store added; other and unknown ids are passed over.

        Args:
            ids: Ids of documents.
            filter: Condition on the metadata; with `ids`, both must hold.
            everything: Needed to delete all documents. (`delete()` alone means that to some stores
                and nothing to others; here it is an error.)
            kwargs: Refused: there are no others.
        Raises:
            QueryError: Neither ids nor a filter, without `everything`.
        """
        refuse(kwargs)
        where = condition_of(filter)
        if isinstance(ids, str):
            raise QueryError(f"the ids {ids!r}", "a list of ids", "write [id]")
        names = None if ids is None else list(ids)
        if names is None and not everything and where is None:
            raise QueryError(
                "delete() without ids and filter",
                "what to delete",
                "pass delete(ids), filter= or everything=True",
            )
        if names is None or names or everything:
            self.memory.forget(*(names or ()), where=where, tags=[MARK])
        return True

    # The asynchronous twins; those that LangChain has already are written out, to keep its types.

    async def aadd_texts(
        self,
        texts: Iterable[str],
        metadatas: Metadatas = None,
        *,
        ids: Ids = None,
        **kwargs: Any,
    ) -> list[str]:
        """Run `add_texts` in a thread."""
        return await asyncio.to_thread(self.add_texts, texts, metadatas, ids=ids, **kwargs)

    async def aadd_documents(self, documents: Sequence[Document], **kwargs: Any) -> list[str]:
        """Run `add_documents` in a thread."""
        return await asyncio.to_thread(self.add_documents, documents, **kwargs)

    async def _asimilarity_search_with_relevance_scores(
        self, query: str, k: int = K, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        scored = self._similarity_search_with_relevance_scores
        return await asyncio.to_thread(scored, query, k, **kwargs)

    aadd_percepts = in_thread(add_percepts)
    aadd_images = in_thread(add_images)
    aadd_audio = in_thread(add_audio)
    aadd_video = in_thread(add_video)
    aadd_depth = in_thread(add_depth)
    aadd_thermal = in_thread(add_thermal)
    aadd_imu = in_thread(add_imu)


def _batch_error(
    failures: dict[int, SensoriumError], text: str | None, names: Sequence[str]
) -> BatchError:
    """Say which documents could not be added, and why the first, with that text, could not."""
    index, error = next(iter(failures.items()))
    beginning = f", {text[:SHOWN]!r}" if text else ""
    return BatchError(
        f"{len(names)} documents, {len(failures)} of which could not be added; first, index "
        f"{index} with the id {names[index]!r}{beginning}: {type(error).__name__}: {error}",
        "documents that can be embedded and kept",
        "see .failures; .results holds the ids of the others, which are in the store",
        failures,
        [None if number in failures else name for number, name in enumerate(names)],
    )


def _document(hit: Hit) -> Document:
    return stored_document(hit.record, hit.medium)


def _cosine(hit: Hit) -> float:
    assert hit.similarity is not None, "only hits by keywords have none, and none are asked for"
    return hit.similarity
