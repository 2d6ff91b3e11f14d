"""Threads of one's own: who waits for a memory takes nobody else's thread."""

from __future__ import annotations

import asyncio
import pickle
import threading
from contextvars import ContextVar
from pathlib import Path

import pytest
from tests.support.planted import PlantedEncoder

from sensorium.agents.threads import in_thread
from sensorium.memory import AsyncMemory, Memory
from sensorium.memory.threads import MOST, Threads

PATIENCE = 30.0  # seconds until a test says that a thread never came
ASKED: ContextVar[str] = ContextVar("ASKED", default="nobody")


class Waiting:
    """Something whose method waits until it is let go, and its asynchronous twin."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def count(self) -> int:
        assert self.go.wait(PATIENCE)
        return 7

    acount = in_thread(count)


async def others_come_to_work(calls: list[asyncio.Task[int]], go: threading.Event) -> None:
    """Check that a thread of the loop is free while more calls wait than there are threads."""
    await asyncio.sleep(0)  # they are all under way
    assert await asyncio.wait_for(asyncio.to_thread(len, "four"), PATIENCE / 2) == 4
    assert not any(call.done() for call in calls)
    go.set()
    assert await asyncio.gather(*calls) == [7] * len(calls)


def test_a_memory_takes_no_thread_of_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many calls wait, of this owner and others, the program's own threads are free."""

    async def scene() -> None:
        encoder = PlantedEncoder()
        async with AsyncMemory.open(tmp_path, owner="rex", encoder=encoder) as memory:
            other = await memory.for_owner("max")
            waiting = Waiting()
            monkeypatch.setattr(Memory, "count", lambda self: waiting.count())
            calls = [
                asyncio.ensure_future(each.count()) for each in (memory, other) for _ in range(MOST)
            ]
            await others_come_to_work(calls, waiting.go)
            await other.close()

    asyncio.run(scene())


def test_adapters_take_no_thread_of_the_loop() -> None:
    """The asynchronous methods of stores and retrievers have threads of their own, too."""

    async def scene() -> None:
        waiting = Waiting()
        calls = [asyncio.ensure_future(waiting.acount()) for _ in range(2 * MOST)]
        await others_come_to_work(calls, waiting.go)

    asyncio.run(scene())


def test_a_call_sees_the_context_it_was_made_in() -> None:
    """As with `asyncio.to_thread`: variables of the task are there, and changes stay inside."""

    async def scene() -> None:
        ASKED.set("rex")
        threads = Threads()
        assert await threads.start(ASKED.get) == "rex"
        await threads.start(ASKED.set, "max")
        assert ASKED.get() == "rex"

    asyncio.run(scene())


def test_threads_go_to_another_process_unstarted() -> None:
    """What was pickled, and what a fork left behind, works with threads that it starts itself."""

    async def scene(threads: Threads) -> str:
        return await threads.start(lambda: threading.current_thread().name)

    threads = Threads()
    first = asyncio.run(scene(threads))
    assert first.startswith("sensorium")
    assert asyncio.run(scene(pickle.loads(pickle.dumps(threads)))).startswith("sensorium")
    threads.after_fork()
    assert asyncio.run(scene(threads)).startswith("sensorium")


def test_threads_end_with_those_who_had_them() -> None:
    """Nothing is to be closed: threads that nobody can use any more end by themselves."""

    async def scene() -> threading.Thread:
        return await Threads().start(threading.current_thread)

    thread = asyncio.run(scene())
    thread.join(PATIENCE)
    assert not thread.is_alive()
