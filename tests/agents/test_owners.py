"""Many owners in one place: each is opened once, kept while it is used, and closed at the end."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from tests.support.mcp_asking import planted_encoder

from sensorium.agents.owners import OwnersMemories
from sensorium.errors import OwnerError, StoreClosedError, StreamError
from sensorium.memory import Memory

THREADS = 8


class Counting(Memory):
    """A memory that counts how often it is opened for others, and which of those are closed."""

    opened: list[str]
    closed: list[str]

    def for_owner(self, owner: str) -> Counting:
        other = super().for_owner(owner)
        self.opened.append(owner)
        other.opened, other.closed = self.opened, self.closed
        return other

    def close(self) -> None:
        self.closed.append(self.owner)
        super().close()


@pytest.fixture
def place() -> Iterator[Counting]:
    with Counting.open(":memory:", owner="rex", encoder=planted_encoder()) as memory:
        memory.opened, memory.closed = [], []
        yield memory


def test_first_calls_at_once_open_one_memory(place: Counting) -> None:
    """Threads that ask for an owner at the same moment share a memory; each owner has its own."""
    memories, start = OwnersMemories(place), Barrier(THREADS)

    def first(number: int) -> Memory:
        start.wait()
        with memories.using(f"owner {number % 2}") as memory:
            memory.remember(text=f"said by {number}")
            return memory

    with ThreadPoolExecutor(THREADS) as pool:
        used = list(pool.map(first, range(THREADS)))
    assert sorted(place.opened) == ["owner 0", "owner 1"]
    assert len({id(memory) for memory in used}) == 2
    for memory in used:
        assert memory.count() == THREADS // 2
    memories.close()


def test_the_least_recently_used_is_closed(place: Counting) -> None:
    """With room for two, the third closes the one that was not asked for longest."""
    memories = OwnersMemories(place, most=2)
    for owner in ("a", "b", "a", "c"):
        with memories.using(owner):
            pass
    assert place.closed == ["b"]
    with memories.using("b") as memory:
        assert memory.count() == 0
    assert place.opened == ["a", "b", "c", "b"]
    assert place.closed == ["b", "a"]
    memories.close()
    assert place.closed == ["b", "a", "c", "b"]


def test_what_is_used_is_not_closed(place: Counting) -> None:
    """However many are in use; it is closed when the last of its uses ends, as others are idle."""
    memories = OwnersMemories(place, most=1)
    with memories.using("a") as memory:
        with memories.using("b"), memories.using("c"), memories.using("a"):
            assert place.closed == []
        assert sorted(place.closed) == ["b", "c"]
        memory.remember(text="kept")
    assert "a" not in place.closed
    with memories.using("d"):
        pass
    assert place.closed[-1] == "a"
    memories.close()


def test_closing_closes_all(place: Counting) -> None:
    """Those in use when their use ends; afterwards nobody is let in. The place stays open."""
    memories = OwnersMemories(place)
    with memories.using("a"):
        pass
    with memories.using("b") as memory:
        memories.close()
        assert place.closed == ["a"]
        memory.remember(text="the last words")
        with pytest.raises(StoreClosedError, match="open it again"), memories.using("b"):
            pass
    assert place.closed == ["a", "b"]
    memories.close()
    assert place.closed == ["a", "b"]
    assert place.for_owner("b").count() == 1


def test_calls_go_to_whoever_calls(place: Counting) -> None:
    """Methods and attributes are those of the owner who is named at the moment of the call."""
    caller = ["ada"]
    memories = OwnersMemories(place)
    memory = memories.of(lambda: caller[0])
    remember = memory.remember
    remember(text="of ada")
    caller[0] = "bob"
    assert (memory.count(), memory.owner) == (0, "bob")
    remember(text="of bob")
    assert [record.text for record in memory.timeline()] == ["of bob"]
    with pytest.raises(AttributeError, match="recal"):
        memory.recal  # type: ignore[attr-defined]  # noqa: B018
    caller[0] = " "
    with pytest.raises(OwnerError):
        memory.count()
    assert "remember" in memory.remember.__name__
    memories.close()


def test_a_failure_to_close_is_not_the_next_owners(
    place: Counting, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged with its owner, and the call that made room goes on."""

    def fail(memory: Memory) -> None:
        raise StreamError("the last window", "a store", "try again")

    memories = OwnersMemories(place, most=1)
    with memories.using("a"):
        pass
    monkeypatch.setattr(Counting, "close", fail)
    with memories.using("b") as memory:
        assert memory.count() == 0
    assert "'a' failed: the last window" in caplog.text
    monkeypatch.undo()
    memories.close()
