"""A memory as a LangChain vector store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from inspect import signature
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from numpy.typing import NDArray
from typing_extensions import Self

from sensorium.agents.opening import check_memory, closed_on_failure
from sensorium.agents.own import own_records
from sensorium.agents.signals import Content, percepts_of
from sensorium.agents.threads import in_thread, to_thread
from sensorium.encoders import normalise
from sensorium.errors import QueryError, RecordNotFoundError, SourceTypeError
from sensorium.langchain.checks import (
    FETCH_K,
    K,
    Wanted,
    as_list,
    check_lambda,
    keywords_of,
    limit_of,
    metadata_of,
    refuse,
)
from sensorium.langchain.documents import MARK, stored_document
from sensorium.langchain.embeddings import SensoriumEmbeddings
from sensorium.langchain.filters import condition_of
from sensorium.langchain.foreign import check_embedding, check_space, encoder_of, needed_method
from sensorium.langchain.store_retriever import StoreRetriever, check_arguments
from sensorium.langchain.writing import Contents, DocumentWriter, Ids, Metadatas
from sensorium.memory import Hit, Memory, Record
from sensorium.memory.closing import Closing
from sensorium.memory.place import OWNER
from sensorium.memory.recalling.diversity import choose_diverse
from sensorium.memory.recalling.query import query_vectors, read_query
from sensorium.memory.writing.writer import BATCH
from sensorium.percepts import Percept, Text
from sensorium.qdrant import Condition, Every, OneOf

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

Question: TypeAlias = "str | Percept"

OPTIONS = frozenset(signature(Memory.open).parameters) - {"place", "owner", "encoder"}
PAGE = 1_000  # documents read in one go


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
        self._writer = DocumentWriter(self.memory, self._foreign)
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

    @classmethod
    def from_embeddings(
        cls,
        text_embeddings: Iterable[tuple[str, Sequence[float]]],
        embedding: Embeddings,
        metadatas: Metadatas = None,
        *,
        ids: Ids = None,
        **kwargs: Any,
    ) -> Self:
        """Open a store and add texts with their vectors, as `add_embeddings` does.

        `kwargs` are those of `open`.
        """
        with closed_on_failure(cls.open(embedding=embedding, **kwargs)) as store:
            store.add_embeddings(text_embeddings, metadatas, ids=ids)
        return store

    @classmethod
    async def aopen(cls, place: str | Path | QdrantClient = ":memory:", **options: Any) -> Self:
        """Run `open` in a thread."""
        return await to_thread(cls.open, place, **options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await to_thread(self.close)

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
        return self._writer.add(documents, ids=ids, batch_size=batch_size)

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
        return self._writer.keep(percepts, percepts, metadatas, ids)

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
        self._writer.check_modality(modality)
        percepts = percepts_of(uris, modality=modality, units=units)
        return self._writer.keep(percepts, uris, metadatas, ids)

    def add_embeddings(
        self,
        text_embeddings: Iterable[tuple[str, Sequence[float]]],
        metadatas: Metadatas = None,
        *,
        ids: Ids = None,
        batch_size: int = BATCH,
    ) -> list[str]:
        """Add texts whose vectors exist already, such as those of another store.

        Args:
            text_embeddings: Each text and its vector, which the store's embeddings made. One text
                is embedded to see that they did.
            metadatas: One dictionary each, or `None`.
            ids: One each; made where `None`.
            batch_size: Documents written together.
        Returns:
            The ids, in order.
        Raises:
            VectorError: Vectors of another model.
            RecordError: Not as many ids or dictionaries as texts.
            BatchError: Some could not be added; the others are in the store.
        """
        pairs = list(text_embeddings)
        words = as_list([text for text, _ in pairs], str)
        metadata = metadata_of(metadatas, len(words))
        documents = [Document(text, metadata=m) for text, m in zip(words, metadata, strict=True)]
        vectors = [vector for _, vector in pairs]
        return self._writer.add(documents, ids=ids, batch_size=batch_size, vectors=vectors)

    # Finding

    # A search takes `filter=`, and `keywords=`: words that the best documents contain, or True for
    # the words of the question.

    def similarity_search(self, query: Question, k: int = K, **kwargs: Any) -> list[Document]:
        """Return the documents most similar to a question: words, a picture or another percept.

        Args:
            query: Words, or a percept.
            k: Largest number of documents.
            kwargs: `filter=` restricts the documents; `keywords=` raises those whose text contains
                words, or with True, the words of the question.
        Raises:
            QueryError: A blank question, or `k` that is not a whole number from 0.
            FilterError: A filter that no metadata can be compared with.
            UnsupportedModalityError: The store's embeddings do not take a percept.
        """
        return [document for document, _ in self.similarity_search_with_score(query, k, **kwargs)]

    def similarity_search_with_score(
        self, query: Question, k: int = K, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Return documents, best first, each with its cosine: the higher, the more similar.

        In a store of several modalities the order is fair to all of them, and may not be that of
        the cosines: those of sounds with words are all lower than those of words with words. A
        document without a vector, which only keywords find, has 0.
        """
        return [(_document(hit), _cosine(hit)) for hit in self._ask(query, k, **kwargs)]

    def similarity_search_by_vector(
        self, embedding: Sequence[float], k: int = K, **kwargs: Any
    ) -> list[Document]:
        """Return the documents most similar to a vector of the store's embeddings."""
        found = self.similarity_search_with_score_by_vector(embedding, k, **kwargs)
        return [document for document, _ in found]

    def similarity_search_with_score_by_vector(
        self, embedding: Sequence[float], k: int = K, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Return documents most similar to a vector, each with its cosine."""
        hits = self._hits(np.asarray(embedding, np.float32), k, **kwargs)
        return [(_document(hit), _cosine(hit)) for hit in hits]

    def similarity_search_by_vector_with_relevance_scores(
        self, embedding: Sequence[float], k: int = K, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Return documents most similar to a vector, with scores from 0 to 1."""
        return _relevant(self._hits(np.asarray(embedding, np.float32), k, **kwargs))

    def similarity_search_by_image(self, uri: Content, k: int = K, **kwargs: Any) -> list[Document]:
        """Return the documents most similar to a picture: a path, `data:` URI, bytes or percept."""
        [image] = percepts_of([uri], modality="image", units={})
        return self.similarity_search(image, k, **kwargs)

    def similarity_search_by_image_with_relevance_score(
        self, uri: Content, k: int = K, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Return the documents most similar to a picture, with scores from 0 to 1."""
        [image] = percepts_of([uri], modality="image", units={})
        return _relevant(self._ask(image, k, **kwargs))

    def _similarity_search_with_relevance_scores(
        self, query: Question, k: int = K, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        return _relevant(self._ask(query, k, **kwargs))

    def max_marginal_relevance_search(
        self,
        query: Question,
        k: int = K,
        fetch_k: int = FETCH_K,
        lambda_mult: float = 0.5,
        **kwargs: Any,
    ) -> list[Document]:
        """Return documents that answer a question and differ from each other.

        Args:
            query: Words, or a percept.
            k: Largest number of documents.
            fetch_k: Number of most similar documents from which they are chosen.
            lambda_mult: From 1, by similarity alone, to 0, as different as possible.
            kwargs: `filter=` and `keywords=`.
        """
        question = self._question(query)
        vector = question if isinstance(question, np.ndarray) else self._embed(question)
        keywords = _keywords(kwargs.pop("keywords", None), query)
        return self._diverse(question, vector, k, fetch_k, lambda_mult, keywords=keywords, **kwargs)

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: Sequence[float],
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
        question: Question | NDArray[np.float32],
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
        hits = [hit for hit in hits if hit.vector is not None]
        if not hits:
            return []
        rows = np.stack([hit.vector for hit in hits if hit.vector is not None])  # (N, D)
        likeness = (rows @ normalise(vector)).tolist()
        chosen = choose_diverse(likeness, rows, diversity=1 - lambda_mult, limit=k)
        return [_document(hits[index]) for index in chosen]

    def _question(self, query: Question) -> Question | NDArray[np.float32]:
        """Return what the memory is asked: the question, or its vector by foreign embeddings."""
        if self._foreign is None:
            return query
        if isinstance(query, Percept) and not isinstance(query, Text):
            return np.asarray(needed_method(self._foreign, query.modality)([query])[0], np.float32)
        words = query.text if isinstance(query, Text) else query
        return np.asarray(self._foreign.embed_query(str(words)), np.float32)

    def _embed(self, query: Question) -> NDArray[np.float32]:
        encoder = self.memory.encoder
        [part] = query_vectors(read_query(query, encoder), encoder, None)
        return part.vector

    def _ask(
        self, query: Question, k: int, *, keywords: str | bool | None = None, **kwargs: Any
    ) -> list[Hit]:
        words = _keywords(keywords, query)
        return self._hits(self._question(query), k, keywords=words, **kwargs)

    def _hits(
        self,
        question: Question | NDArray[np.float32],
        k: int,
        *,
        filter: Wanted = None,
        keywords: str | None = None,
        **kwargs: Any,
    ) -> list[Hit]:
        refuse(kwargs)
        where = self._own(condition_of(filter))
        limit = limit_of(k)
        if not limit:
            return []
        return self.memory.recall(
            question, limit=limit, ranking=self._ranking, where=where, keywords=keywords
        )

    def _own(self, where: Condition | None) -> Condition | None:
        """Add to a condition that documents are the store's own, if others share memories."""
        own = own_records(self.memory)
        return Every((*own, *([] if where is None else [where]))) if own else where

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return documents in the order of their ids; unknown ids are passed over."""
        return [stored_document(record) for record in self.memory.get_many(ids)]

    def get(
        self,
        ids: str | Sequence[str] | None = None,
        where: Wanted = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> dict[str, list[Any]]:
        """Return documents that a vector store added, without a question, the oldest first.

        Args:
            ids: Only documents of these ids.
            where: Only documents that a filter, as of `similarity_search`, lets through.
            limit: Largest number of documents; by default all.
            offset: How many to pass over.
        Returns:
            `ids`, `documents` (their texts) and `metadatas`, each in the same order.
        """
        conditions = [] if where is None else [condition_of(where)]
        if ids is not None:
            conditions.append(OneOf("id", (ids,) if isinstance(ids, str) else tuple(ids)))
        records = self._records(Every(tuple(c for c in conditions if c is not None)))
        end = None if limit is None else offset + limit_of(limit, "limit")
        found = [stored_document(record) for record in islice(records, offset, end)]
        return {
            "ids": [document.id for document in found],
            "documents": [document.page_content for document in found],
            "metadatas": [document.metadata for document in found],
        }

    def _records(self, where: Condition) -> Iterator[Record]:
        cursor = None
        while True:
            page = self.memory.timeline(
                limit=PAGE, newest_first=False, cursor=cursor, tags=[MARK], where=self._own(where)
            )
            yield from page
            cursor = page.cursor
            if cursor is None:
                return

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

    # Changing and deleting

    def update_document(self, document_id: str, document: Document) -> None:
        """Replace a document; arguments and errors as `update_documents`."""
        self.update_documents([document_id], [document])

    def update_documents(self, ids: Sequence[str], documents: Sequence[Document]) -> None:
        """Replace documents that a vector store added; pictures, sounds and the like stay.

        A document of one replaces its words, if it has any of its own, and its metadata.

        Args:
            ids: Ids of the documents to replace.
            documents: One each, whose own ids do not count.
        Raises:
            RecordNotFoundError: There is no such document; nothing is replaced then.
            RecordError: Not as many ids as documents.
            BatchError: Some could not be added; the others are replaced.
        """
        records = self.memory.get_many(ids)
        known = {record.id: record for record in records if MARK in record.tags}
        missing = [name for name in ids if name not in known]
        if missing:
            raise RecordNotFoundError(
                f"an update of {missing[0]!r}, which no vector store added",
                "the id of a document",
                "add it with add_documents([...], ids=[...])",
            )
        if len(documents) == len(ids):  # else it is told of below
            found = [known[name] for name in ids]
            ids, documents = self._writer.describe(documents, found)
        if documents or not known:
            self.add_documents(documents, ids=ids)

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
        return await to_thread(self.add_texts, texts, metadatas, ids=ids, **kwargs)

    async def aadd_documents(self, documents: Sequence[Document], **kwargs: Any) -> list[str]:
        """Run `add_documents` in a thread."""
        return await to_thread(self.add_documents, documents, **kwargs)

    async def _asimilarity_search_with_relevance_scores(
        self, query: str, k: int = K, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        scored = self._similarity_search_with_relevance_scores
        return await to_thread(scored, query, k, **kwargs)

    aadd_embeddings = in_thread(add_embeddings)
    aupdate_document = in_thread(update_document)
    aupdate_documents = in_thread(update_documents)
    aget = in_thread(get)
    aadd_percepts = in_thread(add_percepts)
    aadd_images = in_thread(add_images)
    aadd_audio = in_thread(add_audio)
    aadd_video = in_thread(add_video)
    aadd_depth = in_thread(add_depth)
    aadd_thermal = in_thread(add_thermal)
    aadd_imu = in_thread(add_imu)


def _document(hit: Hit) -> Document:
    return stored_document(hit.record, hit.medium)


def _cosine(hit: Hit) -> float:
    return 0.0 if hit.similarity is None else hit.similarity


def _relevant(hits: Sequence[Hit]) -> list[tuple[Document, float]]:
    """Score from 0 to 1: by confidence if all hits have it, else by `(1 + cosine) / 2`."""
    scores = [hit.confidence for hit in hits if hit.confidence is not None]
    if len(scores) < len(hits):
        scores = [min(1.0, max(0.0, (1 + _cosine(hit)) / 2)) for hit in hits]
    return [(_document(hit), score) for hit, score in zip(hits, scores, strict=True)]


def _keywords(keywords: str | bool | None, query: Question) -> str | None:
    return keywords_of(keywords, [query])
