"""Searching further and further: every hit once, best first, beyond what one call returns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import pytest
from tests.support.planted import PlantedEncoder

from sensorium.agents import widening as module
from sensorium.agents.widening import named, widening
from sensorium.memory import Hit, Memory
from sensorium.percepts import Text
from sensorium.qdrant import Condition

COUNT = 30


@pytest.fixture(scope="module")
def memory() -> Iterator[Memory]:
    """Thirty records, half of which have an id that somebody chose."""
    with Memory.open(":memory:", owner="o", encoder=PlantedEncoder()) as memory:
        for number in range(COUNT):
            words = f"sea*{number + 1} sun"
            memory.remember(Text(words), id=f"n{number}" if number % 2 else None)
        yield memory


def search(memory: Memory, limits: list[int]) -> Iterator[Hit]:
    """Widen a search for the sea, and note how many hits each call was asked for."""

    def recall(limit: int, rest: Condition | None) -> Sequence[Hit]:
        limits.append(limit)
        return memory.recall("sea", limit=limit, ranking="raw", where=rest)

    return widening(recall, owner=memory.owner, first=2)


def test_hits_come_once_and_in_order(memory: Memory) -> None:
    """Each call looks for four times as many, until there are no more."""
    limits: list[int] = []
    hits = list(search(memory, limits))
    scores = [hit.score for hit in hits]
    assert len({hit.record.id for hit in hits}) == len(hits) == COUNT
    assert scores == sorted(scores, reverse=True)
    assert limits == [2, 8, 32]


def test_nothing_is_asked_beyond_what_is_taken(memory: Memory) -> None:
    """The first hits need one call."""
    limits: list[int] = []
    assert len(list(islice(search(memory, limits), 2))) == 2
    assert limits == [2]


def test_the_search_goes_on_beyond_one_call(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a call returns no more, those before are left out of the next one."""
    monkeypatch.setattr(module, "MOST", 7)
    limits: list[int] = []
    hits = list(search(memory, limits))
    assert len({hit.record.id for hit in hits}) == len(hits) == COUNT
    assert max(limits) == 7


def test_no_hits_are_wanted(memory: Memory) -> None:
    """Nothing is searched for a first page of nothing."""

    def refuse(limit: int, rest: Condition | None) -> Sequence[Hit]:
        raise AssertionError("a search was made")

    assert list(widening(refuse, owner=memory.owner, first=0)) == []


def test_records_are_named_by_any_id(memory: Memory) -> None:
    """Ids that somebody chose and those that were made select their records."""
    ids = [hit.record.id for hit in memory.recall("sea", limit=3, ranking="raw")]
    found = memory.timeline(limit=COUNT, where=named(memory.owner, ids))
    assert sorted(record.id for record in found) == sorted(ids)
    assert any(name.startswith("n") for name in ids)
