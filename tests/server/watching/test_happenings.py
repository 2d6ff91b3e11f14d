"""What happens is heard, by many, slow ones too, and of other processes as well."""

from __future__ import annotations

import asyncio
import threading

import pytest
from fastapi import FastAPI

from sensorium.errors import TooManyRequestsError
from sensorium.server.answers.sending import event
from sensorium.server.watching.happenings import KEPT, MOST_LISTENERS, Happenings
from sensorium.server.watching.watching import Watcher


def test_each_listener_hears_all_of_its_owner() -> None:
    """In order, from whichever thread; nothing of another owner, nothing from before."""

    async def heard() -> None:
        happenings = Happenings()
        happenings.tell("ana", "remembered", ["before"])
        first, second = happenings.listen("ana"), happenings.listen("ana")
        other = happenings.listen("ben")
        told = threading.Thread(target=happenings.tell, args=("ana", "remembered", ["a", "b"]))
        told.start()
        for listening in (first, second):
            found = await listening.next(5)
            assert [(each.kind, each.id) for each in found] == [
                ("remembered", "a"),
                ("remembered", "b"),
            ]
        assert await other.next(0.01) == []
        told.join()
        for listening in (first, second, other):
            listening.close()
        assert happenings.listened_to() == []

    asyncio.run(heard())


def test_a_slow_listener_is_told_that_it_missed_something() -> None:
    """What is kept is bounded, however much happens; one who comes back goes on where it was."""

    async def heard() -> None:
        happenings = Happenings()
        slow = happenings.listen("ana")
        for number in range(3 * KEPT):
            happenings.tell("ana", "updated", [str(number)])
        found = await slow.next(1)
        assert (found[0].kind, found[0].id) == ("missed", None)
        assert len(found) == KEPT + 1
        assert found[-1].id == str(3 * KEPT - 1)
        back = happenings.listen("ana", after=found[-1].number - 2)
        assert len(await back.next(1)) == 2
        new = happenings.listen("ana", after=10**9)  # of a server that was begun anew
        assert await new.next(0.01) == []

    asyncio.run(heard())


def test_listeners_are_bounded() -> None:
    """One more is refused, until another has left."""

    async def heard() -> None:
        happenings = Happenings()
        listening = [happenings.listen("ana") for _ in range(MOST_LISTENERS)]
        with pytest.raises(TooManyRequestsError, match="listeners"):
            happenings.listen("ana")
        listening[0].close()
        happenings.listen("ana")

    asyncio.run(heard())


def test_what_other_processes_do_is_heard(fresh: FastAPI) -> None:
    """What is new and what is gone; what this process told is not told twice."""

    async def heard() -> None:
        memories, happenings = fresh.state.access.memories, Happenings()
        watcher = Watcher(memories, happenings)
        listening = happenings.listen("ana")
        watcher.look("ana")
        with memories.using("ana") as memory:
            memory.remember(text="by another", id="other")
            memory.remember(text="by this", id="this")
            happenings.tell("ana", "remembered", ["this"])
            watcher.look("ana")
            watcher.look("ana")
            assert [(e.kind, e.id) for e in await listening.next(1)] == [
                ("remembered", "this"),
                ("remembered", "other"),
            ]
            memory.forget("other")
            watcher.look("ana")
            assert [(e.kind, e.id) for e in await listening.next(1)] == [("forgotten", None)]

    asyncio.run(heard())


def test_an_event_is_one_block() -> None:
    """As the standard has it: fields on lines, and an empty line."""
    assert event("{}", kind="progress", number=7) == "event: progress\nid: 7\ndata: {}\n\n"
