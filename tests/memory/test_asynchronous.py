"""The asynchronous face: the same surface, one implementation, and a loop that goes on."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

import pytest
from tests.support.planted import PlantedEncoder, picture

from sensorium.errors import QueryError, StoreClosedError
from sensorium.memory import AsyncMemory, Memory
from sensorium.memory.watching import lookout
from sensorium.memory.watching.arrivals import SECOND

OWN = {"encoder", "owner", "backend"}  # attributes, which need no thread


def surface(cls: type) -> dict[str, inspect.Signature]:
    """Public methods with their signatures, `self` and `cls` and results left out."""
    found = {}
    for name, member in inspect.getmembers(cls, callable):
        if not name.startswith("_"):
            signature = inspect.signature(member)
            named = [p for p in signature.parameters.values() if p.name not in ("self", "cls")]
            found[name] = inspect.Signature(named)
    return found


def test_it_mirrors_memory() -> None:
    """Every public method exists on both, with the same parameters."""
    assert surface(AsyncMemory) == surface(Memory)


def test_it_does_what_memory_does(tmp_path: Path) -> None:
    """Results and errors are those of the memory, whose loop others use meanwhile."""

    async def scene() -> None:
        encoder = PlantedEncoder(background=True)
        async with await AsyncMemory.open(tmp_path, owner="rex", encoder=encoder) as memory:
            await asyncio.gather(*(memory.remember(picture(f"p{i}")) for i in range(20)))
            ticks = 0

            async def tick() -> None:
                nonlocal ticks
                while True:
                    await asyncio.sleep(0)
                    ticks += 1

            other = asyncio.create_task(tick())
            [hit] = await memory.recall("p7", limit=1)
            other.cancel()
            assert hit.record.media[0].uri == "planted:p7"
            assert ticks > 0
            assert await memory.count() == 20
            with pytest.raises(QueryError, match="without a question"):
                await memory.recall()
            second = await memory.for_owner("max")
            assert await second.count() == 0
            await second.close()
            assert await memory.count() == 20
        with pytest.raises(StoreClosedError):
            await memory.count()

    asyncio.run(scene())


def test_a_watch_is_iterated_and_loses_nothing_when_a_task_is_cancelled(tmp_path: Path) -> None:
    """The next hit is for whoever asks next; the loop goes on; it ends with the memory."""

    async def scene() -> None:
        encoder = PlantedEncoder(background=True)
        async with AsyncMemory.open(tmp_path, owner="rex", encoder=encoder) as memory:
            watch = await memory.watch("glass")
            waiting = asyncio.create_task(anext(watch))
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            before = watch.cursor
            await memory.remember(picture("glass 1"), id="a")
            await memory.remember(picture("glass 2"), id="b")
            assert [(await anext(watch)).record.id for _ in "ab"] == ["a", "b"]
            rest = await memory.watch("glass", cursor=before, timeout=0)
            assert [hit.record.id async for hit in rest] == ["a", "b"]
            assert await rest.poll() is None
            async with await memory.watch("glass") as closed:
                pass
            assert [hit async for hit in closed] == []
            with pytest.raises(QueryError, match="not blank"):
                await memory.watch(" ")
            ending = asyncio.create_task(anext(watch, None))
            await asyncio.sleep(0)
        assert await ending is None
        assert watch.is_closed

    asyncio.run(scene())


def test_a_watch_iterates_over_all_that_has_arrived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for what has to settle first, however short its time to wait is."""
    monkeypatch.setattr(lookout, "MOST_TOLD", 3)
    monkeypatch.setattr(lookout, "SETTLED", SECOND)
    monkeypatch.setattr(lookout, "LAG", SECOND // 10)

    async def scene() -> None:
        encoder = PlantedEncoder(background=True)
        async with AsyncMemory.open(tmp_path, owner="rex", encoder=encoder) as memory:
            watch = await memory.watch("glass", min_confidence=0, timeout=0)
            await memory.remember_many([picture(f"glass {n}") for n in range(8)])
            assert len([hit async for hit in watch]) == 8

    asyncio.run(scene())
