"""A memory as a LangChain retriever for questions of every modality."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import Document
from langchain_core.messages.content import ContentBlock
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from sensorium.langchain.blocks import Question, blocks_of, parts_of
from sensorium.langchain.checks import K, checked_filters, limit_of, refuse
from sensorium.langchain.documents import hit_document, matched_by
from sensorium.memory import Memory
from sensorium.percepts.forms import MAX_BYTES

ARGUMENTS = "k, modalities, min_confidence, half_life, filters"


class SensoriumRetriever(BaseRetriever):
    """Recalls the memories that answer a question best, whatever their modality.

    A question is words, a message, a percept, a content block or a list of these, which are added
    up: images, sounds and videos as LangChain writes them, with base64 or a `data:` URL; depth,
    heat and motion as
    `{"type": "non_standard", "value": {"modality": "imu", "base64": ..., "accel": "g", ...}}`.

    Attributes:
        memory: The memory to recall from; it stays the caller's to close.
        k: Largest number of documents.
        modalities: Modalities to search; by default all.
        min_confidence: Smallest confidence, from 0 to 1, of a document.
        half_life: Age at which a score counts half.
        filters: Filters of `Memory.recall`: `since`, `until`, `tags`, `source`, `where`,
            `with_modalities`, `text_contains`.
            (`tags` and `metadata` of the retriever itself are LangChain's, for tracing.)
        roots: Directories that the paths in questions must lie in; by default none.
    """

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    memory: Memory
    k: int = K
    modalities: Sequence[str] | None = None
    min_confidence: float | None = None
    half_life: timedelta | None = None
    filters: Mapping[str, Any] = Field(default_factory=dict)
    roots: Sequence[str | Path] = ()

    def __init__(self, **attributes: Any) -> None:
        """Take the attributes by name.

        Raises:
            QueryError: An unknown filter.
            ValidationError: Another attribute that is unknown or of the wrong type.
        """
        super().__init__(**attributes)
        # Checked here, not in a validator, in which pydantic would wrap the error.
        checked_filters(self.filters)

    def _get_relevant_documents(
        self,
        query: Question,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        k: int | None = None,
        modalities: Sequence[str] | None = None,
        min_confidence: float | None = None,
        half_life: timedelta | None = None,
        filters: Mapping[str, Any] | None = None,
        **unknown: Any,
    ) -> list[Document]:
        """Recall; `invoke` takes the keywords, each in the place of the attribute of its name.

        Returns:
            Best first; the metadata are described in docs/langchain.md.
        Raises:
            QueryError: No question, an unknown argument, or arguments that contradict each other.
            SourceRefusedError: A URL that would have to be fetched, or a path outside `roots`.
            EncodingError: A part of the question cannot be encoded.
        """
        refuse(unknown, needed=f"known ones: {ARGUMENTS}", remedy="how many documents is k=")
        wanted = checked_filters(self.filters if filters is None else filters)
        limit = limit_of(self.k if k is None else k)
        parts = parts_of(query, roots=self.roots)
        if not limit:
            return []
        smallest = self.min_confidence if min_confidence is None else min_confidence
        hits = self.memory.recall(
            parts,
            limit=limit,
            modalities=self.modalities if modalities is None else modalities,
            min_confidence=smallest,
            half_life=self.half_life if half_life is None else half_life,
            **wanted,
        )
        return [hit_document(hit) for hit in hits]

    async def _aget_relevant_documents(
        self, query: Question, *, run_manager: AsyncCallbackManagerForRetrieverRun, **named: Any
    ) -> list[Document]:
        """Recall in a thread; arguments and errors as `invoke`."""
        return await asyncio.to_thread(
            self._get_relevant_documents, query, run_manager=run_manager.get_sync(), **named
        )

    def content_blocks(
        self, documents: Sequence[Document], *, max_bytes: int = MAX_BYTES
    ) -> list[ContentBlock]:
        """Show documents to a chat model that sees and hears: their texts, pictures and sounds.

        A chain `retriever | retriever.content_blocks` ends in the content of a message.

        Args:
            documents: Documents of this retriever; those forgotten since are left out.
            max_bytes: Largest size of one picture or sound.
        """
        named = {document.id: document for document in documents if document.id is not None}
        blocks: list[ContentBlock] = []
        for record in self.memory.get_many(named):
            medium, span = matched_by(named[record.id], record)
            blocks += blocks_of(self.memory, record, matched=medium, span=span, max_bytes=max_bytes)
        return blocks
