"""Forgetting as agents ask for it: nothing by chance, and everything only if it is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sensorium.agents.ages import time_before
from sensorium.agents.arguments import filters
from sensorium.agents.changes import forgotten_lines, missing_ids
from sensorium.agents.wording import memories
from sensorium.errors import ToolArgumentError
from sensorium.memory import Filters, Memory

TIMES = frozenset({"since", "until"})
ALL_OF_IT = "to forget every memory, set everything to true and give no condition"


@dataclass(frozen=True)
class Forgotten:
    """What a call of the tool `forget` removed.

    Attributes:
        count: How many memories were removed, or changed.
        missing: Ids that named no memory.
        lines: The answer in words.
    """

    count: int
    missing: tuple[str, ...]
    lines: tuple[str, ...]


def forget(
    memory: Memory,
    *,
    ids: Sequence[str] | None = None,
    older_than: timedelta | None = None,
    media_only: bool = False,
    everything: bool = False,
    **conditions: Any,
) -> Forgotten:
    """Remove the memories that meet every condition, ids included.

    Args:
        memory: The memory of one owner.
        ids: Ids of memories; `None` if the call gave none.
        older_than: Only memories older than this.
        media_only: Remove the media, and keep what the memories are found by.
        everything: Remove every memory.
        conditions: Arguments of the tool that are `Filters`; empty ones were not given.
    Raises:
        ToolArgumentError: No condition, conditions besides `everything`, or only times within
            which every memory lies.
        SensoriumError: As `Memory.forget`.
    """
    wanted = filters(**conditions)
    if older_than is not None:
        oldest = time_before(older_than)
        wanted["until"] = min(oldest, wanted.get("until") or oldest)
    check_scope(memory, ids, wanted, everything=everything)
    named = list(dict.fromkeys(ids or ()))
    missing = missing_ids(memory, named)
    count = memory.forget(*named, everything=everything, media_only=media_only, **wanted)
    if count == len(named):  # one that has expired is removed, though nobody finds it
        missing = []
    lines = forgotten_lines(count, media_only=media_only, missing=missing)
    return Forgotten(count, tuple(missing), tuple(lines))


def check_scope(
    memory: Memory, ids: Sequence[str] | None, wanted: Filters, *, everything: bool
) -> None:
    """Check that every memory is forgotten only if the call says so.

    Args:
        memory: The memory of one owner.
        ids: Ids of memories; `None` if the call gave none.
        wanted: Conditions; those that are not there were not given.
        everything: Whether the call says that every memory is meant.
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
    own: Filters = {**wanted, "owners": [memory.owner]}  # what others share stays anyway
    total = memory.count(owners=[memory.owner])
    if total and memory.count(**own) == total:
        raise ToolArgumentError(
            f"times within which all of {memories(total)} lie", "fewer", ALL_OF_IT
        )
