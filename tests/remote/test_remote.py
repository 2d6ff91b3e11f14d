"""A memory on a server does what one of this machine does, or says that it does not."""

from __future__ import annotations

import asyncio
import inspect
import pickle
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.remote.conftest import Opened

from sensorium.errors import (
    ArgumentTypeError,
    FilterError,
    MediaNotFoundError,
    MemoryAccessError,
    QueryError,
    RecordError,
    RecordNotFoundError,
    StoreClosedError,
    StoreFormatError,
    UnsupportedModalityError,
)
from sensorium.memory import AsyncMemory, Memory, Moment
from sensorium.percepts import Audio, Depth, Image, Place, Text, Video
from sensorium.remote import RemoteMemory
from sensorium.samples import FOLDER, sample

FRAMES = np.random.default_rng(1).integers(0, 255, (8, 48, 64, 3), dtype=np.uint8)
NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
# They ask `recall` and `timeline`, or a method of their own below
OF_OTHERS = {"first", "last", "before", "after", "around"}
SENSES = ("photo_dog", "sound_dog_bark", "depth_mug", "imu_walking", "thermal_person")


def test_every_verb_is_its_own() -> None:
    """None would look for a store that is not here."""
    verbs = {name for name in vars(Memory) if not name.startswith("_")} - {"open"}
    assert verbs - vars(RemoteMemory).keys() - OF_OTHERS == set()


def test_arguments_are_the_same() -> None:
    """Whoever calls a memory need not know where it is."""
    for name in ("remember", "remember_many", "recall", "timeline", "update", "forget", "tally"):
        here, there = getattr(Memory, name), getattr(RemoteMemory, name)
        assert list(inspect.signature(there).parameters) == list(
            inspect.signature(here).parameters
        ), name


@pytest.mark.slow
@pytest.mark.parametrize("name", SENSES)
def test_what_was_perceived_comes_back(ana: RemoteMemory, name: str) -> None:
    """The percept of every sense, with its units, is the one that was sent, bit for bit."""
    percept = sample(name)
    kept = ana.remember(percept, at=NOON, tags=["senses"], metadata={"name": name})
    record = ana.get(kept.id)
    assert kept.status == "new"
    assert record.tags == ("senses",)
    assert record.metadata == {"name": name}
    assert record.at == NOON
    [again] = ana.percepts(record)
    assert type(again) is type(percept)
    assert again.digest == percept.digest
    assert ana.remember(percept, at=NOON).status == "known"


def test_samples_are_sent_as_files(ana: RemoteMemory) -> None:
    """Arrays that are no file yet keep their values and their units."""
    metres = np.linspace(0.5, 4, 48 * 64, dtype=np.float32).reshape(48, 64)
    [depth] = ana.percepts(ana.get(ana.remember(Depth(metres, unit="m", fx=60.0)).id))
    assert isinstance(depth, Depth)
    assert np.array_equal(depth.metres(), metres)
    assert depth.units["fx"] == 60.0
    tone = np.sin(np.arange(16_000) / 20).astype(np.float32)
    [sound] = ana.percepts(ana.get(ana.remember(Audio(tone, rate=16_000)).id))
    assert isinstance(sound, Audio)
    assert np.array_equal(sound.mono(16_000), tone)


def test_a_question_finds_across_senses(ana: RemoteMemory) -> None:
    """Words, percepts, sums of them, and what resembles a memory."""
    for name in SENSES:
        ana.remember(sample(name), id=name, tags=["asked"])
    assert ana.recall("a dog barking", tags=["asked"], limit=1)[0].record.id == "sound_dog_bark"
    hits = ana.recall(sample("sound_dog_bark"), tags=["asked"], modalities=["image"])
    assert hits[0].record.id == "photo_dog"
    assert hits[0].medium is not None
    assert hits[0].medium.digest == sample("photo_dog").digest
    assert hits[0].age > timedelta(0)
    both = [Text("a person"), sample("thermal_person")]
    assert ana.recall(both, weights=[1, 2], tags=["asked"])[0].record.id == "thermal_person"
    assert "photo_dog" not in {hit.record.id for hit in ana.recall(like="photo_dog", limit=20)}
    assert ana.recall("a dog", since=datetime.now(timezone.utc) + timedelta(days=1)) == []


def test_changes_and_lists(opened: Opened) -> None:
    """Update, timeline with its cursor, count, tally, forget."""
    pen = opened("ana")
    for day in range(5):
        pen.remember(text=f"day {day}", at=NOON + timedelta(days=day), tags=["days"], id=f"d/{day}")
    page = pen.timeline(limit=2, newest_first=False, tags=["days"])
    assert [record.id for record in page] == ["d/0", "d/1"]
    page = pen.timeline(limit=2, newest_first=False, tags=["days"], cursor=page.cursor)
    assert [record.id for record in page] == ["d/2", "d/3"]
    changed = pen.update("d/0", text="the first day", tags=["days", "first"], metadata={"n": 1})
    assert (changed.text, changed.tags) == ("the first day", ("days", "first"))
    assert pen.count(where={"n": 1}) == 1
    assert pen.count(tags=["days"], text_contains="day") == 5
    assert pen.tally("tags", tags=["days"]) == {"days": 5, "first": 1}
    assert [record.id for record in pen.get_many(["d/4", "absent", "d/1"])] == ["d/4", "d/1"]
    assert pen.forget("d/0") == 1
    assert pen.forget(tags=["days"], since=NOON + timedelta(days=3)) == 2
    assert pen.count(tags=["days"]) == 2
    with pytest.raises(RecordNotFoundError, match="d/0"):
        pen.get("d/0")


def test_a_moment_keeps_its_times_and_its_place(ana: RemoteMemory) -> None:
    """What is stated arrives as it was stated."""
    end = datetime.now(timezone.utc) + timedelta(days=3)
    kept = ana.remember(
        text="by the sea", dated=NOON, expires_at=end, place=Place(54.5, 10.2), source="a walk"
    )
    record = ana.get(kept.id)
    assert (record.at, record.expires_at, record.source) == (NOON, end, "a walk")
    assert record.place == Place(54.5, 10.2)


def test_media_stay_away_if_asked(ana: RemoteMemory) -> None:
    """`keep_media=False` holds on a server, too."""
    record = ana.get(ana.remember(sample("photo_wild_cat"), keep_media=False).id)
    with pytest.raises(MediaNotFoundError):
        ana.percepts(record)


def test_many_go_on_after_a_failure(ana: RemoteMemory) -> None:
    """A moment that cannot be taken is reported, with the error it would have raised here."""
    seen: list[tuple[int, int | None]] = []
    moments: list[Any] = [Moment(text="one"), Moment(text="x", id="\n"), Moment(text="three")]
    report = ana.remember_many(moments, progress=lambda *done: seen.append(done))
    assert report.new == 2
    assert [failure.index for failure in report.failures] == [1]
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_owners_see_nothing_of_each_other(ana: RemoteMemory, ben: RemoteMemory) -> None:
    """Not by a question, an id, a digest or a filter."""
    record = ana.get(ana.remember(sample("photo_wild_cat"), id="cat of ana").id)
    assert ben.owner == "ben"
    assert ben.recall("a wild cat") == []
    with pytest.raises(RecordNotFoundError):
        ben.get("cat of ana")
    with pytest.raises(MediaNotFoundError):
        ben.open_medium(record.media[0])
    assert ben.forget("cat of ana") == 0
    assert ana.get("cat of ana") == record


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda memory: memory.recall(""), QueryError),
        (lambda memory: memory.recall(np.zeros(4)), QueryError),
        (lambda memory: memory.recall("a", like="b"), QueryError),
        (lambda memory: memory.recall(["a", "b"], weights=[1]), QueryError),
        (lambda memory: memory.recall("a", since=datetime(2026, 1, 1)), FilterError),
        (lambda memory: memory.remember("a picture"), ArgumentTypeError),
        (lambda memory: memory.remember(text="a", vectors={}), MemoryAccessError),
        (lambda memory: memory.remember(text="a", tags="holiday"), RecordError),
        (lambda memory: memory.remember(text="a", at=datetime(2026, 1, 1)), RecordError),
        (lambda memory: memory.remember(text="a", metadata={"n": float("nan")}), RecordError),
        (lambda memory: memory.remember(text="a", metadata={"n": object()}), RecordError),
        (lambda memory: memory.remember(text="a", place="48, 11"), RecordError),
        (lambda memory: memory.remember(Video(FRAMES, fps=8)), RecordError),
        (lambda memory: memory.update("a", tags="beach"), RecordError),
        (lambda memory: memory.recall("a", limit=0), QueryError),
        (lambda memory: memory.recall("a", modalities="image"), QueryError),
        (lambda memory: memory.recall("a", modalities=["smell"]), UnsupportedModalityError),
        (lambda memory: memory.recall("a", ranking="best"), QueryError),
        (lambda memory: memory.backend, MemoryAccessError),
        (lambda memory: memory.encoder, MemoryAccessError),
        (lambda memory: memory.for_owner("ben"), MemoryAccessError),
        (lambda memory: memory.export("x"), MemoryAccessError),
        (lambda memory: memory.stream("imu", rate=50, unit="m/s^2"), MemoryAccessError),
        (lambda memory: memory.forget("x", purge=True), MemoryAccessError),
    ],
)
def test_what_cannot_be_is_refused(ana: RemoteMemory, call: Any, error: type[Exception]) -> None:
    """By an error of the class that it has here, or by one that says where to call it."""
    with pytest.raises(error):
        call(ana)


def test_files_keep_their_names(ana: RemoteMemory, tmp_path: Path) -> None:
    """Not their folders, which are of this machine; samples have that of their modality."""
    path = tmp_path / "sunny day.jpg"
    path.write_bytes((FOLDER / "photo_sunflower.jpg").read_bytes())
    [medium] = ana.get(ana.remember(Image(path)).id).media
    assert medium.uri == "sunny%20day.jpg"
    [medium] = ana.get(ana.remember(Image(FRAMES[0])).id).media
    assert medium.uri == "image.png"
    [medium] = ana.get(ana.remember(Image(FRAMES[1], uri="camera:3")).id).media
    assert medium.uri == "camera:3"


def test_a_closed_memory_says_so(opened: Opened) -> None:
    """As one of this machine does."""
    memory = opened("ana")
    memory.close()
    memory.close()
    with pytest.raises(StoreClosedError, match="open it again"):
        memory.recall("a dog")


def test_asynchronous_programs_use_it(ana: RemoteMemory) -> None:
    """`AsyncMemory` wraps it like any other."""

    async def ask() -> int:
        memory = AsyncMemory(ana)
        await memory.remember(text="the kettle whistles", tags=["async"])
        return len(await memory.recall("a kettle", tags=["async"]))

    assert asyncio.run(ask()) == 1


def test_it_is_pickled_as_its_address(ana: RemoteMemory) -> None:
    """Another process opens it when it is used; the token is not shown."""
    again = pickle.loads(pickle.dumps(ana))
    assert repr(again) == "Memory('sensorium+http://127.0.0.1:8000', owner='ana')"
    again.close()


@pytest.mark.parametrize(
    "address", ["sensorium+https://me:secret@host", "sensorium+https://", "sensorium+http://h?a=1"]
)
def test_wrong_addresses_are_told(address: str) -> None:
    """And a password in one is not repeated."""
    with pytest.raises(MemoryAccessError, match="token") as caught:
        Memory.open(address, token="0123456789abcdef")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "place", ["sensorium+127.0.0.1:8000", "sensorium+/tmp/x", "sensorium+ftp://h"]
)
def test_an_address_without_http_is_no_folder(place: str) -> None:
    """A slip of the pen begins no empty memory."""
    with pytest.raises(StoreFormatError, match="sensorium\\+https://host"):
        Memory.open(place, owner="ana")


@pytest.mark.parametrize("place", [":memory:", "http://127.0.0.1:9"])
def test_a_token_is_for_a_sensorium_server(place: str) -> None:
    """Elsewhere it would open nothing, and nobody would know."""
    with pytest.raises(StoreFormatError, match="token"):
        Memory.open(place, owner="ana", token="0123456789abcdef")


@pytest.mark.parametrize(
    ("option", "value"),
    [("encoder", "imagebind-huge"), ("media", "/tmp/media"), ("read_only", True)],
)
def test_what_the_server_decides_is_refused(option: str, value: Any) -> None:
    """An option that would mean nothing is not passed over in silence."""
    with pytest.raises(MemoryAccessError, match=f"{option}="):
        Memory.open("sensorium+http://127.0.0.1:9", token="t" * 16, **{option: value})
