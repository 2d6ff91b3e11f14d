"""The tools that keep and change memories: remember and update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult

from sensorium.agents.arguments import (
    At,
    Facts,
    Id,
    Media,
    NewTags,
    NewText,
    OtherFacts,
    OtherTags,
    OtherText,
    Signal,
    SourceName,
    Supersedes,
    Together,
    Ttl,
    check_changes,
    check_content,
)
from sensorium.agents.changes import changed_lines, kept_lines
from sensorium.agents.signals import SignalReader
from sensorium.agents.time_arguments import expiry
from sensorium.agents.wording import told
from sensorium.errors import ToolArgumentError
from sensorium.mcp.blocks import record_data, record_text
from sensorium.mcp.progress import Call, Step, working
from sensorium.mcp.schemas import Failed, Kept, RecordData, RememberedData, answer
from sensorium.memory import Memory, Moment, Record, Remembered
from sensorium.percepts import Percept

BATCH = 4  # signals encoded together: few enough for the progress to move


class WritingTools:
    """The tools with which a model adds to a memory and changes it."""

    def __init__(self, memory: Memory, reader: SignalReader) -> None:
        """Write to one memory.

        Args:
            memory: The memory that is served.
            reader: What makes percepts of the signals to remember.
        """
        self._memory = memory
        self._reader = reader

    async def remember(
        self,
        call: Call,
        *,
        text: NewText = "",
        media: Media = None,
        together: Together = True,
        at: At = None,
        tags: NewTags = None,
        source: SourceName = "",
        metadata: Facts = None,
        ttl: Ttl = None,
        supersedes: Supersedes = None,
    ) -> Annotated[CallToolResult, RememberedData]:
        """Remember text, pictures, sounds, videos, depth maps, thermal pictures or motions.

        The same content of the same time is remembered once. The answer holds the id of each
        memory, and comes once all of them are safely kept.
        """
        about: dict[str, Any] = {
            "text": text if text.strip() else None,
            "at": at,
            "tags": tuple(tags or ()),
            "source": source or None,
            "metadata": metadata,
            "expires_at": expiry(ttl),
            "supersedes": supersedes,
            "origin": "model",
        }
        signals = media or []
        check_content(text, signals)
        self._reader.check_text(text)

        def work(step: Step) -> CallToolResult:
            if together or len(signals) < 2:
                return self._remember_together(signals, about, step)
            return self._remember_each(signals, about, step)

        return await working(call, work)

    def _remember_together(
        self, signals: Sequence[Signal], about: dict[str, Any], step: Step
    ) -> CallToolResult:
        percepts = self._read(signals, step)
        remembered = self._memory.remember(*percepts, **about)
        step(len(signals) + 1, len(signals) + 1, "kept")
        return self._answer([remembered], [], about)

    def _remember_each(
        self, signals: Sequence[Signal], about: dict[str, Any], step: Step
    ) -> CallToolResult:
        """Remember each signal by itself; tell which failed, and keep the others."""
        failed: list[Failed] = []
        indices: list[int] = []  # of the moments' signals
        moments: list[Moment] = []
        for index, signal in enumerate(signals):
            try:
                moments.append(Moment(self._reader.read(signal, f"media[{index}]"), **about))
                indices.append(index)
            except ToolArgumentError as error:
                failed.append({"media": index, "error": str(error)})
        step(len(failed), len(signals), "remembering")
        report = self._memory.remember_many(
            moments,
            batch_size=BATCH,
            progress=lambda done, _: step(done + len(failed), len(signals), "remembering"),
        )
        for failure in report.failures:
            index = indices[failure.index]
            failed.append({"media": index, "error": f"media[{index}]: {told(failure.error)}"})
        if not report.remembered:
            raise ToolError("\n".join(failure["error"] for failure in failed))
        failed.sort(key=lambda failure: failure["media"])
        return self._answer(report.remembered, failed, about)

    def _answer(
        self, kept: Sequence[Remembered], failed: list[Failed], about: Mapping[str, Any]
    ) -> CallToolResult:
        lines = [
            line
            for each in kept
            for line in kept_lines(self._memory, each, f"memory {each.id}", about)
        ]
        lines += [f"failed: {failure['error']}" for failure in failed]
        records = [Kept(id=remembered.id, status=remembered.status) for remembered in kept]
        return answer(lines, RememberedData(records=records, failed=failed))

    def _read(self, signals: Sequence[Signal], step: Step) -> list[Percept]:
        percepts = []
        for index, signal in enumerate(signals):
            step(index, len(signals) + 1, f"reading media[{index}]")
            percepts.append(self._reader.read(signal, f"media[{index}]"))
        step(len(signals), len(signals) + 1, "remembering")
        return percepts

    async def update(
        self,
        call: Call,
        *,
        id: Id,
        text: OtherText = "",
        media: Media = None,
        tags: OtherTags = None,
        source: SourceName = "",
        metadata: OtherFacts = None,
        ttl: Ttl = None,
    ) -> Annotated[CallToolResult, RecordData]:
        """Change a memory, or add media to it; arguments that are left out change nothing."""
        changes: dict[str, Any] = {
            "text": text if text.strip() else None,
            "tags": tags,
            "source": source or None,
            "metadata": metadata,
            "expires_at": expiry(ttl),
        }
        signals = media or []
        check_changes(signals, **changes)
        self._reader.check_text(text)

        def work(step: Step) -> tuple[Record, Record]:
            # The id is looked up before any signal is read for it.
            before = self._memory.get(id)
            return before, self._memory.update(before.id, *self._read(signals, step), **changes)

        before, after = await working(call, work)
        lines = [f"updated: {record_text(after)}", *changed_lines(before, after)]
        return answer(lines, record_data(after))
