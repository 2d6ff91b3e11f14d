"""A memory that is only read: nothing of its place is touched, and every change is refused."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from qdrant_client import QdrantClient
from tests.support.planted import PlantedEncoder, picture, sound

from sensorium.errors import (
    ReadOnlyError,
    SpaceMismatchError,
    StoreClosedError,
    StoreFormatError,
    StoreFullError,
    StoreLockedError,
)
from sensorium.memory import Memory
from sensorium.qdrant import CollectionSchema
from sensorium.qdrant.edge import copying
from sensorium.qdrant.edge.folder import write_description

ENCODER = PlantedEncoder()


class Deaf(PlantedEncoder):
    """Encodes nothing."""

    def try_encode(self, percepts: Any, **options: Any) -> Any:
        raise AssertionError("something was encoded")


def opened(place: Path | QdrantClient, **options: Any) -> Memory:
    return Memory.open(place, owner="rex", encoder=options.pop("encoder", ENCODER), **options)


def read(place: Path | QdrantClient, **options: Any) -> Memory:
    return opened(place, read_only=True, **options)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A memory with a file of every kind that a memory has."""
    folder = tmp_path_factory.mktemp("made") / "memory"
    with opened(folder) as memory:
        memory.remember(picture("dog"), text="a dog", id="dog", tags=["pet"])
        memory.remember(sound("bell"), id="bell")
        memory.recall("dog")
        memory._shelf.place.streams_folder("rex")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "memory"))


@pytest.fixture(scope="module")
def export(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("export") / "out"
    with read(made) as memory:
        memory.export(directory)
    return directory


def state(folder: Path) -> dict[str, object]:
    """Everything about a folder that a touch of it changes."""
    found: dict[str, object] = {}
    for path in [folder, *folder.rglob("*")]:
        status = path.lstat()
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
        kind = (status.st_mode, status.st_nlink, status.st_size, status.st_ino)
        times = (status.st_mtime_ns, status.st_ctime_ns)
        found[str(path)] = (*kind, *times, digest)
    return found


def used(memory: Memory, export: Path) -> None:
    """Everything that reads works, as in the memory that was opened to write."""
    assert memory.recall("bell", limit=1)[0].record.id == "bell"
    assert memory.get("dog").tags == ("pet",)
    assert [record.id for record in memory.get_many(["dog", "absent"])] == ["dog"]
    assert {record.id for record in memory.timeline()} == {"dog", "bell"}
    assert memory.count(tags=["pet"]) == 1
    assert memory.tally("tags") == {"pet": 1}
    assert memory.stats()["records"] == 2
    assert memory.verify().damaged == {}
    dog = memory.get("dog")
    assert {percept.modality for percept in memory.percepts(dog)} >= {"image"}
    for medium in dog.media:
        if medium.file:
            assert memory.open_medium(medium).modality == medium.modality
    assert memory.export(export).records == 2
    with memory.for_owner("max") as other:
        assert other.count() == 0
        with pytest.raises(ReadOnlyError):
            other.remember(text="a cat")
    memory.flush()


@pytest.mark.slow
def test_reading_leaves_a_folder_as_it_was(folder: Path, tmp_path: Path) -> None:
    """No file is made, locked, touched or changed, nor does a temporary copy stay."""
    before = state(folder)
    with read(folder) as memory:
        copy = Path(memory._shelf.place.scratch.shard)  # type: ignore[union-attr]  # it has one
        used(memory, tmp_path / "out")
        assert memory.stats()["store"]["place"] == str(folder)
        assert str(folder) in repr(memory)
    memory.close()
    assert state(folder) == before
    assert not copy.exists()


@pytest.mark.slow
def test_a_closed_reader_names_the_folder(folder: Path) -> None:
    """The place of its temporary copy is nobody's business."""
    memory = read(folder)
    memory.close()
    memory.close()
    for call in (memory.count, memory.timeline, memory.stats, lambda: memory.recall("dog")):
        with pytest.raises(StoreClosedError, match=re.escape(repr(str(folder)))):
            call()


@pytest.mark.slow
def test_a_reader_keeps_no_writer_out(folder: Path) -> None:
    """While a memory is read, it can be opened to write."""
    with read(folder) as reader, opened(folder) as writer:
        writer.forget("dog")
        assert reader.get("dog").tags == ("pet",)


@pytest.mark.slow
def test_what_is_read_is_the_state_at_opening(folder: Path) -> None:
    """A writer of this process goes on; what it writes is found by the next opening."""
    with opened(folder) as writer:
        writer.remember(text="a cat", id="cat")
        with read(folder) as reader:
            writer.remember(text="a cow", id="cow")
            assert {record.id for record in reader.timeline()} == {"dog", "bell", "cat"}
        with read(folder) as reader:
            assert reader.count() == 4


WRITING: dict[str, Callable[[Memory, Path], object]] = {
    "remember": lambda memory, _: memory.remember(text="a cat"),
    "remember_many": lambda memory, _: memory.remember_many([]),
    "update": lambda memory, _: memory.update("dog", picture("cat")),
    "update of tags": lambda memory, _: memory.update("dog", tags=[]),
    "forget": lambda memory, _: memory.forget("absent"),
    "forget everything": lambda memory, _: memory.forget(everything=True),
    "forget media": lambda memory, _: memory.forget("dog", media_only=True),
    "purge": lambda memory, _: memory.forget(purge=True),
    "sweep": lambda memory, _: memory.sweep(),
    "stream": lambda memory, _: memory.stream("imu", rate=100),
    "import_": lambda memory, export: memory.import_(export),
    "reembed": lambda memory, _: memory.reembed(Deaf(model="another")),
    "compact": lambda memory, _: memory.compact(),
}


@pytest.fixture(scope="module", params=["folder", "client"])
def reader(request: pytest.FixtureRequest, made: Path) -> Iterator[Memory]:
    """A memory to read whose encoder must not be used, in a folder and by a client."""
    if request.param == "folder":
        with read(made, encoder=Deaf()) as memory:
            yield memory
        return
    with closing(QdrantClient(":memory:")) as client:
        with opened(client, media=made / "media") as memory:
            memory.import_(request.getfixturevalue("export"))
        with read(client, media=made / "media", encoder=Deaf()) as memory:
            yield memory


@pytest.mark.parametrize("call", WRITING)
def test_every_change_is_refused_at_once(reader: Memory, export: Path, call: str) -> None:
    """Before anything is encoded, and though there is nothing to do; nothing changes."""
    before = reader.stats()
    with pytest.raises(ReadOnlyError, match="read only") as caught:
        WRITING[call](reader, export)
    assert isinstance(caught.value, PermissionError)
    assert reader.stats() == before


def test_the_stores_themselves_refuse(reader: Memory) -> None:
    """What goes past the methods of a memory is refused as well, other owners' media too."""
    [name] = [each.file for each in reader.get("dog").media if each.file]
    for owner in ("rex", "max"):
        media = reader._shelf.media
        assert media is not None
        media = media.for_owner(owner)
        changes: list[Callable[[], object]] = [
            partial(media.put, b"x", extension="png"),
            partial(media.remove, [name]),
            partial(media.drop, [name]),
            partial(media.sweep, ()),
            partial(media.erase, ()),
        ]
        for change in changes:
            with pytest.raises(ReadOnlyError):
                change()
    with pytest.raises(ReadOnlyError):
        reader.backend.add_modality("smell")
    with pytest.raises(ReadOnlyError):
        reader.backend.upsert([])


@pytest.mark.slow
def test_it_is_promoted_out(made: Path, tmp_path: Path) -> None:
    """Into a folder that can be written, with its media."""
    before = state(made)
    with read(made) as memory:
        done = memory.promote(tmp_path / "other")
    assert (done.copied, done.media_files) == (2, 2)
    assert state(made) == before


@pytest.mark.parametrize("kind", ["missing", "empty", "half begun", "file", ":memory:"])
def test_where_there_is_nothing_to_read_nothing_is_begun(tmp_path: Path, kind: str) -> None:
    """A clear error, and no new memory."""
    place = tmp_path / "memory"
    if kind == "file":
        place.write_text("x")
    elif kind != "missing":
        place.mkdir()
    if kind == "half begun":
        schema_of_a_beginning(place)
    before = state(tmp_path)
    with pytest.raises(StoreFormatError, match="remembered"):
        Memory.open(
            ":memory:" if kind == ":memory:" else place,
            owner="rex",
            encoder=ENCODER,
            read_only=True,
        )
    assert state(tmp_path) == before


def schema_of_a_beginning(folder: Path) -> None:
    """Leave what a death in the first opening leaves: a description without a shard."""
    schema = CollectionSchema.for_space(ENCODER.space, modalities=ENCODER.modalities)
    write_description(folder, schema, None)


def test_a_collection_is_read_as_it_is() -> None:
    """A missing one is not made, and modalities that it lacks are not added."""
    with closing(QdrantClient(":memory:")) as client:
        with pytest.raises(StoreFormatError, match="not there"):
            read(client)
        assert not client.get_collections().collections
        small = CollectionSchema.for_space(ENCODER.space, modalities=["text"])
        with opened(client, schema=small, keep_media=False) as memory:
            assert memory.backend.schema.modalities == ("text",)
        [name] = [each.name for each in client.get_collections().collections]
        before = client.get_collection(name)
        with read(client) as memory:
            assert memory.recall("dog") == []
        assert client.get_collection(name) == before


def test_another_encoder_is_told_of_the_folder(folder: Path) -> None:
    """The message names the place that was asked for, not a copy of it."""
    with pytest.raises(SpaceMismatchError, match=str(folder)):
        read(folder, encoder=PlantedEncoder(model="another"))


def test_no_room_for_the_copy_is_told_with_sizes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left of the copy."""
    monkeypatch.setattr(copying, "RESERVE", 2**62)
    with pytest.raises(StoreFullError, match="MiB free; needed"):
        read(folder)


@pytest.mark.slow
def test_a_folder_that_is_written_to_all_the_time_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a few tries, instead of a copy of several moments."""
    monkeypatch.setattr(copying, "PAUSE", 0.05)
    ended = threading.Event()
    with opened(folder) as writer:

        def write() -> None:
            while not ended.wait(0.001):
                writer.update("dog", tags=["pet"])

        thread = threading.Thread(target=write)
        thread.start()
        try:
            with pytest.raises(StoreLockedError, match="writing to"):
                read(folder)
        finally:
            ended.set()
            thread.join()


@pytest.fixture
def mounted(folder: Path, tmp_path: Path) -> Iterator[Path]:
    """The memory on a disk that is mounted to be read only."""
    mount = tmp_path / "mount"
    mount.mkdir()
    remount = ["mount", "-o", "remount,bind,ro", str(mount)]
    commands = [["mount", "--bind", str(folder), str(mount)], remount]
    if not shutil.which("mount") or os.geteuid() != 0:
        pytest.skip("only root can mount a disk to be read only")
    for command in commands:
        if subprocess.run(command, check=False, capture_output=True).returncode:
            subprocess.run(["umount", mount], check=False, capture_output=True)
            pytest.skip("this machine lets nobody mount")
    yield mount
    subprocess.run(["umount", mount], check=True)


@pytest.mark.slow
def test_a_read_only_disk_is_read(mounted: Path, tmp_path: Path) -> None:
    """Opened to write, the error proposes to read; opened to be read, it works."""
    with pytest.raises(ReadOnlyError, match="read_only=True"):
        opened(mounted)
    with read(mounted) as memory:
        used(memory, tmp_path / "out")


def test_a_folder_that_cannot_be_written_proposes_to_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error stays the builtin that the system raises."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    folder.chmod(0o500)
    try:
        with pytest.raises(PermissionError, match="read_only=True"):
            opened(folder)
        with read(folder) as memory:
            assert memory.count() == 2
    finally:
        folder.chmod(0o700)
