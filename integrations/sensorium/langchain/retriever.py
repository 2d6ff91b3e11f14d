"""A memory as a LangChain retriever for questions of every modality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
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
from langchain_core.runnables import RunnableConfig
from pydantic import ConfigDict, Field, PrivateAttr
from typing_extensions import Self

from sensorium.agents.owners import OwnersMemories
from sensorium.agents.threads import to_thread
from sensorium.langchain.blocks import KINDS, Question, blocks_of, check_kinds, parts_of
from sensorium.langchain.checks import K, checked_filters, keywords_of, limit_of, refuse
from sensorium.langchain.documents import hit_document, matched_by
from sensorium.langchain.owners import Owner, Run, memory_of
from sensorium.memory import Memory
from sensorium.percepts.forms import MAX_BYTES

ARGUMENTS = "k, modalities, min_confidence, half_life, filters, keywords, diversity"


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
        keywords: Words to look for in the records' texts besides; True for those of the question.
        diversity: From 0 (by score alone) to 1 (as different as possible from each other).
        roots: Directories that the paths in questions must lie in; by default none.
        owner: Whose memories are recalled: a name, or a function that reads it from the run, from
            its config (`lambda run: run["configurable"]["user_id"]`) or LangGraph's context
            (`lambda run: run.context.user_id`). By default the memory's owner.
    """

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    memory: Memory
    k: int = K
    modalities: Sequence[str] | None = None
    min_confidence: float | None = None
    half_life: timedelta | None = None
    filters: Mapping[str, Any] = Field(default_factory=dict)
    keywords: str | bool | None = None
    diversity: float | None = None
    roots: Sequence[str | Path] = ()
    owner: Owner | None = None
    _memories: OwnersMemories = PrivateAttr()

    def __init__(self, **attributes: Any) -> None:
        """Take the attributes by name.

        Raises:
            QueryError: An unknown filter.
            ValidationError: Another attribute that is unknown or of the wrong type.
        """
        super().__init__(**attributes)
        self._memories = OwnersMemories(self.memory)
        # Checked here, not in a validator, in which pydantic would wrap the error.
        checked_filters(self.filters)

    def invoke(
        self, input: Question, config: RunnableConfig | None = None, **kwargs: Any
    ) -> list[Document]:
        """Recall what answers a question; keywords stand in the place of the attributes.

        Args:
            input: The question.
            config: The run's, which `owner` is given.
            kwargs: `k`, `modalities`, `min_confidence`, `half_life`, `filters`, `keywords`,
                `diversity`.
        Returns:
            Best first; the metadata are described in docs/langchain.md.
        Raises:
            OwnerError: `owner` names nobody.
            QueryError: No question, an unknown argument, or arguments that contradict each other.
            FilterError: A filter is wrong.
            SourceRefusedError: A URL that would have to be fetched, or a path outside `roots`.
            EncodingError: A part of the question cannot be encoded.
        """
        with self._lent(config) as memory:
            return super(SensoriumRetriever, self._over(memory)).invoke(input, config, **kwargs)  # type: ignore[arg-type]  # more than words

    async def ainvoke(
        self, input: Question, config: RunnableConfig | None = None, **kwargs: Any
    ) -> list[Document]:
        """Recall in a thread; arguments and errors as `invoke`."""
        lent = self._lent(config)
        memory = await to_thread(lent.__enter__)
        try:
            own = self._over(memory)
            return await super(SensoriumRetriever, own).ainvoke(input, config, **kwargs)  # type: ignore[arg-type]  # more than words
        finally:
            await to_thread(lent.__exit__, None, None, None)

    def _over(self, memory: Memory) -> Self:
        """Return the same retriever over one owner's memory."""
        if memory is self.memory:
            return self
        return self.model_copy(update={"memory": memory, "owner": None})

    def _lent(self, config: RunnableConfig | None) -> AbstractContextManager[Memory]:
        """Lend the memory of the run's owner."""
        if self._memories.place is not self.memory:  # a copy of a retriever, over another memory
            self._memories = OwnersMemories(self.memory)
        return memory_of(self._memories, self.owner, Run(config))

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
        keywords: str | bool | None = None,
        diversity: float | None = None,
        **unknown: Any,
    ) -> list[Document]:
        """Recall, as `invoke` describes."""
        refuse(unknown, needed=f"known ones: {ARGUMENTS}", remedy="how many documents is k=")
        wanted = checked_filters(self.filters if filters is None else filters)
        limit = limit_of(self.k if k is None else k)
        parts = parts_of(query, roots=self.roots)
        if not limit:
            return []
        smallest = self.min_confidence if min_confidence is None else min_confidence
        words = self.keywords if keywords is None else keywords
        hits = self.memory.recall(
            parts,
            limit=limit,
            modalities=self.modalities if modalities is None else modalities,
            min_confidence=smallest,
            half_life=self.half_life if half_life is None else half_life,
            keywords=keywords_of(words, parts),
            diversity=self.diversity if diversity is None else diversity,
            **wanted,
        )
        return [hit_document(hit) for hit in hits]

    async def _aget_relevant_documents(
        self, query: Question, *, run_manager: AsyncCallbackManagerForRetrieverRun, **named: Any
    ) -> list[Document]:
        """Recall in a thread; arguments and errors as `invoke`."""
        return await to_thread(
            self._get_relevant_documents, query, run_manager=run_manager.get_sync(), **named
        )

    def content_blocks(
        self,
        documents: Sequence[Document],
        *,
        kinds: Sequence[str] = KINDS,
        max_bytes: int = MAX_BYTES,
        config: RunnableConfig | None = None,
    ) -> list[ContentBlock]:
        """Show documents to a chat model that sees and hears: their texts, pictures and sounds.

        A chain `retriever | retriever.content_blocks` ends in the content of a message.

        Args:
            documents: Documents of this retriever; those forgotten since are left out.
            kinds: Types of blocks that the model takes, of `"text"`, `"image"` and `"audio"`: what
                has another is described in words. docs/langchain.md says which model takes which.
            max_bytes: Largest size of one picture or sound.
            config: The run's, for `owner`; chains pass it.
        Raises:
            OwnerError: `owner` names nobody.
            QueryError: An unknown kind.
        """
        check_kinds(kinds)
        named = {document.id: document for document in documents if document.id is not None}
        blocks: list[ContentBlock] = []
        with self._lent(config) as memory:
            for record in memory.get_many(named):
                medium, span = matched_by(named[record.id], record)
                blocks += blocks_of(
                    memory, record, matched=medium, span=span, kinds=kinds, max_bytes=max_bytes
                )
        return blocks
