"""Standing questions of a memory on a server: told as it arrives, once, from a cursor on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from uuid import uuid4

import pytest
from tests.remote.conftest import Opened
from tests.support.waiting import wait_until

from sensorium.agents.chronicle import Asked, look_up
from sensorium.errors import (
    FilterError,
    QueryError,
    SensoriumError,
    StoreUnavailableError,
    UnsupportedModalityError,
)
from sensorium.memory import AsyncMemory, Memory
from sensorium.remote import RemoteMemory, watching
from sensorium.samples import sample

DOG = "a dog barking"


@pytest.mark.slow
def test_what_arrives_is_told(ana: RemoteMemory, ben: RemoteMemory, place: Memory) -> None:
    """Of this client, of another, and of the server's own process; never another owner's."""
    watch = ana.watch(DOG, timeout=20)
    begun = watch.cursor
    ana.remember(text="the dog barks", id="a")
    assert next(watch).record.id == "a"
    ben.remember(text="the dog barks")
    with place.for_owner("ana") as own:
        own.remember(sample("sound_dog_bark"), id="b")
    hit = next(watch)
    assert (hit.record.id, hit.modality) == ("b", "audio")
    assert hit.medium is not None
    assert hit.confidence is not None
    assert watch.poll() is None
    rest = ana.watch(DOG, cursor=begun, timeout=0)
    assert [hit.record.id for hit in rest] == ["a", "b"]
    assert [hit.record.id for hit in ana.watch(DOG, cursor=rest.cursor, timeout=0)] == []
    old = datetime.now(timezone.utc) - timedelta(hours=1)
    bark = ana.watch(sample("sound_dog_bark"), after=old, modalities=["audio"], timeout=0)
    assert [hit.record.id for hit in bark] == ["b"]
    with pytest.raises(FilterError, match="another owner"):
        ben.watch(DOG, cursor=begun)


def test_what_arrived_may_be_asked_of_an_agents_tool(ana: RemoteMemory) -> None:
    """Through the same words as of a memory that is here."""
    begun = look_up(ana, Asked("arrived", [DOG]))
    name = str(uuid4())
    ana.remember(text="a dog barking loudly", id=name)
    found = look_up(ana, Asked("arrived", [DOG], begun.cursor or ""))
    assert [hit.record.id for hit in found.arrived] == [name]


def test_a_watch_ends_with_its_memory(opened: Opened) -> None:
    """Whoever waits is told that there is no more."""
    memory = opened("ana")
    watch = memory.watch(DOG)
    thread = threading.Thread(target=lambda: list(watch))
    thread.start()
    wait_until(lambda: bool(memory._connection._waiting))
    memory.close()
    thread.join(3)
    assert not thread.is_alive()
    assert watch.is_closed
    assert watch.poll() is None


def test_what_is_cut_off_is_asked_for_again(
    ana: RemoteMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the last hit on; a server that tells nothing any more is an error, and may come back."""
    monkeypatch.setattr(watching, "PAUSE", 0.0)
    watch = ana.watch(DOG, timeout=10)
    assert isinstance(watch, watching.RemoteWatch)
    ana.remember(text="a dog barked twice", id="first")
    assert next(watch).record.id == "first"
    ana.remember(text="two dogs barking", id="second")

    def cut() -> Iterator[watching.Told]:
        raise StoreUnavailableError("a connection that broke", "one", "try again")
        yield

    watch._events = cut()
    assert next(watch).record.id == "second"
    watch._drop()
    monkeypatch.setattr(watch, "_told_any", False)
    monkeypatch.setattr(watch, "_open", lambda _: setattr(watch, "_events", cut()))
    with pytest.raises(StoreUnavailableError):
        next(watch)
    monkeypatch.undo()
    ana.remember(text="three dogs barking", id="third")
    assert next(watch).record.id == "third"


def test_tasks_wait_for_it(ana: RemoteMemory) -> None:
    """As for one that is here."""

    async def scene() -> None:
        watch = await AsyncMemory(ana).watch(DOG, timeout=20)
        ana.remember(text="a dog is barking again", id="async")
        assert (await anext(watch)).record.id == "async"
        await watch.close()

    asyncio.run(scene())


def test_what_cannot_be_watched_is_refused(ana: RemoteMemory) -> None:
    """At once, by the client or by the server."""
    wrong: list[tuple[dict[str, object], type[SensoriumError]]] = [
        ({"min_confidence": float("nan")}, QueryError),
        ({"timeout": -1}, QueryError),
        ({"cursor": "x"}, FilterError),
        ({"cursor": "x", "after": datetime.now(timezone.utc)}, QueryError),
        ({"after": datetime(2026, 5, 1)}, FilterError),
        ({"modalities": ["smell"]}, UnsupportedModalityError),
        ({"weights": [1, 2]}, QueryError),
    ]
    for given, error in wrong:
        with pytest.raises(error):
            ana.watch(DOG, **given)  # type: ignore[arg-type]  # what is tested
