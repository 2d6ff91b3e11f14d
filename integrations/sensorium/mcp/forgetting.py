"""The tool that removes memories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult

from sensorium.mcp.arguments import (
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
from sensorium.mcp.reading import filters
from sensorium.mcp.results import ForgottenData, answer
from sensorium.mcp.times import ago
from sensorium.mcp.wording import memories
from sensorium.memory import Filters, Memory

TIMES = frozenset({"since", "until"})
ALL_OF_IT = "set everything to true and leave all conditions out, if really all is to go"


class ForgettingTools:
    """What a model can remove from a memory."""

    def __init__(self, memory: Memory) -> None:
        """Remove from one memory."""
        self._memory = memory

    def forget(
        self,
        *,
        ids: Ids | None = None,
        tags: Tags | None = None,
        source: Source = "",
        where: Where | None = None,
        since: Since | None = None,
        until: Until | None = None,
        older_than: OlderThan | None = None,
        media_only: MediaOnly = False,
        everything: Everything = False,
    ) -> Annotated[CallToolResult, ForgottenData]:
        """Forget memories for good: those that fulfil all that is given, ids and conditions.

        Use count with the same conditions first, to see how many there are.
        """
        wanted = filters(tags=tags, source=source, where=where, since=since, until=until)
        if older_than is not None:
            oldest = ago(older_than)
            wanted["until"] = min(oldest, until or oldest)
        self._check_scope(ids, wanted, everything=everything)
        count = self._memory.forget(
            *(ids or ()), everything=everything, media_only=media_only, **wanted
        )
        what = "the media of " if media_only else ""
        return answer([f"forgot {what}{memories(count)}"], ForgottenData(forgotten=count))

    def _check_scope(self, ids: Sequence[str] | None, wanted: Filters, *, everything: bool) -> None:
        """Refuse to forget all there is, unless that was said.

        Raises:
            ToolError: No condition, conditions besides `everything`, or only times within which
                everything lies.
        """
        conditions = bool(ids or wanted)
        if everything and conditions:
            raise ToolError(f"everything, and conditions; needed one of them; {ALL_OF_IT}")
        if ids == [] or not (everything or conditions):
            raise ToolError(f"no ids and no conditions; needed what to forget; {ALL_OF_IT}")
        if everything or ids or wanted.keys() - TIMES:
            return
        total = self._memory.count()
        if total and self._memory.count(**wanted) == total:
            raise ToolError(
                f"times within which all of {memories(total)} lie; needed fewer; {ALL_OF_IT}"
            )
