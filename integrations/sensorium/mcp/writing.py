"""The tools that keep and change memories: remember and update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult

from sensorium.mcp.answers import record_data, record_text
from sensorium.mcp.arguments import (
    At,
    Facts,
    Id,
    NewTags,
    Origin,
    OtherFacts,
    OtherTags,
    OtherWords,
    Together,
    Ttl,
    Words,
)
from sensorium.mcp.media import MediaReader
from sensorium.mcp.progress import Call, Step, working
from sensorium.mcp.results import Failed, Kept, RecordData, RememberedData, answer
from sensorium.mcp.signals import Media, Signal
from sensorium.mcp.times import after
from sensorium.mcp.wording import told
from sensorium.memory import Memory, Moment, Record, Remembered
from sensorium.percepts import Percept

BATCH = 4  # media encoded together: few enough for the progress to move


class WritingTools:
    """What a model can add to a memory."""

    def __init__(self, memory: Memory, reader: MediaReader) -> None:
        """Write to one memory."""
        self._memory = memory
        self._reader = reader

    async def remember(
        self,
        call: Call,
        *,
        text: Words = "",
        media: Media | None = None,
        together: Together = True,
        at: At | None = None,
        tags: NewTags | None = None,
        source: Origin = "",
        metadata: Facts | None = None,
        ttl: Ttl | None = None,
    ) -> Annotated[CallToolResult, RememberedData]:
        """Remember words, pictures, sounds, videos, depth maps, thermal pictures or motions.

        What is the same content of the same time is remembered once. Answers with the id of each
        memory, after it is safely kept.
        """
        about: dict[str, Any] = {
            "text": text if text.strip() else None,
            "at": at,
            "tags": tuple(tags or ()),
            "source": source or None,
            "metadata": metadata,
            "expires_at": after(ttl),
        }
        given = media or []
        if not given and about["text"] is None:
            raise ToolError("nothing to remember; needed text or media; give one of them")
        one = together or len(given) < 2

        def work(step: Step) -> CallToolResult:
            if one:
                return self._remember_one(given, about, step)
            return self._remember_each(given, about, step)

        return await working(call, work)

    def _remember_one(
        self, media: Sequence[Signal], about: dict[str, Any], step: Step
    ) -> CallToolResult:
        percepts = self._read(media, step)
        done = self._memory.remember(*percepts, **about)
        step(len(media) + 1, len(media) + 1, "kept")
        return _remembered([done], [])

    def _remember_each(
        self, media: Sequence[Signal], about: dict[str, Any], step: Step
    ) -> CallToolResult:
        """Remember each by itself; what fails is told, the others are kept."""
        failed: list[Failed] = []
        places: list[int] = []
        moments: list[Moment] = []
        for place, signal in enumerate(media):
            try:
                moments.append(Moment(self._reader.read(signal, f"media[{place}]"), **about))
                places.append(place)
            except ToolError as error:
                failed.append({"media": place, "error": str(error)})
        step(len(failed), len(media), "remembering")
        report = self._memory.remember_many(
            moments,
            batch_size=BATCH,
            progress=lambda done, _: step(done + len(failed), len(media), "remembering"),
        )
        for failure in report.failures:
            place = places[failure.index]
            failed.append({"media": place, "error": f"media[{place}]: {told(failure.error)}"})
        if not report.remembered:
            raise ToolError("\n".join(one["error"] for one in failed))
        return _remembered(report.remembered, sorted(failed, key=lambda one: one["media"]))

    def _read(self, media: Sequence[Signal], step: Step) -> list[Percept]:
        percepts = []
        for place, signal in enumerate(media):
            step(place, len(media) + 1, f"reading media[{place}]")
            percepts.append(self._reader.read(signal, f"media[{place}]"))
        step(len(media), len(media) + 1, "remembering")
        return percepts

    async def update(
        self,
        call: Call,
        *,
        id: Id,
        text: OtherWords = "",
        media: Media | None = None,
        tags: OtherTags | None = None,
        source: Origin = "",
        metadata: OtherFacts | None = None,
        ttl: Ttl | None = None,
    ) -> Annotated[CallToolResult, RecordData]:
        """Change a memory, or add media to it; what is not given stays as it is."""
        changes: dict[str, Any] = {
            "text": text if text.strip() else None,
            "tags": tags,
            "source": source or None,
            "metadata": metadata,
            "expires_at": after(ttl),
        }
        given = media or []
        if not given and all(value is None for value in changes.values()):
            raise ToolError(
                "an update of nothing; needed text, media, tags, source, metadata or ttl; "
                "give what is to change"
            )

        def work(step: Step) -> Record:
            record = self._memory.get(id)  # before anything is read for it
            return self._memory.update(record.id, *self._read(given, step), **changes)

        record = await working(call, work)
        return answer([f"updated: {record_text(record)}"], record_data(record))


def _remembered(kept: Sequence[Remembered], failed: list[Failed]) -> CallToolResult:
    lines = [_sentence(one) for one in kept]
    lines += [f"failed: {one['error']}" for one in failed]
    records = [Kept(id=one.id, status=one.status) for one in kept]
    return answer(lines, RememberedData(records=records, failed=failed))


def _sentence(one: Remembered) -> str:
    if one.status == "known":
        return f"known already, and left as it was (update changes it): memory {one.id}"
    return f"remembered: memory {one.id}"
