"""The tools that change nothing: recall, timeline and count."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, ContentBlock, TextContent

from sensorium.mcp.answers import (
    Gallery,
    hit_data,
    hit_text,
    is_unlikely,
    record_data,
    record_text,
)
from sensorium.mcp.arguments import (
    By,
    Certainty,
    Cursor,
    Hits,
    Keywords,
    Like,
    NewestFirst,
    Page,
    Previews,
    Query,
    Senses,
    Since,
    Source,
    Tags,
    Until,
    Where,
)
from sensorium.mcp.media import MediaReader
from sensorium.mcp.options import ServerLimits
from sensorium.mcp.progress import Call, Step, working
from sensorium.mcp.results import CountData, RecallData, TimelineData, answer
from sensorium.mcp.signals import Media, Signal
from sensorium.mcp.wording import memories
from sensorium.memory import Filters, Hit, Memory
from sensorium.percepts import Percept

HITS = 5
RECORDS = 20


class ReadingTools:
    """What a model can ask of a memory."""

    def __init__(self, memory: Memory, reader: MediaReader, limits: ServerLimits) -> None:
        """Answer from one memory, within limits."""
        self._memory = memory
        self._reader = reader
        self._limits = limits

    async def recall(
        self,
        call: Call,
        *,
        query: Query = "",
        media: Media | None = None,
        like: Like = "",
        keywords: Keywords = "",
        limit: Hits = HITS,
        modalities: Senses | None = None,
        min_confidence: Certainty | None = None,
        tags: Tags | None = None,
        since: Since | None = None,
        until: Until | None = None,
        source: Source = "",
        where: Where | None = None,
        previews: Previews = True,
    ) -> CallToolResult:
        """Find memories by what they are about, whichever sense they came by.

        Words find pictures, sounds, videos, depth maps, thermal pictures and motions, and so does
        a picture or a sound; several parts are added up. Each memory comes with its id, its time,
        what matched and how sure that is (confidence from 0, coincidence, to 1; what is below a
        half is probably unrelated).
        """
        parts: list[str | Signal] = [*([query] if query.strip() else []), *(media or [])]
        _check_question(parts, like, keywords)
        wanted: dict[str, Any] = {
            "like": like or None,
            "keywords": keywords or None,
            "limit": limit,
            "modalities": modalities,
            "min_confidence": min_confidence,
            **filters(tags=tags, since=since, until=until, source=source, where=where),
        }

        def work(step: Step) -> CallToolResult:
            hits = self._memory.recall(self._question(parts, step) or None, **wanted)
            # what holds the words looked for is no coincidence, however unlike
            doubted = {hit.record.id for hit in hits if not keywords and is_unlikely(hit)}
            return self._answer(hits, doubted, previews=previews)

        return await working(call, work)

    def _question(self, parts: Sequence[str | Signal], step: Step) -> list[str | Percept]:
        asked: list[str | Percept] = []
        for done, part in enumerate(parts):
            step(done, len(parts) + 1, "reading the question")
            name = f"media[{done - isinstance(parts[0], str)}]"
            asked.append(part if isinstance(part, str) else self._reader.read(part, name))
        step(len(parts), len(parts) + 1, "searching")
        return asked

    def _answer(
        self, hits: Sequence[Hit], doubted: Collection[str], *, previews: bool
    ) -> CallToolResult:
        """Answer with what can be seen and heard, else as data: clients show one of the two."""
        lines = [
            hit_text(hit, place, doubted=hit.record.id in doubted)
            for place, hit in enumerate(hits, start=1)
        ]
        if not (previews and hits):
            data = RecallData(hits=[hit_data(hit) for hit in hits])
            return answer(lines or ["nothing fits"], data)
        gallery = Gallery(self._memory, self._limits)
        content: list[ContentBlock] = []
        for line, hit in zip(lines, hits, strict=True):
            content.append(TextContent(type="text", text=line))
            if hit.record.id not in doubted:  # a picture costs its tokens
                content += gallery.shown(hit)
        return CallToolResult(content=content)

    def timeline(
        self,
        *,
        limit: Page = RECORDS,
        newest_first: NewestFirst = True,
        cursor: Cursor = "",
        tags: Tags | None = None,
        since: Since | None = None,
        until: Until | None = None,
        source: Source = "",
        where: Where | None = None,
        with_modalities: Senses | None = None,
    ) -> Annotated[CallToolResult, TimelineData]:
        """List memories in order of time, a page at a time, without their pictures and sounds."""
        wanted = filters(
            tags=tags,
            since=since,
            until=until,
            source=source,
            where=where,
            with_modalities=with_modalities,
        )
        page = self._memory.timeline(
            limit=limit, newest_first=newest_first, cursor=cursor or None, **wanted
        )
        lines = [record_text(record) for record in page] or ["no memories"]
        if page.cursor:
            lines.append(f"there are more: call again with cursor {page.cursor}")
        records = [record_data(record) for record in page]
        return answer(lines, TimelineData(records=records, cursor=page.cursor))

    def count(
        self,
        *,
        by: By | None = None,
        tags: Tags | None = None,
        since: Since | None = None,
        until: Until | None = None,
        source: Source = "",
        where: Where | None = None,
        with_modalities: Senses | None = None,
    ) -> Annotated[CallToolResult, CountData]:
        """Count memories."""
        wanted = filters(
            tags=tags,
            since=since,
            until=until,
            source=source,
            where=where,
            with_modalities=with_modalities,
        )
        count = self._memory.count(**wanted)
        each = self._memory.tally(by, **wanted) if by else None
        lines = [memories(count), *(f"{name}: {of}" for name, of in (each or {}).items())]
        return answer(lines, CountData(count=count, by=each))


def filters(**given: Any) -> Filters:
    """Gather what restricts a call; what is empty was not given."""
    found: Filters = {}
    found.update({name: value for name, value in given.items() if value})  # type: ignore[typeddict-item]  # of its keys
    return found


def _check_question(parts: Sequence[str | Signal], like: str, keywords: str) -> None:
    if not (parts or like or keywords):
        raise ToolError(
            "a recall of nothing; needed query, media, like or keywords; give one, or use timeline "
            "to list memories by time"
        )
    if parts and like:
        raise ToolError("both like and a query or media; needed one of them; leave the other out")
