"""The tools that keep, correct and forget memories."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sensorium.agents.arguments import (
    Forget,
    Remember,
    Signal,
    Update,
    check_changes,
    check_content,
)
from sensorium.agents.changes import changed_lines, kept_lines, signals_line
from sensorium.agents.forgetting import forget
from sensorium.agents.time_arguments import expiry
from sensorium.langchain.artifacts import record_reference
from sensorium.langchain.blocks import blocks_of
from sensorium.langchain.memory_tool import Answer, InRun, InTalk, MemoryTool, name_of
from sensorium.memory import Memory, Record
from sensorium.percepts import Percept


class RememberInRun(InRun, Remember):
    """Arguments of `remember`."""


class RememberInTalk(InTalk, Remember):
    """Arguments of `remember` in a conversation."""


class UpdateInRun(InRun, Update):
    """Arguments of `update`."""


class UpdateInTalk(InTalk, Update):
    """Arguments of `update` in a conversation."""


class ForgetInRun(InRun, Forget):
    """Arguments of `forget`."""


class ChangingTool(MemoryTool):
    """A tool whose answer is about one record."""

    def _answer(self, memory: Memory, record: Record, lines: Sequence[str], **facts: Any) -> Answer:
        blocks = blocks_of(memory, record, kinds=["image"], max_bytes=self.max_bytes)
        artifact = {"id": record.id, **facts, "record": record_reference(record)}
        return self._message("\n".join(lines), blocks if self.show_media else ()), artifact


class RememberTool(ChangingTool):
    """The tool that keeps a moment."""

    name: str = "remember"
    description: str = (
        "Keep a moment in long-term memory: text, pictures, sounds and other signals of one time."
    )
    args_schema: Any = RememberInRun

    def _done(
        self,
        memory: Memory,
        /,
        text: str = "",
        *,
        media: Sequence[Signal] | None = None,
        attached: Sequence[Percept] = (),
        at: datetime | None = None,
        tags: Sequence[str] | None = None,
        source: str = "",
        metadata: dict[str, Any] | None = None,
        ttl: timedelta | None = None,
        supersedes: Sequence[str] | None = None,
    ) -> Answer:
        check_content(text, [*(media or ()), *attached])
        self._reader.check_text(text)
        about: dict[str, Any] = {
            "tags": tags or (),
            "source": source or None,
            "metadata": metadata,
            "expires_at": expiry(ttl),
            "supersedes": supersedes,
            "origin": "person" if attached else "model",
        }
        remembered = memory.remember(
            *self._percepts(media, attached),
            text=text if text.strip() else None,
            at=at,
            **about,
        )
        record = memory.get(remembered.id)
        lines = kept_lines(memory, remembered, name_of(record), about)
        if attached:
            lines.append(f"with what the user sent: {signals_line(record.media) or 'a text'}")
        return self._answer(memory, record, lines, status=remembered.status)


class UpdateTool(ChangingTool):
    """The tool that corrects a memory."""

    name: str = "update"
    description: str = (
        "Correct a memory, or add media to it; arguments that are left out change nothing."
    )
    args_schema: Any = UpdateInRun

    def _done(
        self,
        memory: Memory,
        /,
        id: str,
        *,
        text: str = "",
        media: Sequence[Signal] | None = None,
        attached: Sequence[Percept] = (),
        tags: Sequence[str] | None = None,
        source: str = "",
        metadata: dict[str, Any] | None = None,
        ttl: timedelta | None = None,
    ) -> Answer:
        changes: dict[str, Any] = {
            "text": text if text.strip() else None,
            "tags": tags,
            "source": source or None,
            "metadata": metadata,
            "expires_at": expiry(ttl),
        }
        check_changes([*(media or ()), *attached], **changes)
        self._reader.check_text(text)
        before = memory.get(id)
        after = memory.update(before.id, *self._percepts(media, attached), **changes)
        lines = [f"updated: {name_of(after)}", *changed_lines(before, after)]
        return self._answer(memory, after, lines)


class ForgetTool(MemoryTool):
    """The tool that removes memories."""

    name: str = "forget"
    description: str = (
        "Forget memories for good: those that meet every condition, ids included. "
        "Recall them first, to be sure which they are."
    )
    args_schema: Any = ForgetInRun

    def _done(self, memory: Memory, /, *ids: str, **arguments: Any) -> Answer:
        if ids:
            arguments["ids"] = ids
        forgotten = forget(memory, **arguments)
        artifact = {"forgotten": forgotten.count, "missing": list(forgotten.missing)}
        return "\n".join(forgotten.lines), artifact
