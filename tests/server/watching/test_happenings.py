"""What happens is heard, by many, slow ones too, and of other processes as well."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import pytest
from fastapi import FastAPI

from sensorium.errors import TooManyRequestsError
from sensorium.qdrant import Equal, Filter
from sensorium.qdrant.points import iso
from sensorium.server.answers.sending import event
from sensorium.server.watching.happenings import (
    KEPT,
    MOST_LISTENERS,
    MOST_OWNERS,
    Happenings,
)
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
        back = happenings.listen("ana", after=found[-3].name)
        assert len(await back.next(1)) == 2

    asyncio.run(heard())


def test_after_a_new_start_of_the_server_something_was_missed() -> None:
    """Numbers of another process say nothing here, whether they are higher, lower or no numbers."""

    async def heard() -> None:
        before, now = Happenings(), Happenings()
        old, first = before.listen("ana"), now.listen("ana")
        before.tell("ana", "remembered", ["a"])
        [told] = await old.next(1)
        now.tell("ana", "remembered", ["b", "c"])
        for after in (told.name, "1", "10000000000", "x-1", "-1", f"{told.epoch}-", "ä"):
            back = now.listen("ana", after=after)
            assert [(each.kind, each.id) for each in await back.next(1)] == [("missed", None)]
            assert await back.next(0.01) == []
            back.close()
        back = now.listen("ana", after=told.name)
        [missed] = await back.next(1)
        now.tell("ana", "updated", ["d"])
        assert [each.id for each in await now.listen("ana", after=missed.name).next(1)] == ["d"]
        assert [each.id for each in await first.next(1)] == ["b", "c", "d"]

    asyncio.run(heard())


def test_what_is_not_kept_while_nobody_listens_was_missed() -> None:
    """The numbers of an owner who was dropped begin anew: an old one says nothing."""

    async def heard() -> None:
        happenings = Happenings()
        listening = happenings.listen("ana")
        happenings.tell("ana", "remembered", ["a"])
        [told] = await listening.next(1)
        listening.close()
        for number in range(MOST_OWNERS + 1):
            happenings.listen(f"owner-{number}").close()
        happenings.tell("ana", "remembered", ["b"])
        [missed] = await happenings.listen("ana", after=told.name).next(1)
        assert missed.kind == "missed"

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


def test_what_is_seen_late_is_told_once(fresh: FastAPI) -> None:
    """A record that was stamped before another may be visible after it, as writing takes time."""

    async def heard() -> None:
        memories, happenings = fresh.state.access.memories, Happenings()
        watcher = Watcher(memories, happenings)
        listening = happenings.listen("ana")
        with memories.using("ana") as memory:
            memory.remember(text="before anybody listened", id="before")
            watcher.look("ana")
            memory.remember(text="the later one", id="later")
            watcher.look("ana")
            stamp = memory.get("later").created_at - timedelta(milliseconds=1)
            memory.remember(text="the earlier one", id="earlier")
            memory.backend.set_payload(
                Filter("ana", Equal("id", "earlier")), {"created_at": iso(stamp)}
            )
            watcher.look("ana")
            watcher.look("ana")
        assert [each.id for each in await listening.next(1)] == ["later", "earlier"]

    asyncio.run(heard())


def test_more_than_one_look_reads_is_told(fresh: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some by name, and that there were more; then nothing twice, and what is newer by name."""
    monkeypatch.setattr("sensorium.server.watching.watching.NEWEST", 3)

    async def heard() -> None:
        memories, happenings = fresh.state.access.memories, Happenings()
        watcher = Watcher(memories, happenings)
        listening = happenings.listen("ana")
        watcher.look("ana")
        with memories.using("ana") as memory:
            for number in range(5):
                memory.remember(text=f"note {number}", id=str(number))
            watcher.look("ana")
            kinds = [each.kind for each in await listening.next(1)]
            assert kinds == ["remembered"] * 3 + ["missed"]
            memory.remember(text="one more", id="more")
            watcher.look("ana")
            assert [each.id for each in await listening.next(1)] == ["more"]

    asyncio.run(heard())


def test_the_watcher_outlives_any_error(
    fresh: FastAPI, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, the next owner is looked at, and so is the first one again."""
    monkeypatch.setattr("sensorium.server.watching.watching.PAUSE", 0.0)
    looked: list[str] = []

    class Broken(Watcher):
        def look(self, owner: str) -> None:
            looked.append(owner)
            raise ZeroDivisionError("of a store")

    async def heard() -> None:
        happenings = Happenings()
        listening = [happenings.listen("ana"), happenings.listen("ben")]
        watcher = Broken(fresh.state.access.memories, happenings)
        watcher.start()
        for _ in range(1000):
            if len(looked) >= 4:
                break
            await asyncio.sleep(0.01)
        for each in listening:
            each.close()
        task = watcher._task
        assert task is not None
        await asyncio.wait_for(task, 10)

    asyncio.run(heard())
    assert looked[:4] == ["ana", "ben", "ana", "ben"]
    assert "of a store" in caplog.text


def test_an_event_is_one_block() -> None:
    """As the standard has it: fields on lines, and an empty line."""
    assert event("{}", kind="progress", name="e-7") == "event: progress\nid: e-7\ndata: {}\n\n"
