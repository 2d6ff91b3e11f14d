"""The tool `when`: when things were, how often, what held before, and named places."""

from __future__ import annotations

from itertools import count

from mcp_types import CallToolResult

from sensorium.agents.arguments import (
    Limit,
    Near,
    Origins,
    Query,
    Since,
    Until,
    filters,
)
from sensorium.agents.chronicle import Anchor, Asked, GroupedBy, Looked, Within, look_up
from sensorium.agents.limits import RECORDS
from sensorium.agents.signals import SignalReader
from sensorium.mcp.blocks import hit_data, hit_text, record_data, record_text
from sensorium.mcp.progress import Call, Step, working
from sensorium.mcp.schemas import answer
from sensorium.memory import Memory


class ChronicleTools:
    """The tool with which a model asks for times, and for what held before."""

    def __init__(self, memory: Memory, reader: SignalReader) -> None:
        """Answer from one memory.

        Args:
            memory: The memory that is served.
            reader: What knows how long a question may be.
        """
        self._memory = memory
        self._reader = reader

    async def when(
        self,
        call: Call,
        *,
        what: Looked,
        query: Query = "",
        moment: Anchor = "",
        within: Within = "",
        by: GroupedBy = None,
        limit: Limit = RECORDS,
        since: Since = None,
        until: Until = None,
        near: Near = "",
        origins: Origins = None,
    ) -> CallToolResult:
        """Tell when something was, how often, what was around it, what held before, what is new."""
        self._reader.check_text(query, "query")
        given = filters(since=since, until=until, near=near, origins=origins)
        words = [query] if query.strip() else []
        asked = Asked(what, words, moment, within, by, limit=limit, given=given)

        def work(_: Step) -> CallToolResult:
            found = look_up(self._memory, asked)
            ranks = count(1)
            lines = found.lines(lambda hit: hit_text(hit, next(ranks)), record_text)
            return answer(lines, found.to_dict(hit_data, record_data))

        return await working(call, work)
