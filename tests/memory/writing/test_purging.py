"""Forgetting for good: no byte of what was forgotten is left, and all else is as it was."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
from collections import namedtuple
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from tests.support.memories import ENCODER, everything, files, found
from tests.support.planted import D, House, motion, picture, sound
from tests.support.traces import find_traces, id_traces, text_traces, vector_traces

from sensorium.encoders import normalise
from sensorium.errors import QueryError, StoreFullError
from sensorium.memory import AsyncMemory, Memory, Moment, PurgeReceipt
from sensorium.memory.layout.ids import point_id
from sensorium.memory.media.store import COUNT
from sensorium.percepts import Image
from sensorium.qdrant import CollectionSchema

OLD = datetime(2001, 1, 1, tzinfo=timezone.utc)


class Secret:
    """A record of random texts, vectors and a picture, and the traces that it could leave."""

    def __init__(self, owner: str) -> None:
        names = ("text", "tag", "key", "value", "source", "id", "uri")
        self.words = {name: f"x{secrets.token_hex(12)}" for name in names}
        self.rows = normalise(np.random.default_rng().normal(size=(3, D)))
        self.pixels = np.random.default_rng().integers(0, 255, (24, 24, 3)).astype(np.uint8)
        self.point = point_id(owner, self.words["id"])

    def keep(self, memory: Memory) -> None:
        words = self.words
        image = Image(self.pixels, uri=f"file:///{words['uri']}.png")
        memory.remember(
            image,
            text=words["text"],
            tags=[words["tag"]],
            metadata={words["key"]: words["value"]},
            source=words["source"],
            id=words["id"],
            vectors={"image": self.rows[:1], "audio": self.rows[1:]},
        )
        [file] = (medium.file for medium in memory.get(words["id"]).media if medium.file)
        self.file = file
        assert memory._shelf.media is not None
        self.content = memory._shelf.media.read(file)

    def traces(self) -> dict[str, list[bytes]]:
        traces = {name: text_traces(word) for name, word in self.words.items()}
        traces |= {f"row {n}": vector_traces(row) for n, row in enumerate(self.rows)}
        # PNG ends with a frame that all pictures share
        traces["picture"] = [self.content[at : at + 16] for at in range(48, 256, 16)]
        traces |= {"file": [self.file.encode()], "point": id_traces(self.point)}
        return traces


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "memory"


def opened(folder: Path, owner: str = "rex") -> Memory:
    return Memory.open(folder, owner=owner, encoder=ENCODER)


@pytest.mark.slow
@pytest.mark.parametrize("quantization", [None, "int8"])
def test_no_byte_is_left(folder: Path, quantization: str | None) -> None:
    """Of two owners' secrets one is purged: none of its traces is left, the other is as it was."""
    schema = CollectionSchema.for_space(ENCODER.space, quantization=quantization)  # type: ignore[arg-type] # one of its names
    Memory.open(folder, owner="rex", encoder=ENCODER, schema=schema).close()
    mine, other, theirs = Secret("rex"), Secret("rex"), Secret("max")
    with opened(folder) as memory, memory.for_owner("max") as neighbour:
        for seed in range(30):
            memory.remember(text=f"filler {seed}")
        mine.keep(memory)
        other.keep(memory)
        theirs.keep(neighbour)
        memory.recall("filler")  # draws the sample of vectors
        neighbour.recall("filler")
        memory.flush()
        assert find_traces(folder, mine.traces()).keys() == mine.traces().keys()
        before = [everything(memory), everything(neighbour)]
        sample = list((folder / "calibration").iterdir())
        receipt = memory.forget(mine.words["id"], purge=True)
        assert not find_traces(folder, mine.traces())
        kept = [point for point in before[0] if point["id"] != mine.words["id"]]
        assert [everything(memory), everything(neighbour)] == [kept, before[1]]
        assert {*files(memory), *files(neighbour)} == {other.file, theirs.file}
    assert not find_traces(folder, mine.traces())
    assert find_traces(folder, other.traces()).keys() == other.traces().keys()
    assert len(sample) == len(list((folder / "calibration").glob("*.npz"))) + 1
    assert (receipt.records, receipt.points, receipt.media_files) == (1, 1, 1)
    assert (receipt.ids, receipt.media) == ((mine.words["id"],), (mine.file,))
    with opened(folder) as memory:
        assert memory.count() == 31
        assert found(memory, "filler 7", keywords="7")


def test_the_receipt_says_what_and_what_not(memory: Memory) -> None:
    """It is JSON, counts what went, tells the time, and has doubts on every store."""
    long = memory.remember(sound("a|b"), text="gone")
    before = datetime.now(timezone.utc)
    receipt = memory.forget(long.id, purge=True)
    assert isinstance(receipt, PurgeReceipt)
    assert receipt.ids == (long.id,)
    assert len(receipt.digests) == 2
    assert (receipt.owner, receipt.records, receipt.media_in_use) == (memory.owner, 1, ())
    assert receipt.media[0][:64].isalnum()
    assert before <= receipt.at <= datetime.now(timezone.utc)
    assert receipt.bytes > 0
    assert receipt.done
    assert len(receipt.not_promised) >= 3
    told = json.loads(json.dumps(receipt.to_dict()))
    assert datetime.fromisoformat(told["at"]) == receipt.at
    assert (told["ids"], told["records"]) == ([long.id], 1)


def test_every_way_to_choose_is_purged(memory: Memory) -> None:
    """Ids, filters, ages and everything choose the same records as without a purge."""
    ids = [memory.remember(text=f"n{n}", tags=["x"][n % 2 :], at=OLD).id for n in range(4)]
    young = memory.remember(text="young")
    assert memory.forget(ids[0], "absent", purge=True).ids == (ids[0],)
    assert memory.forget(tags=["x"], purge=True).ids == (ids[2],)
    assert memory.forget(ids[1], tags=["x"], purge=True).ids == ()
    assert set(memory.forget(older_than=timedelta(days=1), purge=True).ids) == {ids[1], ids[3]}
    assert memory.forget(purge=True).records == 0
    assert memory.count() == 1
    assert memory.forget(everything=True, purge=True).ids == (young.id,)
    assert memory.count() == 0


def test_without_a_purge_a_number_comes_back(memory: Memory) -> None:
    """The result stays what it was, and naming nothing stays an error."""
    one = memory.remember(text="one")
    assert memory.forget(one.id) == 1
    assert memory.forget(one.id, purge=False) == 0
    with pytest.raises(QueryError):
        memory.forget()


def test_parts_go_with_their_record(memory: Memory) -> None:
    """A record of several points is counted as one, and none of its points stays."""
    long = memory.remember(sound("|".join(f"w{n}" for n in range(1100))))
    receipt = memory.forget(long.id, purge=True)
    assert (receipt.records, receipt.points) == (1, 2)
    assert everything(memory) == []


def test_a_file_of_two_records_stays_and_is_named(memory: Memory) -> None:
    """What another record still names is kept, and the receipt says so."""
    first = memory.remember(picture("dog"), id="first")
    memory.remember(picture("dog"), id="second")
    receipt = memory.forget(first.id, purge=True)
    [name] = files(memory)
    assert receipt.media_in_use == receipt.media == (name,)
    assert receipt.media_files == 0
    assert memory.forget("second", purge=True).media_in_use == ()
    assert files(memory) == set()


def test_media_alone_are_purged(memory: Memory) -> None:
    """The signals go, the vectors stay."""
    kept = memory.remember(picture("dog"), text="a dog")
    receipt = memory.forget(kept.id, media_only=True, purge=True)
    assert (receipt.ids, receipt.points, receipt.media_files) == ((kept.id,), 0, 1)
    assert files(memory) == set()
    assert found(memory, "dog") == kept.id
    assert all(medium.file is None for medium in memory.get(kept.id).media)


def test_a_purge_finishes_what_was_cut_short(folder: Path) -> None:
    """Files and parts that a death left between two steps go, though no record names them."""
    with opened(folder) as memory:
        memory.remember(picture("stays"))
        memory.remember(picture("goes"), id="goes")
        [gone] = (medium.file for medium in memory.get("goes").media)
        assert gone is not None
        memory._editor.forget(
            memory._editor.condition(["goes"], None, None, everything=False), gone=id
        )
        [stays] = files(memory) - {gone}
    [media] = (folder / "media").iterdir()
    (media / "part-0123").write_bytes(b"half a picture")
    (media / "ff").mkdir(exist_ok=True)
    (folder / "calibration").mkdir(exist_ok=True)
    with opened(folder) as memory:
        receipt = memory.forget("goes", purge=True)
        assert (receipt.records, receipt.media_files) == (0, 2)
        assert files(memory) == {stays}
    left = {path.relative_to(media).as_posix() for path in media.rglob("*")}
    assert left == {COUNT, stays[:2], f"{stays[:2]}/{stays}"}


def test_files_of_an_earlier_opening_go_as_well(folder: Path) -> None:
    """A memory that keeps no media purges those that the folder has."""
    with opened(folder) as memory:
        memory.remember(picture("dog"), id="dog")
    with Memory.open(folder, owner="rex", encoder=ENCODER, keep_media=False) as memory:
        assert memory.forget("dog", purge=True).media_files == 1
    assert not list((folder / "media").rglob("*.png"))


def test_statistics_of_streams_go_with_everything(folder: Path) -> None:
    """They stay with a word about it while records stay, and go when all is forgotten."""
    with opened(folder) as memory:
        statistics = memory._shelf.place.streams_folder("rex")
        assert statistics is not None
        (statistics / "imu.json").write_text("{}")
        kept = memory.forget(tags=["none"], purge=True)
        assert "mean and the spread" in " ".join(kept.not_promised)
        gone = memory.forget(everything=True, purge=True)
        assert "mean and the spread" not in " ".join(gone.not_promised)
    assert not list((folder / "streams").rglob("*.json"))


def test_a_full_disk_is_said_before_anything_is_forgotten(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without room for a second copy nothing is removed."""
    with opened(folder) as memory:
        memory.remember(text="one", id="one")
        usage = namedtuple("usage", "total used free")
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, 2**20))
        with pytest.raises(StoreFullError, match="second time"):
            memory.forget("one", purge=True)
        monkeypatch.undo()
        assert memory.get("one").text == "one"


def test_a_write_of_another_thread_keeps_its_file(folder: Path) -> None:
    """A file that a call has kept and not yet written down is no leftover."""
    with opened(folder) as memory:
        media = memory._shelf.media
        assert media is not None
        in_use: list[str] = []
        busy = media.put(b"a film", extension="bin", in_use=in_use)
        loose = media.put(b"an import", extension="bin")
        memory.forget(purge=True)
        assert files(memory) == {busy, loose}
        media.release(in_use)
        memory.forget(purge=True)
        assert files(memory) == {loose}


def test_progress_counts_what_stays(memory: Memory) -> None:
    """A store that copies says how far it is; others say nothing."""
    memory.remember_many([Moment(text=f"n{n}") for n in range(5)])
    steps: list[tuple[int, int | None]] = []
    memory.forget(purge=True, progress=lambda done, of: steps.append((done, of)))
    if memory.backend.stats()["kind"] == "edge":
        assert steps[-1][0] == steps[-1][1]
        assert steps[-1][0] >= 5


def test_the_asynchronous_face_purges(folder: Path) -> None:
    """It returns the same receipt, and a number otherwise."""

    async def run() -> tuple[int, tuple[str, ...]]:
        async with AsyncMemory.open(folder, owner="rex", encoder=ENCODER) as memory:
            first = await memory.remember(text="one")
            second = await memory.remember(motion("two"))
            count = await memory.forget(first.id)
            receipt = await memory.forget(second.id, purge=True)
            return count, (*receipt.ids, second.id)

    count, (purged, second) = asyncio.run(run())
    assert (count, purged) == (1, second)


def test_other_owners_go_on_in_the_same_store(home: House) -> None:
    """Memories that share the store are read and written after a purge as before it."""
    mine, theirs = (home.memory(f"owner {secrets.token_hex(4)}", ENCODER) for _ in range(2))
    gone = mine.remember(text="gone")
    kept = theirs.remember(picture("kept"))
    before = everything(theirs)
    mine.forget(gone.id, purge=True)
    assert everything(theirs) == before
    theirs.remember(text="new words")
    assert theirs.count() == 2
    assert found(theirs, "kept", modalities=["image"]) == kept.id
