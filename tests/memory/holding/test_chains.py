"""A chain of records that supersede each other is one, whichever of them goes."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone
from itertools import permutations

import pytest

from sensorium.memory import Memory
from sensorium.qdrant import Backend, Filter

NOW = datetime.now(timezone.utc)
PAST, HOUR = NOW - timedelta(seconds=1), timedelta(hours=1)


def chain(memory: Memory, names: str = "123") -> None:
    former: str | None = None
    for name in names:
        memory.remember(text=f"key n{name}", id=name, supersedes=former)
        former = name


def recalled(memory: Memory) -> list[str]:
    return sorted(hit.record.id for hit in memory.recall("key", limit=10))


def history(memory: Memory, name: str) -> list[str]:
    return [record.id for record in memory.history(name)]


def test_a_chain_is_joined_where_its_middle_goes(memory: Memory) -> None:
    """The first stays superseded by the last, and is named by it; it holds when the last goes."""
    chain(memory)
    memory.forget("2")
    assert recalled(memory) == ["3"]
    assert history(memory, "3") == history(memory, "1") == ["3", "1"]
    assert memory.get("3").supersedes == ("1",)
    assert memory.get("1").superseded_by == ("3",)
    memory.forget("3")
    assert recalled(memory) == ["1"]
    assert memory.get("1").superseded_by == ()


@pytest.mark.parametrize("together", [True, False])
def test_only_the_latest_that_is_left_holds(memory: Memory, together: bool) -> None:
    """Whatever goes of four, in whatever order, at once or one by one."""
    for going in [order for count in (1, 2, 3) for order in permutations("1234", count)]:
        chain(memory, "1234")
        if together:
            memory.forget(*going)
        else:
            for name in going:
                memory.forget(name)
        left = [name for name in "4321" if name not in going]
        assert recalled(memory) == left[:1], going
        for name in left:
            assert history(memory, name) == left, going
        named = [memory.get(name).supersedes for name in left]
        assert named == [(name,) for name in left[1:]] + [()], going
        memory.forget(everything=True)


def test_the_first_of_two_branches_is_hidden_by_either(memory: Memory) -> None:
    """A record in the middle goes that superseded two, and was superseded by two."""
    memory.remember(text="key n1", id="1")
    memory.remember(text="key n2", id="2")
    memory.remember(text="key n3", id="3", supersedes=["1", "2"])
    memory.remember(text="key n4", id="4", supersedes="3")
    memory.remember(text="key n5", id="5", supersedes="3")
    memory.forget("3")
    assert memory.get("4").supersedes == memory.get("5").supersedes == ("1", "2")
    memory.forget("4")
    assert recalled(memory) == ["5"]
    memory.forget("5")
    assert recalled(memory) == ["1", "2"]


def test_a_middle_that_expires_hides_as_before(memory: Memory) -> None:
    """Before it is swept and after; the history goes through it."""
    chain(memory, "1")
    memory.remember(text="key n2", id="2", supersedes="1", ttl=HOUR)
    memory.remember(text="key n3", id="3", supersedes="2")
    memory.update("2", expires_at=PAST)
    assert recalled(memory) == ["3"]
    assert history(memory, "3") == history(memory, "1") == ["3", "1"]
    memory.sweep()
    assert recalled(memory) == ["3"]
    assert memory.get("3").supersedes == ("1",)


def test_a_chain_ends_when_its_last_record_has_expired(memory: Memory) -> None:
    """The last expires after the middle: then the first holds, and not before."""
    chain(memory, "1")
    memory.remember(text="key n2", id="2", supersedes="1", ttl=HOUR)
    memory.remember(text="key n3", id="3", supersedes="2", ttl=2 * HOUR)
    memory.update("2", expires_at=PAST)
    assert recalled(memory) == ["3"]
    memory.update("3", expires_at=PAST)
    assert recalled(memory) == ["1"]


def test_former_versions_go_along(memory: Memory) -> None:
    """A record of the middle with a former version leaves neither behind."""
    chain(memory, "12")
    memory.update("2", text="key n2 again", history=True)
    memory.remember(text="key n3", id="3", supersedes="2")
    memory.forget("2")
    assert memory.get("3").supersedes == ("1",)
    assert recalled(memory) == ["3"]
    assert memory.count() == 2


class PowerLossError(Exception):
    """What stands for a loss of power."""


@pytest.mark.parametrize("writes", range(4))
def test_a_call_that_is_cut_short_revives_nothing(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    """After each of its writes; sweeping, or the call once more, leaves what it would have left."""
    chain(memory)
    left = writes
    kind = type(memory.backend)
    for name in ("set_payload", "delete"):
        whole = getattr(kind, name)

        def cut(self: Backend, where: Filter, *args: object, _w: object = whole, **kw: object):  # type: ignore[no-untyped-def]  # of two methods
            nonlocal left
            if left == 0:
                raise PowerLossError
            left -= 1
            return _w(self, where, *args, **kw)  # type: ignore[operator]

        monkeypatch.setattr(kind, name, cut)
    with suppress(PowerLossError):
        memory.forget("2")
    monkeypatch.undo()
    assert recalled(memory) == ["3"]
    memory.forget("2")
    memory.sweep()
    assert recalled(memory) == ["3"]
    assert memory.get("1").superseded_by == ("3",)
    memory.forget("3")
    assert recalled(memory) == ["1"]
