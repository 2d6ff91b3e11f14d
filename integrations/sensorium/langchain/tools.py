"""Tools with which an agent remembers and recalls, through LangChain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from langchain_core.messages.content import ContentBlock
from langchain_core.tools import BaseTool, ToolException
from pydantic import AwareDatetime, Field, ValidationError

from sensorium.errors import QueryError, SensoriumError, first_problem
from sensorium.langchain.arguments import LIMIT, Recall, Remember, Signal
from sensorium.langchain.blocks import blocks_of
from sensorium.langchain.contents import described
from sensorium.memory import Hit, Memory
from sensorium.percepts import Percept, Text
from sensorium.percepts.locations import directories
from sensorium.percepts.previews import MAX_BYTES

LONGEST = 2000  # characters of a record's words in a message; the artifact has all
TOGETHER = 4  # times `max_bytes`: of the pictures and sounds of a message


def memory_tools(
    memory: Memory,
    *,
    roots: Sequence[str | Path] = (),
    show_media: bool = False,
    max_bytes: int = MAX_BYTES,
) -> list[BaseTool]:
    """Make the tools `remember` and `recall` of one owner's memory.

    What goes wrong is a `ToolException` that says what to do; it becomes the tool's message to the
    model, unless `handle_tool_error` of a tool is set to False.

    Args:
        memory: Whose owner is fixed: no argument of a tool leads to another's.
        roots: Directories from which `remember` and `recall` may read files; by default none.
        show_media: Put pictures and sounds into the messages themselves, for models that take them
            there; they are in the artifacts either way.
        max_bytes: Of each picture or sound shown; of all in one message, four times that.
    Returns:
        `remember` and `recall`, whose artifacts are JSON-ready and hold what was kept or found,
        each with its content blocks.
    """
    options: dict[str, Any] = {
        "memory": memory,
        "roots": tuple(directories(roots)),
        "show_media": show_media,
        "max_bytes": max_bytes,
    }
    return [RememberTool(**options), RecallTool(**options)]


def _explained(error: Any) -> str:
    """Name the argument that was refused, and why."""
    return first_problem(error) if isinstance(error, ValidationError) else str(error)


class MemoryTool(BaseTool):
    """What both tools have: a memory, and how much of it is shown."""

    memory: Memory = Field(exclude=True)
    roots: tuple[str | Path, ...] = ()
    show_media: bool = False
    max_bytes: int = MAX_BYTES
    response_format: Literal["content", "content_and_artifact"] = "content_and_artifact"
    handle_tool_error: Any = True
    handle_validation_error: Any = _explained

    def _percepts(self, media: Sequence[Signal] | None) -> list[Percept]:
        return [
            described(dict(one), units=one.units or {}, roots=self.roots) for one in media or ()
        ]

    def _message(self, text: str, blocks: Sequence[ContentBlock]) -> str | list[Any]:
        """Write the message: a model reads and sees so much of what was found, and no more."""
        shown: list[Any] = []
        left = TOGETHER * self.max_bytes
        for block in blocks if self.show_media else ():
            size = len(str(block.get("base64", ""))) * 3 // 4
            if block["type"] != "text" and size <= left:
                left -= size
                shown.append(block)
        return [{"type": "text", "text": text}, *shown] if shown else text


class RememberTool(MemoryTool):
    """Keeps a moment."""

    name: str = "remember"
    description: str = (
        "Keep a moment in long-term memory: words, pictures, sounds and other signals of one time."
    )
    args_schema: Any = Remember

    def _run(
        self,
        text: str | None = None,
        *,
        media: Sequence[Signal] | None = None,
        at: AwareDatetime | None = None,
        tags: Sequence[str] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> tuple[str | list[Any], dict[str, Any]]:
        try:
            kept = self.memory.remember(
                *self._percepts(media), text=text, at=at, tags=tags or (), metadata=metadata
            )
            record = self.memory.get(kept.id)
            blocks = blocks_of(self.memory, record, max_bytes=self.max_bytes)
        except SensoriumError as error:
            raise ToolException(str(error)) from error
        said = "was known already" if kept.status == "known" else "remembered"
        text = f"{said}: {', '.join(record.modalities)} (id {kept.id})"
        artifact = {"id": kept.id, "status": kept.status, "record": record.to_dict()}
        return self._message(text, blocks), {**artifact, "blocks": blocks}


class RecallTool(MemoryTool):
    """Finds moments."""

    name: str = "recall"
    description: str = (
        "Search long-term memory by words, a picture, a sound or another signal: any of them finds "
        "memories of all senses."
    )
    args_schema: Any = Recall

    def _run(
        self,
        query: str | None = None,
        *,
        media: Sequence[Signal] | None = None,
        limit: int = LIMIT,
        modalities: Sequence[str] | None = None,
        tags: Sequence[str] | None = None,
        since: AwareDatetime | None = None,
        until: AwareDatetime | None = None,
        min_confidence: float | None = None,
    ) -> tuple[str | list[Any], dict[str, Any]]:
        try:
            words = [Text(query)] if query and query.strip() else []
            parts = [*words, *self._percepts(media)]
            if not parts:
                raise QueryError("a recall without a question", "query or media", "give one")
            hits = self.memory.recall(
                parts,
                limit=limit,
                modalities=modalities,
                tags=tags,
                since=since,
                until=until,
                min_confidence=min_confidence,
            )
            found = [self._found(hit) for hit in hits]
        except SensoriumError as error:
            raise ToolException(str(error)) from error
        lines = [f"{number}. {_line(hit)}" for number, hit in enumerate(hits, start=1)]
        blocks = [block for one in found for block in one["blocks"]]
        text = "\n".join(lines) or "nothing in memory answers this"
        return self._message(text, blocks), {"hits": found}

    def _found(self, hit: Hit) -> dict[str, Any]:
        blocks = blocks_of(
            self.memory, hit.record, matched=hit.medium, span=hit.span, max_bytes=self.max_bytes
        )
        return {**hit.to_dict(), "blocks": blocks}


def _line(hit: Hit) -> str:
    """Say in one line what was found: when, by which sense, how sure, and its words."""
    record = hit.record
    timed = hit.span is not None and hit.modality != Text.modality
    span = f" at {hit.span.start:.1f} to {hit.span.end:.1f} s" if timed and hit.span else ""
    sure = "" if hit.confidence is None else f", confidence {hit.confidence:.2f}"
    tags = f", tags {', '.join(record.tags)}" if record.tags else ""
    cut = record.text if len(record.text) <= LONGEST else f"{record.text[:LONGEST]}... (cut)"
    words = f": {cut}" if cut else ""
    when = f"{record.at:%Y-%m-%d %H:%M:%S} UTC"
    return f"{when}, {hit.modality}{span}{sure}{tags} (id {record.id}){words}"
