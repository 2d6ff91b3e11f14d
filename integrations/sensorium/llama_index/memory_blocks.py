"""A memory as a block of a LlamaIndex chat memory."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from llama_index.core.base.llms.types import ChatMessage, MessageRole, TextBlock
from llama_index.core.bridge.pydantic import Field
from llama_index.core.memory import BaseMemoryBlock
from llama_index.core.utils import get_tokenizer

from sensorium.errors import BatchError, EncodingError, PerceptError, SensoriumError
from sensorium.llama_index.messages import ROLE, message_of, percepts_of, words_of
from sensorium.memory import Hit, Memory, Moment
from sensorium.percepts import Percept

Scope: TypeAlias = Literal["session", "owner"]
SESSION = "session_id"  # key of a message's `additional_kwargs`, set by LlamaIndex
MEDIUM_TOKENS = 256  # what LlamaIndex counts for a picture or a sound unless told otherwise
READING = (PerceptError, EncodingError)  # errors of what a message holds
FADING = 0.5  # weight of a message of the question, in relation to the one after it

logger = logging.getLogger(__name__)


class SensoriumMemoryBlock(BaseMemoryBlock[list[ChatMessage]]):
    """Remembers the words, pictures, sounds and videos of messages, and recalls what fits.

    What is recalled comes as messages with pictures and sounds in them, which reach the model.
    Sessions are kept apart: each message is remembered with its session, and recalled in no other.
    """

    name: str = Field(default="sensorium", description="Of this block.")
    memory: Memory = Field(exclude=True, description="Where messages are remembered.")
    scope: Scope = Field(
        default="session",
        description="Recall this session's messages alone, or all that the owner remembers.",
    )
    similarity_top_k: int = Field(default=3, gt=0, description="Messages recalled at most.")
    retrieval_context_window: int = Field(
        default=1,
        gt=0,
        description="Latest messages of the user that make the question; later ones weigh more.",
    )
    min_confidence: float | None = Field(
        default=None, ge=0, le=1, description="Leave out what may well be coincidence."
    )

    async def _aput(self, messages: list[ChatMessage]) -> None:
        # Who says which session it is takes that back, perhaps as soon as this waits
        sessions = [message.additional_kwargs.get(SESSION) for message in messages]
        await asyncio.to_thread(self._remember, messages, sessions)

    def _remember(self, messages: Sequence[ChatMessage], sessions: Sequence[str | None]) -> None:
        """Remember messages; of those that say nothing and show nothing, nothing.

        What cannot be read is left out with a warning: LlamaIndex forgets what it hands on.

        Raises:
            SensoriumError: One that cannot be remembered for another reason; the others are.
        """
        moments: list[Moment] = []
        for message, session in zip(messages, sessions, strict=True):
            words, percepts = words_of(message), percepts_of(message)
            if words or percepts:
                moments.append(_moment(message, words, percepts, session))
        rest: list[Moment] = []
        failures: list[SensoriumError] = []
        for failure in self.memory.remember_many(moments).failures:
            moment, error = moments[failure.index], failure.error
            less = _without_failed(moment, error) if moment.percepts else None
            if less and (less.text or less.percepts):
                rest.append(less)
            elif not (less and isinstance(error, READING)):
                failures.append(error)
        failures += [failure.error for failure in self.memory.remember_many(rest).failures]
        if failures:
            raise failures[0]

    async def _aget(
        self,
        messages: list[ChatMessage] | None = None,
        session_id: str | None = None,
        **block_kwargs: Any,
    ) -> list[ChatMessage]:
        return await asyncio.to_thread(self._recall, messages or [], session_id)

    def _recall(self, messages: Sequence[ChatMessage], session: str | None) -> list[ChatMessage]:
        """Recall what answers the latest messages, best first, but for these themselves."""
        parts: list[str | Percept] = []
        weights: list[float] = []
        asked: set[str] = set()
        by_user = [message for message in messages if message.role == MessageRole.USER]
        latest = (by_user or messages)[-self.retrieval_context_window :]
        for age, message in enumerate(reversed(latest)):
            words, percepts = words_of(message), percepts_of(message)
            parts += [words] if words else []
            parts += percepts
            weights += [FADING**age] * (len(parts) - len(weights))
            asked.add(_id(_source(session), message.role.value, words, percepts))
        hits = self._hits(parts, weights, limit=self.similarity_top_k + len(asked), session=session)
        others = [hit for hit in hits if hit.record.id not in asked]
        return [message_of(self.memory, hit) for hit in others[: self.similarity_top_k]]

    def _hits(
        self,
        parts: Sequence[str | Percept],
        weights: Sequence[float],
        *,
        limit: int,
        session: str | None,
    ) -> list[Hit]:
        """Recall by what can be encoded of a question; the rest is left out with a warning."""
        if not parts:
            return []
        try:
            return self.memory.recall(
                list(parts),
                weights=list(weights),
                limit=limit,
                min_confidence=self.min_confidence,
                source=_source(session) if self.scope == "session" else None,
            )
        except READING as error:
            failed = error.failures if isinstance(error, BatchError) else range(len(parts))
            left = [number for number in range(len(parts)) if number not in failed]
            if any(isinstance(parts[number], str) for number in failed):
                raise
            logger.warning("sensorium: asked without what cannot be read: %s", error)
            return self._hits(
                [parts[number] for number in left],
                [weights[number] for number in left],
                limit=limit,
                session=session,
            )

    async def atruncate(
        self, content: list[ChatMessage], tokens_to_truncate: int
    ) -> list[ChatMessage] | None:
        """Leave out as many messages as it takes, those that fit least first.

        Returns:
            `None` where none is left.
        """
        kept = list(content)
        while kept and tokens_to_truncate > 0:
            tokens_to_truncate -= _tokens(kept.pop())
        return kept or None


def _moment(
    message: ChatMessage, words: str, percepts: list[Percept], session: str | None
) -> Moment:
    source = _source(session)
    return Moment(
        percepts,
        id=_id(source, message.role.value, words, percepts),
        text=words or None,
        source=source,
        metadata={ROLE: message.role.value, **({SESSION: session} if session else {})},
    )


def _without_failed(moment: Moment, error: SensoriumError) -> Moment:
    """Leave out of a moment the signals that an error is about, and say so."""
    percepts: Sequence[Percept] = (
        [moment.percepts] if isinstance(moment.percepts, Percept) else moment.percepts
    )
    before = 1 if moment.text else 0  # the words are what is counted first
    failed = error.failures if isinstance(error, BatchError) else range(len(percepts) + before)
    left = [one for number, one in enumerate(percepts, before) if number not in failed]
    senses = [one.modality for one in percepts if one not in left]
    logger.warning(
        "sensorium: a message is remembered without its %s: %s", ", ".join(senses), error
    )
    return replace(moment, percepts=left)


def _source(session: str | None) -> str:
    """Name a session as the source of its records; those without a name have one together."""
    return "chat" if session is None else f"chat:{session}"


def _id(source: str, role: str, words: str, percepts: Sequence[Percept]) -> str:
    """Name a message: the same one of the same session is remembered once."""
    parts = [source, role, words, *(percept.digest for percept in percepts)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _tokens(message: ChatMessage) -> int:
    tokenize = get_tokenizer()
    return sum(
        len(tokenize(block.text)) if isinstance(block, TextBlock) else MEDIUM_TOKENS
        for block in message.blocks
    )
