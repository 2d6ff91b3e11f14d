"""Long work over MCP: its progress grows, and nobody waits for it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any, cast

import anyio
import pytest
from mcp import Client
from tests.support.mcp_asking import (
    ask,
    data_of,
    picture,
    remembering,
)
from tests.support.planted import PlantedEncoder

from sensorium.encoders import check_cancelled, report_windows
from sensorium.errors import QueryError
from sensorium.mcp import build_server, progress
from sensorium.mcp.progress import Call, Step, working
from sensorium.memory import Memory
from sensorium.percepts import Percept


@pytest.fixture
def own() -> Iterator[Memory]:
    with remembering() as opened:
        yield opened


async def test_progress_is_reported(own: Memory) -> None:
    """Many media are counted as they are read and kept; progress grows."""
    seen: list[tuple[float, float | None, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        seen.append((progress, total, message))

    media = [picture(f"dog {number}") for number in range(10)]
    async with Client(build_server(own)) as client:
        await client.call_tool(
            "remember", {"media": media, "together": False}, progress_callback=note
        )
        apart = [done for done, _, _ in seen]
        seen.clear()
        await client.call_tool("remember", {"media": media}, progress_callback=note)
    assert apart == [0, 4, 8, 10]
    assert [done for done, _, _ in seen] == list(range(12))
    assert {total for _, total, _ in seen} == {11}


class SlowEncoder(PlantedEncoder):
    """Encodes what is slow only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.started, self.go_on = threading.Event(), threading.Event()

    def try_encode(self, percepts: Any, /) -> Any:
        if any(_is_slow(percept) for percept in percepts):
            self.started.set()
            assert self.go_on.wait(10)
        return super().try_encode(percepts)


def _is_slow(percept: Percept) -> bool:
    return "slow" in (percept.uri or "")


async def test_long_work_is_heard_of_and_blocks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """While one call encodes, progress grows and other calls are answered."""
    monkeypatch.setattr(progress, "BEAT", 0.01)
    encoder = SlowEncoder()
    seen: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        seen.append(progress)
        if len(seen) == 5:
            encoder.go_on.set()

    with remembering(encoder=encoder) as memory:
        async with Client(build_server(memory)) as client:
            slow = asyncio.create_task(
                client.call_tool("remember", {"media": [picture("slow")]}, progress_callback=note)
            )
            await asyncio.to_thread(encoder.started.wait, 10)
            assert (await data_of(client, "count"))["count"] == 0
            assert not (await slow).is_error
    assert seen == sorted(set(seen))
    assert len(seen) > 5
    assert seen[-1] == 2


async def test_twenty_calls_at_once(own: Memory) -> None:
    """Every one is answered, and everything is kept once."""
    async with Client(build_server(own)) as client:

        async def one(number: int) -> str:
            kept = await data_of(
                client, "remember", text=f"number {number}", media=[picture(f"n{number}")]
            )
            await ask(client, "recall", query=f"n{number}")
            return str(kept["records"][0]["id"])

        ids = await asyncio.gather(*(one(number) for number in range(20)))
        assert (await data_of(client, "count"))["count"] == 20
    assert len(set(ids)) == 20


class Listener:
    """A call whose client hears of progress slowly, and the first report most slowly."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, float | None]] = []
        self.pauses = iter([0.05])

    async def report_progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        await anyio.sleep(next(self.pauses, 0.002))
        self.heard.append((progress, total))


@pytest.mark.parametrize("pause", [0.0, 0.02])
async def test_progress_never_goes_back(monkeypatch: pytest.MonkeyPatch, pause: float) -> None:
    """Beats before the first step, a step said twice and a smaller one: each report is more."""
    monkeypatch.setattr(progress, "BEAT", 0.001)
    listener = Listener()

    def work(step: Step) -> str:
        for done in (0, 1, 1, 0, 2, 3, 3):
            time.sleep(pause)
            step(done, 3, "working")
        return "done"

    assert await working(cast("Call", listener), work) == "done"
    heard = [done for done, _ in listener.heard]
    assert heard == sorted(set(heard))
    assert heard[-1] == 3
    assert listener.heard[-1] == (3, 3)
    assert all(int(done) in range(4) for done in heard)


async def test_a_failure_is_raised_as_it_is() -> None:
    """The error of the work reaches the tool, not a group of errors around it."""

    def work(step: Step) -> None:
        raise QueryError("this", "that", "do so")

    with pytest.raises(QueryError, match="this; needed that; do so"):
        await working(cast("Call", Listener()), work)


class EndlessEncoder(PlantedEncoder):
    """Goes through the windows of what is endless until it is given up."""

    def __init__(self) -> None:
        super().__init__()
        self.started, self.ended = threading.Event(), threading.Event()

    def try_encode(self, percepts: Any, /) -> Any:
        done = 0
        try:
            while any("endless" in (percept.uri or "") for percept in percepts):
                done += 1
                report_windows(done, 100_000)
                check_cancelled()
                self.started.set()
        finally:
            self.ended.set()
        return super().try_encode(percepts)


@pytest.mark.parametrize("tool", ["remember", "update"])
async def test_a_call_that_the_client_gives_up_ends_and_keeps_nothing(tool: str) -> None:
    """The thread stops soon, and the next call is answered."""
    encoder = EndlessEncoder()
    with remembering(encoder=encoder) as memory:
        memory.remember(text="x", id="x")
        async with Client(build_server(memory)) as client:
            given: dict[str, Any] = {"media": [picture("dog"), picture("endless")]}
            if tool == "update":
                given["id"] = "x"
            call = asyncio.create_task(client.call_tool(tool, given))
            assert await asyncio.to_thread(encoder.started.wait, 10)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert await asyncio.to_thread(encoder.ended.wait, 10)
            assert (await data_of(client, "count"))["count"] == 1
            assert (await data_of(client, "remember", text="next"))["records"]
        assert len(memory.get("x").media) == 0
        assert memory._shelf.media is not None
        assert list(memory._shelf.media.names()) == []


async def test_windows_move_the_progress_of_one_long_signal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Long before the first step is done, the client hears how far it is."""
    monkeypatch.setattr(progress, "PAUSE", 0.0)
    listener = Listener()

    def work(step: Step) -> str:
        step(0, 2, "reading")
        step(1, 2, "remembering")
        for done in range(32, 1025, 32):
            report_windows(done, 1024)
        report_windows(1024, 1024)
        step(2, 2, "kept")
        return "done"

    assert await working(cast("Call", listener), work) == "done"
    heard = [done for done, _ in listener.heard]
    assert heard == sorted(set(heard))
    assert len([done for done in heard if 1 < done < 2]) == 32
    assert heard[-1] == 2
