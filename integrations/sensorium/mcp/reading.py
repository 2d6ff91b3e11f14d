"""The tools that change nothing: recall, timeline, episodes and count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from mcp_types import CallToolResult, ContentBlock, TextContent

from sensorium.agents.arguments import (
    By,
    Cursor,
    Group,
    Keywords,
    Like,
    Limit,
    Media,
    MinConfidence,
    Modalities,
    Near,
    NewestFirst,
    Origins,
    PageSize,
    Previews,
    Query,
    Signal,
    Since,
    Source,
    Tags,
    Until,
    Where,
    check_question,
    filters,
)
from sensorium.agents.asking import Answered, ask
from sensorium.agents.episodes import EPISODES, MOMENTS, EpisodeLimit, episode_line
from sensorium.agents.escaping import quoted_json
from sensorium.agents.limits import HITS, RECORDS, ServerLimits
from sensorium.agents.showing import Budget
from sensorium.agents.signals import SignalReader
from sensorium.agents.wording import is_unlikely, memories
from sensorium.mcp.blocks import (
    episode_data,
    hit_data,
    hit_text,
    match_blocks,
    record_data,
    record_text,
)
from sensorium.mcp.progress import Call, Step, working
from sensorium.mcp.schemas import CountData, EpisodesData, RecallData, TimelineData, answer
from sensorium.memory import Memory
from sensorium.percepts import Percept


class ReadingTools:
    """The tools with which a model asks a memory."""

    def __init__(self, memory: Memory, reader: SignalReader, limits: ServerLimits) -> None:
        """Answer from one memory.

        Args:
            memory: The memory that is served.
            reader: What makes percepts of the signals in a question.
            limits: Sizes of the pictures and sounds in an answer.
        """
        self._memory = memory
        self._reader = reader
        self._limits = limits

    async def recall(
        self,
        call: Call,
        *,
        query: Query = "",
        media: Media = None,
        like: Like = "",
        keywords: Keywords = "",
        limit: Limit = HITS,
        modalities: Modalities = None,
        min_confidence: MinConfidence = None,
        group: Group = None,
        tags: Tags = None,
        since: Since = None,
        until: Until = None,
        source: Source = "",
        where: Where = None,
        near: Near = "",
        origins: Origins = None,
        previews: Previews = None,
    ) -> CallToolResult:
        """Find memories by what they are about, whatever their modality.

        Words find pictures, sounds, videos, depth maps, thermal pictures and motions, and so does
        a picture or a sound; several parts are added up. Each memory comes with its id, time, the
        modality that matched, and a confidence, also in words: sure, uncertain or probably
        unrelated.
        """
        parts: list[str | Signal] = [*([query] if query.strip() else []), *(media or [])]
        check_question(parts, like=like, keywords=keywords)
        self._reader.check_text(query, "query")
        self._reader.check_text(keywords, "keywords")
        options: dict[str, Any] = {
            "like": like or None,
            "keywords": keywords or None,
            "limit": limit,
            "modalities": modalities,
            "min_confidence": min_confidence,
            "group": group,
        }
        given = filters(
            tags=tags,
            since=since,
            until=until,
            source=source,
            where=where,
            near=near,
            origins=origins,
        )

        def work(step: Step) -> CallToolResult:
            found = ask(self._memory, self._read(parts, step), given, **options)
            return self._answer(found, previews=previews)

        return await working(call, work)

    def _read(self, parts: Sequence[str | Signal], step: Step) -> list[str | Percept]:
        """Return the words and the percepts of a question."""
        question: list[str | Percept] = []
        for done, part in enumerate(parts):
            step(done, len(parts) + 1, "reading the question")
            name = f"media[{done - isinstance(parts[0], str)}]"
            question.append(part if isinstance(part, str) else self._reader.read(part, name))
        step(len(parts), len(parts) + 1, "searching")
        return question

    def _answer(self, found: Answered, *, previews: bool | None) -> CallToolResult:
        """Answer with pictures and sounds or with data, not both: clients show one of the two."""
        hits, times, keywords = found.hits, found.times, found.keywords
        texts = [hit_text(hit, rank, keywords=keywords) for rank, hit in enumerate(hits, start=1)]
        if previews is False or not hits:
            data = RecallData(
                hits=[hit_data(hit) for hit in hits],
                times=str(times) if times else None,
                notes=list(found.notes),
            )
            return answer([*found.remarks, *(texts or ["nothing fits"])], data)
        limits = self._limits
        budget = Budget(limits.preview_bytes, limits.answer_bytes, limits.preview_side)
        content: list[ContentBlock] = [
            TextContent(type="text", text=line) for line in found.remarks
        ]
        for text, hit in zip(texts, hits, strict=True):
            content.append(TextContent(type="text", text=text))
            unclear = is_unlikely(hit) or (hit.certainty == "uncertain" and not previews)
            if keywords or not unclear:  # A picture costs the model many tokens.
                content += match_blocks(self._memory, hit, budget)
        return CallToolResult(content=content)

    def timeline(
        self,
        *,
        limit: PageSize = RECORDS,
        newest_first: NewestFirst = True,
        cursor: Cursor = "",
        tags: Tags = None,
        since: Since = None,
        until: Until = None,
        source: Source = "",
        where: Where = None,
        near: Near = "",
        with_modalities: Modalities = None,
    ) -> Annotated[CallToolResult, TimelineData]:
        """List memories in order of time, a page at a time, without their pictures and sounds."""
        conditions = filters(
            tags=tags,
            since=since,
            until=until,
            source=source,
            where=where,
            near=near,
            with_modalities=with_modalities,
        )
        page = self._memory.timeline(
            limit=limit, newest_first=newest_first, cursor=cursor or None, **conditions
        )
        lines = [record_text(record) for record in page] or ["no memories"]
        if page.cursor:
            lines.append(f"there are more: call again with cursor {page.cursor}")
        records = [record_data(record) for record in page]
        return answer(lines, TimelineData(records=records, cursor=page.cursor))

    def episodes(
        self,
        *,
        since: Since = None,
        until: Until = None,
        limit: EpisodeLimit = EPISODES,
    ) -> Annotated[CallToolResult, EpisodesData]:
        """List episodes, newest first: stretches that belong together, with telling memories."""
        found = self._memory.episodes(since=since, until=until, limit=limit, moments=MOMENTS)
        lines = [
            line
            for episode in found
            for line in (episode_line(episode), *map(record_text, episode.moments))
        ]
        return answer(
            lines or ["no memories"],
            EpisodesData(episodes=[episode_data(episode) for episode in found]),
        )

    def count(
        self,
        *,
        by: By = None,
        tags: Tags = None,
        since: Since = None,
        until: Until = None,
        source: Source = "",
        where: Where = None,
        with_modalities: Modalities = None,
    ) -> Annotated[CallToolResult, CountData]:
        """Count memories."""
        conditions = filters(
            tags=tags,
            since=since,
            until=until,
            source=source,
            where=where,
            with_modalities=with_modalities,
        )
        count = self._memory.count(**conditions)
        counts = self._memory.tally(by, **conditions) if by else None
        each = (counts or {}).items()
        lines = [memories(count), *(f"{quoted_json(name)}: {number}" for name, number in each)]
        return answer(lines, CountData(count=count, by=counts))
