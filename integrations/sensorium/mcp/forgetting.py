"""The tool that removes memories."""

from __future__ import annotations

from typing import Annotated

from mcp_types import CallToolResult

from sensorium.agents.arguments import (
    Everything,
    Ids,
    MediaOnly,
    OlderThan,
    Since,
    Source,
    Tags,
    Until,
    Where,
)
from sensorium.agents.forgetting import forget
from sensorium.mcp.schemas import ForgottenData, answer
from sensorium.memory import Memory


class ForgettingTools:
    """The tool with which a model removes memories."""

    def __init__(self, memory: Memory) -> None:
        """Remove from one memory.

        Args:
            memory: The memory that is served.
        """
        self._memory = memory

    def forget(
        self,
        *,
        ids: Ids = None,
        tags: Tags = None,
        source: Source = "",
        where: Where = None,
        since: Since = None,
        until: Until = None,
        older_than: OlderThan = None,
        media_only: MediaOnly = False,
        everything: Everything = False,
    ) -> Annotated[CallToolResult, ForgottenData]:
        """Forget memories for good: those that meet every condition, ids included.

        Call count with the same conditions first, to see how many memories that removes.
        """
        forgotten = forget(
            self._memory,
            ids=ids,
            older_than=older_than,
            media_only=media_only,
            everything=everything,
            tags=tags,
            source=source,
            where=where,
            since=since,
            until=until,
        )
        return answer(forgotten.lines, ForgottenData(forgotten=forgotten.count))
