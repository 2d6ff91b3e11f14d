"""Bounding other programs to one owner of a collection that several owners share."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from sensorium.agents.opening import check_memory
from sensorium.memory import Memory
from sensorium.qdrant.filters import Filter

if TYPE_CHECKING:
    from qdrant_client import models


def owner_filter(memory: Memory) -> models.Filter:
    """Return the filter by which LangChain's own Qdrant store sees what a memory sees.

    That store, and any other client of the collection, reads and deletes the memories of all owners
    unless each of its calls has such a filter.

    Args:
        memory: The memory whose owner is meant.
    Returns:
        A filter for `similarity_search(..., filter=)` and for calls of `qdrant_client`: this
        owner's records that have not expired by now. Make it anew for each call.
    Raises:
        QueryError: Not an open memory.
    """
    from sensorium.qdrant.client.filters import translated

    owner = check_memory(memory, remedy="pass Memory.open(client, owner=...)").owner
    return translated(Filter(owner, alive_at=datetime.now(timezone.utc)))
