"""The tool that removes memories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from mcp_types import CallToolResult

from sensorium.agents.ages import time_before
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
    filters,
)
from sensorium.agents.wording import memories
from sensorium.errors import ToolArgumentError
from sensorium.mcp.schemas import ForgottenData, answer
from sensorium.memory import Filters, Memory

TIMES = frozenset({"since", "until"})
ALL_OF_IT = "to forget every memory, set everything to true and give no condition"


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
        wanted = filters(tags=tags, source=source, where=where, since=since, until=until)
        if older_than is not None:
            oldest = time_before(older_than)
            wanted["until"] = min(oldest, until or oldest)
        self._check_scope(ids, wanted, everything=everything)
        count = self._memory.forget(
            *(ids or ()), everything=everything, media_only=media_only, **wanted
        )
        what = "the media of " if media_only else ""
        return answer([f"forgot {what}{memories(count)}"], ForgottenData(forgotten=count))

    def _check_scope(self, ids: Sequence[str] | None, wanted: Filters, *, everything: bool) -> None:
        """Check that every memory is forgotten only if the call says so.

        Raises:
            ToolArgumentError: No condition, conditions besides `everything`, or only times within
                which every memory lies.
        """
        conditions = bool(ids or wanted)
        if everything and conditions:
            raise ToolArgumentError("everything, and conditions", "one of them", ALL_OF_IT)
        if ids == [] or not (everything or conditions):
            raise ToolArgumentError("no ids and no conditions", "what to forget", ALL_OF_IT)
        if everything or ids or wanted.keys() - TIMES:
            return
        total = self._memory.count()
        if total and self._memory.count(**wanted) == total:
            raise ToolArgumentError(
                f"times within which all of {memories(total)} lie", "fewer", ALL_OF_IT
            )
