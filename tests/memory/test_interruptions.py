"""Whatever crosses or interrupts a write, a record is whole, and what is gone leaves nothing."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from qdrant_client import QdrantClient
from tests.support.memories import files
from tests.support.planted import House, PlantedEncoder, picture, sound, thermal

from sensorium.errors import MediaQuotaError, RecordError, RecordNotFoundError
from sensorium.memory import Memory, Moment
from sensorium.memory.layout.ids import part_id, point_id
from sensorium.percepts import Percept
from sensorium.qdrant import EdgeBackend, Filter, Point

ENCODER = PlantedEncoder()
LONG = "|".join(f"n{i}" for i in range(1100)) + "|wolf"  # windows: two points
OLD = timedelta(hours=2)  # beyond the time that young files are left alone


@pytest.fixture(scope="module")
def house_encoder() -> PlantedEncoder:
    return ENCODER


def points(memory: Memory) -> int:
    """All points of the owner: records, and what continues them."""
    return memory.backend.count(Filter(memory.owner, parts=True))


def similarity(memory: Memory, question: str) -> float:
    """Of the only record."""
    [hit] = memory.recall(question)
    assert hit.similarity is not None
    return hit.similarity


def while_encoding(
    patch: pytest.MonkeyPatch, memory: Memory, action: Callable[[], Any]
) -> Callable[[], None]:
    """Let another thread do something while percepts are encoded; return what waits for it."""
    encode = memory.encoder.try_encode
    thread = threading.Thread(target=action)

    def racing(percepts: Sequence[Percept]) -> Any:
        encodings = encode(percepts)
        if percepts and thread.ident is None:
            thread.start()
            thread.join(0.2)  # where nothing holds it back, it is done by then
        return encodings

    patch.setattr(memory.encoder, "try_encode", racing)
    return thread.join


class Engine:
    """An engine whose methods can be exchanged."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.update = engine.update

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)


# Parts


@pytest.mark.parametrize("sweep", [True, False])
def test_a_crash_before_the_old_parts_are_removed_is_harmless(
    memory: Memory, sweep: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shorter record is not found by what it held; a sweep, or its next change, removes that."""

    def die(filter: Filter) -> None:
        raise KeyboardInterrupt

    memory.remember(sound(LONG), id="x", keep_media=False)
    with monkeypatch.context() as patch:
        patch.setattr(memory.backend, "delete", die)
        with pytest.raises(KeyboardInterrupt):
            memory.remember(sound("cat"), id="x", keep_media=False)
    assert points(memory) == 2
    assert similarity(memory, "wolf") < 0.5
    memory.sweep() if sweep else memory.update("x", thermal("cat"))
    assert points(memory) == 1
    assert similarity(memory, "wolf") < 0.5


def stray(memory: Memory) -> None:
    """Leave a part of a record that is not there."""
    record = point_id(memory.owner, "gone")
    memory.remember(sound(LONG), id="gone", keep_media=False)
    [part] = memory.backend.retrieve(
        [part_id(record, 1)], owner=memory.owner, payload=True, vectors=True
    )
    memory.forget("gone")
    memory.backend.upsert([Point(part.id, part.vectors, part.payload)])
    assert (memory.count(), points(memory)) == (0, 1)


def test_parts_of_no_record_are_swept_and_others_stay(memory: Memory) -> None:
    """A sweep removes what continues nothing, and no part of a record that is there."""
    stray(memory)
    memory.remember(sound(LONG), id="here", keep_media=False)
    memory.sweep()
    assert points(memory) == 2
    assert memory.recall("wolf", limit=1)[0].span is not None


def test_forgetting_everything_forgets_strays(memory: Memory) -> None:
    """Not one point of the owner is left."""
    stray(memory)
    memory.forget(everything=True)
    assert points(memory) == 0


# Crossing calls


def test_an_update_is_one_write(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Percepts, words, tags and metadata come together: no reader sees some of them."""
    memory.remember(picture("dog"), id="x", tags=["old"], metadata={"a": True})
    seen: list[tuple[Any, ...]] = []

    def noted(name: str) -> Callable[..., Any]:
        method = getattr(memory.backend, name)

        def call(*args: Any, **options: Any) -> Any:
            done = method(*args, **options)
            record = memory.get("x")
            seen.append((record.tags, len(record.media), record.text, dict(record.metadata)))
            return done

        return call

    for name in ("upsert", "set_payload"):
        monkeypatch.setattr(memory.backend, name, noted(name))
    memory.update("x", sound("bark"), text="Rex", tags=["new"], metadata={"b": 1})
    assert seen == [(("new",), 3, "Rex", {"b": 1})]
    assert memory.count(where={"a": True}) == 0


@pytest.mark.parametrize("change", ["update", "forget"])
def test_a_change_is_one_operation_of_the_engine(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """What dies with the second operation has changed all or nothing: there is no second."""
    memory.remember(
        picture("dog"), text="x", id="x", tags=["old"], source="s", metadata={"done": True, "n": 1}
    )
    operations: list[str] = []

    def counted(target: Any, name: str) -> None:
        method = getattr(target, name)

        def call(*args: Any, **options: Any) -> Any:
            operations.append(name)
            if len(operations) > 1:
                raise KeyboardInterrupt
            return method(*args, **options)

        monkeypatch.setattr(target, name, call)

    backend: Any = memory.backend
    shard: Any = backend._shard if isinstance(backend, EdgeBackend) else None
    if shard is not None:
        shard.engine = Engine(shard.engine)
        counted(shard.engine, "update")
    else:
        for name in ("set_payload", "delete_payload", "batch_update_points", "upsert"):
            counted(backend._collection.client, name)
    try:
        if change == "update":
            memory.update("x", metadata={"n": 2}, tags=[], source="")
            assert memory.count(where={"done": True}) == memory.count(tags=["old"]) == 0
            assert memory.get("x").to_dict() | {
                "tags": [],
                "source": None,
                "metadata": {"n": 2},
            } == (memory.get("x").to_dict())
        else:
            memory.forget("x", media_only=True)
            assert memory.get("x").media[1].file is None
            assert files(memory) == set()
    finally:
        if shard is not None:
            shard.engine = shard.engine.engine
    assert len(operations) == 1


def test_an_update_does_not_undo_another(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tags that are written while percepts are encoded are not lost."""
    memory.remember(picture("dog"), id="x")
    finish = while_encoding(monkeypatch, memory, lambda: memory.update("x", tags=["kept"]))
    memory.update("x", sound("bark"))
    finish()
    assert memory.get("x").tags == ("kept",)
    assert len(memory.get("x").media) == 2


def test_what_is_forgotten_does_not_come_back(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that is forgotten while percepts for it are encoded stays gone, with its files."""
    memory.remember(picture("dog"), id="x")
    finish = while_encoding(monkeypatch, memory, lambda: memory.forget("x"))
    with pytest.raises(RecordNotFoundError):
        memory.update("x", sound("bark"))
    finish()
    with pytest.raises(RecordNotFoundError):
        memory.get("x")
    assert memory._shelf.media is not None
    assert list(memory._shelf.media.names()) == []


# Owners


def test_an_id_that_another_owner_took_is_refused(home: House, memory: Memory) -> None:
    """Whoever has a point under an id keeps it; the batch goes on without that record."""
    other = home.memory(str(uuid4()), ENCODER)
    other.remember(picture("theirs"), id="theirs")
    squatted = point_id(memory.owner, "mine")
    [theirs] = other.backend.retrieve(
        [point_id(other.owner, "theirs")], owner=other.owner, payload=True, vectors=True
    )
    other.backend.upsert([Point(squatted, theirs.vectors, theirs.payload)])
    with pytest.raises(RecordError, match="taken"):
        memory.remember(picture("mine"), id="mine")
    report = memory.remember_many([Moment((picture("a"),), id="mine"), Moment((picture("b"),))])
    assert (report.new, [failure.index for failure in report.failures]) == (1, [0])
    assert other.count() == 2


# Media


def test_a_refused_record_leaves_none_of_its_files(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that came before the one with no room go; those of other records stay."""
    media = memory._shelf.media
    assert media is not None
    monkeypatch.setattr(media, "quota", 300)  # bytes: a picture has 120, a sound 458
    kept = Moment((picture("dog"),), id="kept")
    refused = Moment((picture("dog"), picture("cat"), sound("bark")), id="refused")
    report = memory.remember_many([kept, refused])
    assert isinstance(report.failures[0].error, MediaQuotaError)
    assert list(media.names()) == [memory.get("kept").media[0].file]


@pytest.mark.parametrize("age", [timedelta(0), OLD])
def test_files_that_others_may_be_about_to_name_are_left_to_a_sweep(
    tmp_path: Path, age: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes on a server: what one forgets while the other remembers it is kept."""
    client = QdrantClient(":memory:")
    one, two = (Memory.open(client, owner="rex", encoder=ENCODER, media=tmp_path) for _ in range(2))
    one.remember(picture("dog"), id="one")
    media = one._shelf.media
    assert media is not None
    [name] = media.names()
    path = media.path(name)
    assert path is not None
    written = (datetime.now(timezone.utc) - age).timestamp()
    os.utime(path, (written, written))
    upsert = two.backend.upsert

    def crossed(given: Any) -> None:
        one.forget("one")
        upsert(given)

    monkeypatch.setattr(two.backend, "upsert", crossed)  # the moment of the race
    two.remember(picture("dog"), id="two")
    assert two.percepts(two.get("two"))


def test_media_is_synchronised_soon_after_it_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """About a second after a record, and off the caller's thread, its files are safe, too."""
    synced: list[tuple[str, int]] = []

    def noted(names: Iterable[str]) -> None:
        synced.extend((name, threading.get_ident()) for name in names)

    with Memory.open(tmp_path, owner="rex", encoder=ENCODER) as memory:
        media = memory._shelf.media
        assert media is not None
        monkeypatch.setattr(media._folder, "sync", noted)
        memory.remember(picture("dog"))
        assert synced == []
        for _ in range(300):
            if synced:
                break
            time.sleep(0.01)
        [(name, thread)] = synced
        assert name.endswith(".png")
        assert thread != threading.get_ident()
