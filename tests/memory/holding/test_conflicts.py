"""Texts that may contradict each other are offered: other numbers, other names, negations."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.support.memories import NOON

from sensorium.errors import QueryError
from sensorium.memory import Memory
from sensorium.memory.holding.contradictions import differences


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("The flight leaves at 9:30", "The flight leaves at 10:15", ("numbers",)),
        ("Ben lives in Rome", "Ben lives in Oslo", ("names",)),
        ("Anna owns the red bike", "Ben owns the red bike", ("names",)),
        ("She likes olives", "She does not like olives", ()),  # other words, too
        ("The door is locked", "The door is not locked", ("negation",)),
        ("The door is locked", "The door isn't locked", ("negation",)),
        ("Die Heizung ist an", "Die Heizung ist nicht an", ("negation",)),
        ("Ben lives in Rome", "Ben lives in Rome", ()),
        ("Ben lives in Rome", "ben lives in rome", ()),
        ("The door is locked", "The kettle whistled at noon", ()),
        ("Room 12 is booked by Ben", "Room 14 is booked by Anna", ("numbers", "names")),
        ("It is not untrue that nobody came", "It is untrue that they came", ()),
        ("", "", ()),
    ],
)
def test_differences_are_named(first: str, second: str, found: tuple[str, ...]) -> None:
    """In either order."""
    assert differences(first, second) == found
    assert differences(second, first) == found


def test_pairs_are_listed_once(memory: Memory) -> None:
    """The earlier first; what was superseded does not contradict any more."""
    memory.remember(text="Ben lives in Rome", id="rome", at=NOON)
    memory.remember(text="Ben lives in Oslo", id="oslo", at=NOON + timedelta(days=1))
    memory.remember(text="the kettle whistled", id="kettle")
    [conflict] = memory.conflicts()
    assert (conflict.earlier.id, conflict.later.id) == ("rome", "oslo")
    assert conflict.differences == ("names",)
    memory.remember(text="Ben moved to Oslo", id="moved", supersedes="rome")
    assert memory.conflicts() == []


def test_it_looks_at_few(memory: Memory) -> None:
    """At those that are asked for, of one owner."""
    memory.remember(text="Ben lives in Rome", id="rome", tags=["old"])
    memory.remember(text="Ben lives in Oslo", id="oslo")
    assert memory.conflicts(tags=["old"]) == []
    with memory.for_owner(f"not {memory.owner}") as other:
        other.remember(text="Ben lives in Lima")
        assert other.conflicts() == []
    with pytest.raises(QueryError):
        memory.conflicts(among=0)
