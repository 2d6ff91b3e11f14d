"""Searching further and further, if only the adapter can tell which hits match.

An engine restricts a search by conditions that may let too much through. The adapter judges each
hit by its framework's rules, and takes hits from here until it has enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from sensorium.memory import Hit
from sensorium.memory.checks import MOST
from sensorium.memory.layout.ids import point_id
from sensorium.qdrant import Condition, Ids, Not

# Finds at most so many hits that fulfil a condition, best first
Search: TypeAlias = Callable[[int, "Condition | None"], Sequence[Hit]]
WIDER = 4  # each search looks for so many times the hits of the one before


def widening(search: Search, *, owner: str, first: int) -> Iterator[Hit]:
    """Yield the hits of a search, best first, until there are no more.

    Args:
        search: Search for hits. More hits than one call returns are reached by a condition that
            leaves out those before.
        owner: Owner of the memory.
        first: Number of hits of the first search.
    """
    limit = min(first, MOST)
    seen: set[str] = set()
    passed: set[str] = set()  # ids of hits that a search leaves out
    while limit > 0:
        hits = search(limit, Not(named(owner, passed)) if passed else None)
        new = [hit for hit in hits if hit.record.id not in seen]
        yield from new
        if len(hits) < limit:
            return
        seen.update(hit.record.id for hit in new)
        if limit == MOST:
            passed = set(seen)
        limit = min(WIDER * limit, MOST)


def named(owner: str, ids: Iterable[str]) -> Ids:
    """Return the condition that a record has one of these ids."""
    # A record that was given an id lies under a UUID made of it; another one's id is the UUID
    return Ids(tuple(id_ for name in ids for id_ in (point_id(owner, name), name)))
