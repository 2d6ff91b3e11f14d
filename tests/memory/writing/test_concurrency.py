"""Threads that write at once: nobody waits for another's encoder, and every record is whole."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.support.memories import files
from tests.support.planted import House, PlantedEncoder, house, picture, sound

from sensorium.encoders import Encoding
from sensorium.errors import (
    RecordNotFoundError,
    SensoriumError,
    StoreUnavailableError,
)
from sensorium.memory import Memory, Moment
from sensorium.memory.layout.lookup import find_record
from sensorium.percepts import Percept

WAIT = 20.0  # seconds: whoever waits longer waits for a lock that is never released
SLOW = "slow"


class HeldEncoder(PlantedEncoder):
    """Encodes percepts that mean something slow only when it is let."""

    def __init__(self, *, model: str = "planted") -> None:
        super().__init__(model=model)
        self.began, self.may_end = threading.Event(), threading.Event()

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        if any(SLOW in (percept.uri or "") for percept in percepts):
            self.began.set()
            assert self.may_end.wait(WAIT)
        return super().try_encode(percepts)


@pytest.fixture(scope="module", params=["edge", "client"])
def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    with house(request.param, tmp_path_factory.mktemp("home"), PlantedEncoder()) as built:
        yield built


@pytest.fixture
def encoder() -> HeldEncoder:
    return HeldEncoder()


@pytest.fixture
def memory(home: House, encoder: HeldEncoder) -> Memory:
    return home.memory(str(uuid4()), encoder)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as threads:
        yield threads


CALLS: dict[str, Callable[[Memory], Any]] = {
    "remember": lambda memory: memory.remember(picture("cat")),
    "remember_many": lambda memory: memory.remember_many([picture("a"), picture("b")]),
    "update": lambda memory: memory.update("x", sound("bark"), tags=["a"]),
    "forget": lambda memory: memory.forget("x"),
    "recall": lambda memory: memory.recall("dog"),
    "sweep": lambda memory: memory.sweep(),
}
SLOW_CALLS: dict[str, Callable[[Memory], Any]] = {
    "remember": lambda memory: memory.remember(picture(SLOW)),
    "remember_many": lambda memory: memory.remember_many([picture(SLOW)]),
    "update": lambda memory: memory.update("y", picture(SLOW)),
}


@pytest.mark.parametrize("slow", SLOW_CALLS)
@pytest.mark.parametrize("call", CALLS)
def test_nobody_waits_for_another_threads_encoder(
    memory: Memory, encoder: HeldEncoder, pool: ThreadPoolExecutor, slow: str, call: str
) -> None:
    """Whatever else the owner does ends while something long is encoded."""
    memory.remember(picture("dog"), id="x")
    memory.remember(picture("cow"), id="y")
    long = pool.submit(SLOW_CALLS[slow], memory)
    assert encoder.began.wait(WAIT)
    pool.submit(CALLS[call], memory).result(WAIT)
    assert not long.done()
    encoder.may_end.set()
    long.result(WAIT)
    assert [hit.record.media[-1].uri for hit in memory.recall(SLOW, limit=1)] == ["planted:slow"]


def test_who_encodes_longer_replaces_whole(
    memory: Memory, encoder: HeldEncoder, pool: ThreadPoolExecutor
) -> None:
    """Of two that write one id, one state stands; the later says that it replaced the earlier."""
    long = pool.submit(memory.remember, picture(SLOW), tags=["slow"], id="x")
    assert encoder.began.wait(WAIT)
    assert memory.remember(sound("bark"), tags=["fast"], id="x").status == "new"
    encoder.may_end.set()
    assert long.result(WAIT).status == "replaced"
    record = memory.get("x")
    assert (record.tags, record.modalities) == (("slow",), ("image",))
    assert files(memory) == {record.media[0].file}


def test_two_threads_that_remember_the_same_count_it_once(
    memory: Memory, encoder: HeldEncoder, pool: ThreadPoolExecutor
) -> None:
    """One of them says new, the other known; one record and one file stand."""
    both = [pool.submit(memory.remember, picture(SLOW)) for _ in range(2)]
    assert encoder.began.wait(WAIT)
    encoder.may_end.set()
    assert sorted(call.result(WAIT).status for call in both) == ["known", "new"]
    assert (memory.count(), len(files(memory))) == (1, 1)


def test_what_was_known_and_is_forgotten_meanwhile_is_remembered(
    memory: Memory, encoder: HeldEncoder, pool: ThreadPoolExecutor
) -> None:
    """What counts is what stands there when it is written, not before."""
    memory.remember(picture("dog"))
    long = pool.submit(memory.remember_many, [picture("dog"), picture(SLOW)])
    assert encoder.began.wait(WAIT)
    memory.forget(everything=True)
    encoder.may_end.set()
    report = long.result(WAIT)
    assert (report.new, report.known) == (2, 0)
    assert (memory.count(), len(files(memory))) == (2, 2)


def test_a_file_stays_for_the_record_that_is_being_written(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread forgets the last record of a file between its keeping and the new record."""
    memory.remember(picture("dog"), id="old")
    media = memory._shelf.media
    assert media is not None
    put = media.put

    def crossed(content: Any, **options: Any) -> str:
        name = put(content, **options)
        forgetting = threading.Thread(target=memory.forget, args=("old",))
        forgetting.start()
        forgetting.join(WAIT)
        return name

    monkeypatch.setattr(media, "put", crossed)
    memory.remember(picture("dog"), text="again", id="new")
    assert memory.count() == 1
    assert len(memory.percepts(memory.get("new"))) == 2
    memory.forget("new")
    assert files(memory) == set()


@pytest.mark.parametrize("error", [KeyboardInterrupt, StoreUnavailableError("a", "b", "c")])
@pytest.mark.parametrize("call", ["remember", "remember_many", "update"])
def test_a_write_that_fails_leaves_no_file(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, error: Any, call: str
) -> None:
    """Files are kept before their records are written, and go if those are not."""
    memory.remember(text="x", id="x")

    def die(points: Any) -> None:
        raise error

    calls: dict[str, Callable[[], Any]] = {
        "remember": lambda: memory.remember(picture("dog")),
        "remember_many": lambda: memory.remember_many([Moment((picture("dog"), sound("bark")))]),
        "update": lambda: memory.update("x", picture("dog")),
    }
    with monkeypatch.context() as patch:
        patch.setattr(memory.backend, "upsert", die)
        with pytest.raises(error if isinstance(error, type) else type(error)):
            calls[call]()
    assert files(memory) == set()
    calls[call]()
    assert len(files(memory)) == (2 if call == "remember_many" else 1)


INTERRUPTED: dict[str, tuple[str, Callable[[Memory], Any]]] = {
    "replace": ("upsert", lambda memory: memory.remember(sound("bark"), id="x")),
    "replace rows": (
        "upsert",
        lambda memory: memory.update("x", vectors={"image": None}, retain=[]),
    ),
    "forget": ("delete", lambda memory: memory.forget("x")),
    "forget media": ("set_payload", lambda memory: memory.forget("x", media_only=True)),
}


@pytest.mark.parametrize("call", INTERRUPTED)
@pytest.mark.parametrize("applied", [True, False])
def test_an_interruption_leaves_the_files_that_records_name(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, call: str, applied: bool
) -> None:
    """Ctrl-C around the operation of the store, done or not: no file is lost, and none is left."""
    memory.remember(picture("dog"), id="x")
    memory.remember(picture("dog"), picture("cat"), id="y")
    memory.forget("y")
    name, interrupted = INTERRUPTED[call]
    method = getattr(memory.backend, name)

    def stopped(*arguments: Any, **options: Any) -> None:
        if applied:
            method(*arguments, **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(memory.backend, name, stopped)
        with pytest.raises(KeyboardInterrupt):
            interrupted(memory)
    named = {medium.file for record in memory.timeline() for medium in record.media if medium.file}
    assert files(memory) == named
    assert len(named) == (0 if applied and call != "replace" else 1)


def test_an_exchanged_encoder_encodes_anew(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    """What was encoded by the old encoder is not written among the new one's vectors."""
    old, new = HeldEncoder(), PlantedEncoder(model="new", gap=0.5)
    with Memory.open(tmp_path, owner="rex", encoder=old) as memory:
        memory.remember(picture("dog"), id="x")
        calls: list[Future[Any]] = [
            pool.submit(memory.remember, sound(SLOW), id="y"),
            pool.submit(memory.update, "x", sound(SLOW)),
        ]
        assert old.began.wait(WAIT)
        memory.reembed(new)
        old.may_end.set()
        for call in calls:
            call.result(WAIT)
        for name in ("x", "y"):
            point = find_record(memory.backend, "rex", name, vectors=True)
            assert point.vectors["audio"][0] @ new.vector(SLOW, "audio") > 0.999


def test_an_update_of_a_record_that_is_not_there_encodes_nothing(
    memory: Memory, encoder: HeldEncoder
) -> None:
    """The error comes before the work."""
    with pytest.raises(RecordNotFoundError):
        memory.update("x", picture(SLOW))
    assert not encoder.began.is_set()
