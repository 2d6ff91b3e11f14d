"""A memory as a LangChain retriever, which is asked by words, pictures, sounds or motion."""

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
from sensorium.langchain.documents import hit_document, matched_by
from sensorium.langchain.wishes import K, check_filters, limit_of, refuse
from sensorium.memory import Memory
from sensorium.percepts.previews import MAX_BYTES

WISHES = "k, modalities, min_confidence, half_life, filters"


class SensoriumRetriever(BaseRetriever):
    """Recalls from a memory what answers a question best, whichever sense it came by.

    A question is words, a message, a percept, a content block or a list of these, which are added
    up: images, sounds and videos as LangChain writes them, with base64 or a `data:` URL; depth,
    heat and motion as
    `{"type": "non_standard", "value": {"modality": "imu", "base64": ..., "accel": "g", ...}}`.

    Attributes:
        memory: To recall from; it stays the caller's to close.
        k: Documents at most.
        modalities: Senses to search; by default all.
        min_confidence: From 0 to 1: leave out what may well be coincidence.
        half_life: Age at which a memory counts half.
        filters: Of `Memory.recall`: `since`, `until`, `tags`, `source`, `where`,
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
            QueryError: A filter nobody knows; from a validator pydantic would wrap it.
            ValidationError: Another attribute that is unknown or of the wrong type.
        """
        super().__init__(**attributes)
        check_filters(self.filters)

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
            QueryError: Nothing asked, an unknown argument, or some that contradict each other.
            SourceRefusedError: A URL that would have to be fetched, or a path outside `roots`.
            EncodingError: A part of the question cannot be encoded.
        """
        refuse(unknown, needed=f"known ones: {WISHES}", remedy="how many documents is k=")
        wanted = self.filters if filters is None else filters
        check_filters(wanted)
        limit = limit_of(self.k if k is None else k)
        parts = parts_of(query, roots=self.roots)
        if not limit:
            return []
        least = self.min_confidence if min_confidence is None else min_confidence
        hits = self.memory.recall(
            parts,
            limit=limit,
            modalities=self.modalities if modalities is None else modalities,
            min_confidence=least,
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
        """Show documents to a chat model that sees and hears: their words, pictures and sounds.

        A chain `retriever | retriever.content_blocks` ends in the content of a message.

        Args:
            documents: As this retriever returned them; those forgotten since are left out.
            max_bytes: Of each picture or sound.
        """
        named = {document.id: document for document in documents if document.id is not None}
        blocks: list[ContentBlock] = []
        for record in self.memory.get_many(named):
            medium, span = matched_by(named[record.id], record)
            blocks += blocks_of(self.memory, record, matched=medium, span=span, max_bytes=max_bytes)
        return blocks
