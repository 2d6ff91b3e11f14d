"""The tools that keep and change memories: remember and update."""

from __future__ import annotations

from collections.abc import Sequence
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
    Origin,
    OtherFacts,
    OtherTags,
    OtherText,
    Signal,
    Together,
    Ttl,
    check_content,
)
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
        source: Origin = "",
        metadata: Facts = None,
        ttl: Ttl = None,
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
        return _answer([remembered], [])

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
        return _answer(report.remembered, sorted(failed, key=lambda failure: failure["media"]))

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
        source: Origin = "",
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
        if not signals and all(value is None for value in changes.values()):
            raise ToolArgumentError(
                "an update without a change",
                "text, media, tags, source, metadata or ttl",
                "give what is to change",
            )

        self._reader.check_text(text)

        def work(step: Step) -> Record:
            # The id is looked up before any signal is read for it.
            record = self._memory.get(id)
            return self._memory.update(record.id, *self._read(signals, step), **changes)

        record = await working(call, work)
        return answer([f"updated: {record_text(record)}"], record_data(record))


def _answer(kept: Sequence[Remembered], failed: list[Failed]) -> CallToolResult:
    lines = [_sentence(remembered) for remembered in kept]
    lines += [f"failed: {failure['error']}" for failure in failed]
    records = [Kept(id=remembered.id, status=remembered.status) for remembered in kept]
    return answer(lines, RememberedData(records=records, failed=failed))


def _sentence(remembered: Remembered) -> str:
    if remembered.status == "known":
        return f"known already, and left unchanged (update changes it): memory {remembered.id}"
    return f"remembered: memory {remembered.id}"
