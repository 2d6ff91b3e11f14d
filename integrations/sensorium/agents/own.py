"""What adapters that keep items of their own look through: never what others share."""

from __future__ import annotations

from sensorium.memory import Memory
from sensorium.qdrant import Condition, Equal


def own_records(memory: Memory) -> list[Condition]:
    """Return the condition that a record is the owner's; none where nothing is shared with them.

    A store of items is written and read by one owner: an item that somebody else shares can be
    neither replaced nor deleted, and may have the name of one of the owner's.
    """
    return [Equal("owner", memory.owner)] if memory.shared else []
