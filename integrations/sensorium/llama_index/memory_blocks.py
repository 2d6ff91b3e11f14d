"""A memory as a block of a LlamaIndex chat memory."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any, Literal, TypeAlias

from llama_index.core.base.llms.types import ChatMessage, MessageRole, TextBlock
from llama_index.core.bridge.pydantic import Field
from llama_index.core.memory import BaseMemoryBlock
from llama_index.core.utils import get_tokenizer

from sensorium.agents.origins import origin_of_role
from sensorium.agents.threads import to_thread
from sensorium.errors import BatchError, EncodingError, PerceptError, SensoriumError
from sensorium.llama_index.messages import ROLE, message_of, percepts_of, words_of
from sensorium.memory import Hit, Memory, Moment
from sensorium.memory.writing.clock import TICK
from sensorium.percepts import Percept

Scope: TypeAlias = Literal["session", "owner"]
SESSION = "session_id"  # key of a message's `additional_kwargs`, which LlamaIndex sets
MEDIUM_TOKENS = 256  # tokens that LlamaIndex counts for a picture or a sound by default
UNREADABLE = (PerceptError, EncodingError)  # errors in the content of a message
FADING = 0.5  # weight of a message in relation to the message after it

logger = logging.getLogger(__name__)


class SensoriumMemoryBlock(BaseMemoryBlock[list[ChatMessage]]):
    """Remembers the text, pictures, sounds and videos of messages, and recalls what fits.

    Recalled records become messages with pictures and sounds in them, which reach the model. By
    default a message is recalled only in the session in which it was remembered.
    """

    name: str = Field(default="sensorium", description="Name of this block.")
    memory: Memory = Field(exclude=True, description="Memory in which messages are remembered.")
    scope: Scope = Field(
        default="session",
        description="Recall from this session alone, or from all memories of the owner.",
    )
    similarity_top_k: int = Field(
        default=3, gt=0, description="Largest number of recalled messages."
    )
    retrieval_context_window: int = Field(
        default=1,
        gt=0,
        description="Number of the user's latest messages that make up the question.",
    )
    min_confidence: float | None = Field(
        default=None, ge=0, le=1, description="Least confidence of a recalled message."
    )

    async def _aput(self, messages: list[ChatMessage]) -> None:
        # LlamaIndex removes the session from the messages, perhaps as soon as this call waits
        sessions = [message.additional_kwargs.get(SESSION) for message in messages]
        await to_thread(self._remember, messages, sessions)

    def _remember(self, messages: Sequence[ChatMessage], sessions: Sequence[str | None]) -> None:
        """Remember messages that have text or media.

        Media that cannot be read are left out with a warning, as LlamaIndex no longer has the
        messages that it passes on.

        Raises:
            SensoriumError: A message cannot be remembered for another reason; the others are.
        """
        moments: list[Moment] = []
        now = datetime.now(timezone.utc)
        for number, (message, session) in enumerate(zip(messages, sessions, strict=True)):
            words, percepts = words_of(message), percepts_of(message)
            if words or percepts:
                # What is said again is of now, and stands behind what was said before it
                at = now + number * TICK
                moments.append(_moment(message, words, percepts, session, at))
        rest: list[Moment] = []
        failures: list[SensoriumError] = []
        for failure in self.memory.remember_many(moments).failures:
            moment, error = moments[failure.index], failure.error
            less = _without_failed(moment, error) if moment.percepts else None
            if less and (less.text or less.percepts):
                rest.append(less)
            elif not (less and isinstance(error, UNREADABLE)):
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
        return await to_thread(self._recall, messages or [], session_id)

    def _recall(self, messages: Sequence[ChatMessage], session: str | None) -> list[ChatMessage]:
        """Recall what answers the latest messages, best first, without these messages."""
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
        """Recall by the parts of a question that can be encoded; warn of the others."""
        if not parts:
            return []
        try:
            hits = self.memory.recall(
                list(parts),
                weights=list(weights),
                limit=limit,
                min_confidence=self.min_confidence,
                source=_source(session) if self.scope == "session" else None,
            )
            # A session is the owner's, whatever others call theirs
            return [hit for hit in hits if self.scope != "session" or not hit.record.shared]
        except UNREADABLE as error:
            failed = error.failures if isinstance(error, BatchError) else range(len(parts))
            left = [number for number in range(len(parts)) if number not in failed]
            if any(isinstance(parts[number], str) for number in failed):
                raise
            logger.warning(
                "sensorium: parts of a question cannot be read and are left out: %s", error
            )
            return self._hits(
                [parts[number] for number in left],
                [weights[number] for number in left],
                limit=limit,
                session=session,
            )

    async def atruncate(
        self, content: list[ChatMessage], tokens_to_truncate: int
    ) -> list[ChatMessage] | None:
        """Leave out as many messages as necessary, the last ones first, which fit least.

        Returns:
            The other messages; `None` if there are none.
        """
        kept = list(content)
        while kept and tokens_to_truncate > 0:
            tokens_to_truncate -= _tokens(kept.pop())
        return kept or None


def _moment(
    message: ChatMessage,
    words: str,
    percepts: list[Percept],
    session: str | None,
    at: datetime,
) -> Moment:
    source = _source(session)
    return Moment(
        percepts,
        id=_id(source, message.role.value, words, percepts),
        text=words or None,
        at=at,
        source=source,
        metadata={ROLE: message.role.value, **({SESSION: session} if session else {})},
        origin=origin_of_role(message.role.value),
    )


def _without_failed(moment: Moment, error: SensoriumError) -> Moment:
    """Return a moment without the percepts that an error is about, and log a warning."""
    percepts: Sequence[Percept] = (
        [moment.percepts] if isinstance(moment.percepts, Percept) else moment.percepts
    )
    before = 1 if moment.text else 0  # a batch counts the text first
    failed = error.failures if isinstance(error, BatchError) else range(len(percepts) + before)
    left = [percept for number, percept in enumerate(percepts, before) if number not in failed]
    missing = ", ".join(percept.modality for percept in percepts if percept not in left)
    logger.warning("sensorium: a message is remembered without its %s: %s", missing, error)
    return replace(moment, percepts=left)


def _source(session: str | None) -> str:
    """Return the source of the records of a session; messages without a session share one."""
    return "chat" if session is None else f"chat:{session}"


def _id(source: str, role: str, words: str, percepts: Sequence[Percept]) -> str:
    """Return the id of a message, so that it is remembered once in its session."""
    parts = [source, role, words, *(percept.digest for percept in percepts)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _tokens(message: ChatMessage) -> int:
    tokenize = get_tokenizer()
    return sum(
        len(tokenize(block.text)) if isinstance(block, TextBlock) else MEDIUM_TOKENS
        for block in message.blocks
    )
