"""Work that is given up stops between two steps; what was not acknowledged is not kept."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.support.memories import NOON, everything, files
from tests.support.planted import House, PlantedEncoder, house, picture, sound

from sensorium.encoders import Encoding, check_cancelled, report_windows
from sensorium.errors import OperationCancelledError, SensoriumError
from sensorium.memory import AsyncMemory, Memory, Moment
from sensorium.percepts import Percept

WAIT = 20.0  # seconds
ENDLESS = "endless"


class EndlessEncoder(PlantedEncoder):
    """Never ends what means something endless, unless it is given up."""

    def __init__(self, *, model: str = "planted") -> None:
        super().__init__(model=model)
        self.began = threading.Event()

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        endless = any(ENDLESS in (percept.uri or "") for percept in percepts)
        done = 0
        while endless:
            done += 1
            report_windows(done)
            self.began.set()
            check_cancelled()
        return super().try_encode(percepts)


class Countdown:
    """Is set when it has been asked some times."""

    def __init__(self, left: int) -> None:
        self.left = left

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.fixture(scope="module", params=["edge", "client"])
def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    with house(request.param, tmp_path_factory.mktemp("home"), PlantedEncoder()) as built:
        yield built


@pytest.fixture
def encoder() -> EndlessEncoder:
    return EndlessEncoder()


@pytest.fixture
def memory(home: House, encoder: EndlessEncoder) -> Memory:
    return home.memory(str(uuid4()), encoder)


def setting(encoder: EndlessEncoder) -> threading.Event:
    """An event that another thread sets as soon as something endless is encoded."""
    stop = threading.Event()

    def set_later() -> None:
        assert encoder.began.wait(WAIT)
        stop.set()

    threading.Thread(target=set_later).start()
    return stop


def test_a_moment_that_is_given_up_is_not_kept(memory: Memory, encoder: EndlessEncoder) -> None:
    """Neither a record nor a file; the same moment can be remembered afterwards."""
    before = memory.remember(picture("dog")).id
    was = files(memory)
    with pytest.raises(OperationCancelledError, match="before anything was done") as caught:
        memory.remember(picture("cat"), sound(ENDLESS), cancel=setting(encoder))
    assert caught.value.done == 0
    assert [record.id for record in memory.timeline()] == [before]
    assert files(memory) == was


@pytest.mark.parametrize("steps", range(8))
def test_wherever_a_call_is_given_up_it_is_whole_or_not_there(memory: Memory, steps: int) -> None:
    """At each look at the event, all of the batch is there, or nothing of it."""
    try:
        memory.remember_many(
            [Moment((picture("dog"), sound("bark"))), picture("cat")], cancel=Countdown(steps)
        )
    except OperationCancelledError:
        assert (memory.count(), files(memory)) == (0, set())
    else:
        assert (memory.count(), len(files(memory))) == (2, 3)


def test_batches_before_are_kept_and_the_stream_goes_on(
    memory: Memory, encoder: EndlessEncoder
) -> None:
    """The error says how many moments are kept; the same stream again skips them."""
    stream = [picture(f"p{i}", at=NOON) for i in range(5)]
    with pytest.raises(OperationCancelledError, match="after 4 were done") as caught:
        memory.remember_many([*stream, picture(ENDLESS)], batch_size=4, cancel=setting(encoder))
    assert caught.value.done == memory.count() == len(files(memory)) == 4
    report = memory.remember_many(stream, batch_size=4, cancel=threading.Event())
    assert (report.known, report.new) == (4, 1)


def test_reembedding_that_is_given_up_changes_nothing(tmp_path: Path) -> None:
    """The memory is as it was, and its encoder, too."""
    old, new = PlantedEncoder(), EndlessEncoder(model="new")
    with Memory.open(tmp_path, owner="rex", encoder=old) as memory:
        memory.remember(picture(ENDLESS))
        before = everything(memory)
        with pytest.raises(OperationCancelledError):
            memory.reembed(new, cancel=setting(new))
        assert memory.encoder is old
        assert everything(memory) == before
        assert len(list(tmp_path.glob("shard*"))) == 1


def test_moving_ends_between_pages(memory: Memory, tmp_path: Path) -> None:
    """An export leaves nothing, an import and a copy keep whole pages; each can be repeated."""
    stop = threading.Event()
    memory.remember_many([picture(f"p{i}") for i in range(5)])
    memory.export(tmp_path / "whole")
    stop.set()
    with pytest.raises(OperationCancelledError):
        memory.export(tmp_path / "part", cancel=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]
    with pytest.raises(OperationCancelledError):
        memory.promote(tmp_path / "copy", cancel=stop)
    with Memory.open(tmp_path / "other", owner="max", encoder=memory.encoder) as other:
        with pytest.raises(OperationCancelledError):
            other.import_(tmp_path / "whole", cancel=stop)
        assert (other.count(), files(other)) == (0, set())
        assert other.import_(tmp_path / "whole", cancel=threading.Event()).records == 5
    assert memory.promote(tmp_path / "copy", cancel=threading.Event()).copied == 5


CALLS: dict[str, Callable[[AsyncMemory], Any]] = {
    "remember": lambda memory: memory.remember(picture(ENDLESS)),
    "remember_many": lambda memory: memory.remember_many([picture(ENDLESS)]),
    "update": lambda memory: memory.update("x", picture(ENDLESS), tags=["never"]),
    "recall": lambda memory: memory.recall(picture(ENDLESS)),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_task_that_is_cancelled_stops_its_thread(
    memory: Memory, encoder: EndlessEncoder, call: str
) -> None:
    """When the task has ended nothing runs any more, and nothing was kept."""
    memory.remember(text="x", id="x")
    before = everything(memory)

    async def scene() -> None:
        task = asyncio.ensure_future(CALLS[call](AsyncMemory(memory)))
        await asyncio.to_thread(encoder.began.wait, WAIT)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(scene(), WAIT))
    assert everything(memory) == before
    assert files(memory) == set()


def test_a_time_limit_of_asyncio_is_kept(memory: Memory, encoder: EndlessEncoder) -> None:
    """`wait_for` raises its own error, and the caller's event still counts."""

    async def scene() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(AsyncMemory(memory).remember(picture(ENDLESS)), 0.2)
        stop = setting(encoder)
        with pytest.raises(OperationCancelledError):
            await AsyncMemory(memory).remember(picture(ENDLESS), cancel=stop)

    asyncio.run(scene())
    assert memory.count() == 0
