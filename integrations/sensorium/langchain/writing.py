"""Writing documents into a memory, with vectors of the memory's encoder or of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from sensorium.agents.origins import origin_of_document
from sensorium.agents.signals import Content
from sensorium.encoders.probe import unit_probe
from sensorium.errors import BatchError, SensoriumError, VectorError
from sensorium.langchain.checks import ids_of, metadata_of, vectors_of
from sensorium.langchain.documents import MARK, end_of_line, returned_metadata, signals_of
from sensorium.langchain.foreign import needed_method
from sensorium.langchain.wrapping import likeness
from sensorium.memory import Memory, Moment, Record
from sensorium.memory.writing.writer import BATCH
from sensorium.percepts import Percept, Text

Contents: TypeAlias = Sequence[Content]
Metadatas: TypeAlias = "Sequence[Mapping[str, Any] | None] | None"
Ids: TypeAlias = "Sequence[str | None] | None"

SHOWN = 60  # characters of a document, in an error
SAME_MODEL = 0.9  # cosine of a text's vectors: services round, and shorten, what they return


class DocumentWriter:
    """Adds the documents of a vector store to its memory."""

    def __init__(self, memory: Memory, foreign: Embeddings | None) -> None:
        """Write into a memory.

        Args:
            memory: The memory.
            foreign: Embeddings that make the vectors in the place of the memory's own encoder.
        """
        self._memory = memory
        self._foreign = foreign

    def add(
        self,
        documents: Sequence[Document],
        *,
        ids: Ids = None,
        batch_size: int = BATCH,
        vectors: Sequence[Sequence[float]] | None = None,
    ) -> list[str]:
        """Add documents; arguments, result and errors as of the store.

        Args:
            documents: The documents.
            ids: Ids that take the place of the documents' own.
            batch_size: Documents written together.
            vectors: A vector of each document that exists already.
        """
        names = ids_of([document.id for document in documents], ids)
        signals = {} if vectors is not None else self._signals_named_by(documents, names)
        for index, record in signals.items():
            metadata = returned_metadata(documents[index], record)
            self._memory.update(record.id, metadata=metadata)
        places = [index for index in range(len(documents)) if index not in signals]
        texts = [documents[index].page_content for index in places]
        if vectors is None:
            rows = self._text_vectors(texts)
        else:
            self._check_model(texts, vectors)
            rows = vectors_of(Text.modality, vectors, len(texts))
        moments = [
            Moment(
                text=documents[index].page_content,
                metadata=documents[index].metadata,
                tags=[MARK],
                id=names[index],
                vectors=row,
                origin=origin_of_document(documents[index].metadata),
            )
            for index, row in zip(places, rows, strict=True)
        ]
        return self._remember(moments, names, batch_size, places)

    def describe(
        self, documents: Sequence[Document], records: Sequence[Record]
    ) -> tuple[list[str], list[Document]]:
        """Give records with signals the words and the metadata of documents.

        Returns:
            Ids and documents of the others, which are words alone.
        """
        left: list[tuple[str, Document]] = []
        for document, record in zip(documents, records, strict=True):
            if not signals_of(record):
                left.append((record.id, document))
                continue
            words = document.page_content
            changes: dict[str, Any] = {"metadata": returned_metadata(document, record)}
            if (
                words.strip()
                and words != record.text
                and not words.endswith(end_of_line(record.id))
            ):
                changes |= self._described(words, record)
            self._memory.update(record.id, **changes)
        return [name for name, _ in left], [document for _, document in left]

    def _described(self, words: str, record: Record) -> dict[str, Any]:
        """Return the words of a record with signals, with their vector if others make it."""
        if self._foreign is None:
            return {"text": words}
        [row] = self._text_vectors([words])
        return {
            "text": words,
            "vectors": row,
            "retain": [medium.digest for medium in signals_of(record)],
        }

    def keep(
        self, percepts: Sequence[Percept], contents: Contents, metadatas: Metadatas, ids: Ids
    ) -> list[str]:
        """Add percepts; foreign embeddings are given their contents as the caller named them."""
        metadata = metadata_of(metadatas, len(percepts))
        names = ids_of([None] * len(percepts), ids)
        vectors = self._percept_vectors(percepts, contents)
        moments = [
            Moment(
                percept,
                metadata=m,
                tags=[MARK],
                id=name,
                vectors=rows,
                origin=origin_of_document({"uri": percept.uri, **(m or {})}),
            )
            for percept, m, name, rows in zip(percepts, metadata, names, vectors, strict=True)
        ]
        return self._remember(moments, names, BATCH, range(len(names)))

    def check_modality(self, modality: str) -> None:
        """Check that there are vectors of a modality, before any file is opened.

        Raises:
            UnsupportedModalityError: Foreign embeddings have no method for it.
        """
        if self._foreign is not None:
            needed_method(self._foreign, modality)

    def _signals_named_by(
        self, documents: Sequence[Document], names: Sequence[str]
    ) -> dict[int, Record]:
        """Return the records of signals that documents only name, by the documents' indexes."""
        lines = {
            index: name
            for index, (document, name) in enumerate(zip(documents, names, strict=True))
            if document.page_content.endswith(end_of_line(name))
        }
        records = {
            record.id: record
            for record in (self._memory.get_many(set(lines.values())) if lines else ())
            if signals_of(record) and not record.text
        }
        return {index: records[name] for index, name in lines.items() if name in records}

    def _text_vectors(self, texts: list[str]) -> Sequence[Mapping[str, Any] | None]:
        """Return the vectors of each text; `None` where the memory's encoder makes them."""
        if self._foreign is not None:
            rows = self._foreign.embed_documents(texts) if texts else []
            return vectors_of(Text.modality, rows, len(texts))
        # A blank text gets no vector: nothing resembles it.
        return [None if text.strip() else {} for text in texts]

    def _check_model(self, texts: Sequence[str], vectors: Sequence[Sequence[float]]) -> None:
        """Check that vectors that exist are those of this store's model, by one of the texts.

        Raises:
            VectorError: They are not.
        """
        index = next((i for i, text in enumerate(texts) if text.strip()), None)
        if index is None or len(vectors) != len(texts):
            return
        if self._foreign is not None:
            made = self._foreign.embed_documents([texts[index]])[0]
        else:
            made = self._memory.encoder.embed([Text(texts[index])])[0].tolist()
        cosine = likeness(unit_probe(made), unit_probe(vectors[index]))
        if cosine < SAME_MODEL:
            raise VectorError(
                f"vectors of another model: that of {texts[index][:SHOWN]!r} and the one this "
                f"store's embeddings make have the cosine {cosine:.2f}",
                "vectors that the store's embeddings made",
                "open the store with the embeddings that made them, or add the texts alone",
            )

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
        report = self._memory.remember_many(moments, batch_size=batch_size)
        if report.failures:
            failures = {places[failure.index]: failure.error for failure in report.failures}
            raise _batch_error(failures, moments[report.failures[0].index].text, names)
        return names


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
