"""A backup is the whole folder as it was at one moment, and comes back whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qdrant_client import QdrantClient
from tests.support.planted import PlantedEncoder, sound

from sensorium.errors import (
    OperationCancelledError,
    SensoriumError,
    StoreError,
    StoreFormatError,
    StoreFullError,
)
from sensorium.memory import AsyncMemory, Memory
from sensorium.memory.moving import archive, backing_up, restore
from sensorium.percepts import Audio

NOTES = 20
KILLED = """
import os, signal, sys
from tests.support.planted import PlantedEncoder
from sensorium.memory import Memory
from sensorium.memory.moving import archive, restore
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
what, source, target = sys.argv[1:]
if what == "backup":
    with Memory.open(source, owner="rex", encoder=PlantedEncoder()) as memory:
        archive.ArchiveWriter.finish = die
        memory.backup(target)
else:
    os.fsync = die
    restore(source, target)
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "memory"


@pytest.fixture
def memory(place: Path) -> Iterator[Memory]:
    with Memory.open(place, owner="rex", encoder=PlantedEncoder()) as opened:
        for number in range(NOTES):
            opened.remember(text=f"note {number}")
        opened.remember(sound("bark"), text="a dog")
        with opened.for_owner("fido") as other:
            other.remember(text="a cat")
        yield opened


@pytest.fixture
def backup(memory: Memory, tmp_path: Path) -> Path:
    memory.backup(tmp_path / "saved.backup")
    return tmp_path / "saved.backup"


def reopened(folder: Path, owner: str = "rex") -> Memory:
    return Memory.open(folder, owner=owner, encoder=PlantedEncoder())


def test_all_owners_and_their_media_come_back(memory: Memory, backup: Path, tmp_path: Path) -> None:
    """Records with their times and signals, and what was remembered since does not."""
    before = memory.timeline(limit=100).records
    memory.remember(text="later")
    done = restore(backup, tmp_path / "new")
    assert (done.place, done.media_files) == (tmp_path / "new", 1)
    with reopened(tmp_path / "new") as again:
        assert again.timeline(limit=100).records == before
        best = again.recall("bark", limit=1)[0]
        [_, heard] = again.percepts(best)
        assert isinstance(heard, Audio)
        with again.for_owner("fido") as other:
            assert [record.text for record in other.timeline().records] == ["a cat"]


def test_it_is_small_and_so_is_what_comes_back(backup: Path, tmp_path: Path) -> None:
    """Edge's files have holes, which are neither kept nor filled."""
    restore(backup, tmp_path / "new")
    files = [path.stat() for path in (tmp_path / "new").rglob("*") if path.is_file()]
    assert sum(each.st_size for each in files) > 50e6
    assert backup.stat().st_size < 1e6
    if sys.platform == "linux":
        assert sum(each.st_blocks * 512 for each in files) < 10e6


def test_a_writer_is_not_cut_in_two(memory: Memory, place: Path, tmp_path: Path) -> None:
    """While threads and another opener write, a backup holds a beginning of what each wrote."""
    stop = threading.Event()

    def write(name: str) -> None:
        with reopened(place, name) as own:
            number = 0
            while not stop.is_set():
                own.remember(text=f"{name} {number}", id=str(number))
                number += 1

    threads = [threading.Thread(target=write, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    try:
        memory.backup(tmp_path / "saved")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    restore(tmp_path / "saved", tmp_path / "new")
    for name in ("a", "b"):
        with reopened(tmp_path / "new", name) as own:
            ids = sorted(int(record.id) for record in own.timeline(limit=1000).records)
            assert ids == list(range(len(ids)))
    assert not [path for path in place.iterdir() if path.name.startswith("shard-")]


@pytest.mark.slow
def test_a_memory_that_another_process_holds_is_backed_up(place: Path, tmp_path: Path) -> None:
    """And so is one that is only read."""
    child = (
        "import sys; from sensorium.memory import Memory; "
        "from tests.support.planted import PlantedEncoder; "
        "m = Memory.open(sys.argv[1], owner='rex', encoder=PlantedEncoder()); "
        "m.remember(text='held'); print('ready', flush=True); sys.stdin.read(); m.close()"
    )
    command = [sys.executable, "-c", child, str(place)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n"
        with reopened(place) as memory:
            memory.backup(tmp_path / "saved")
        holder.communicate()
    reading = Memory.open(place, owner="rex", encoder=PlantedEncoder(), read_only=True)
    with reading:
        reading.backup(tmp_path / "read")
    for name in ("saved", "read"):
        restore(tmp_path / name, tmp_path / f"new {name}")
        with reopened(tmp_path / f"new {name}") as again:
            assert [record.text for record in again.timeline().records] == ["held"]


def test_the_encoder_plays_no_part(backup: Path, tmp_path: Path) -> None:
    """A folder of another space is restored; it opens with its own encoder."""
    restore(backup, tmp_path / "new")
    description = json.loads((tmp_path / "new" / "sensorium.json").read_text())
    assert description["space"]["model"] == PlantedEncoder().space.model


def test_media_that_are_kept_elsewhere_come_with_it(tmp_path: Path) -> None:
    """And lie within the restored folder."""
    with Memory.open(
        tmp_path / "m", owner="rex", encoder=PlantedEncoder(), media=tmp_path / "other disk"
    ) as memory:
        memory.remember(sound("bark"))
        assert memory.backup(tmp_path / "saved").media_files == 1
    restore(tmp_path / "saved", tmp_path / "new")
    with reopened(tmp_path / "new") as again:
        assert again.verify().files == 1


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("what", ["backup", "restore"])
def test_a_death_half_way_leaves_nothing_half(
    memory: Memory, backup: Path, place: Path, tmp_path: Path, what: str
) -> None:
    """The target is as before; the next call removes what the killed one left beside it."""
    memory.close()
    target = tmp_path / "target"
    source = place if what == "backup" else backup
    command = [sys.executable, "-c", KILLED, what, str(source), str(target)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert not target.exists()
    if what == "backup":
        with reopened(place) as again:
            assert again.count() == NOTES + 1
            again.backup(target)
        assert not [path for path in place.iterdir() if path.name.startswith("shard-")]
    else:
        restore(backup, target)
    assert not list(tmp_path.glob(".target.*"))


def rewritten(
    backup: Path, change: Callable[[dict[str, Any]], None], content: bytes | None = None
) -> Path:
    """Return another backup with another manifest, and perhaps another content of the last file."""
    changed = backup.with_name("changed")
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(changed, "w") as new:
        manifest = json.loads(old.read("manifest.json"))
        change(manifest)
        last = "memory/" + "".join(each["name"] for each in manifest["files"][-1:])
        for name in old.namelist():
            if name not in ("manifest.json", last):
                new.writestr(name, old.read(name))
        if last in old.namelist() or content is not None:
            new.writestr(last, old.read(last) if content is None else content)
        new.writestr("manifest.json", json.dumps(manifest))
    return changed


def last(change: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    return lambda manifest: manifest["files"][-1].update(change)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["../out", "/tmp/out", "a/../../out", "C:\\out", "a//b", "..", "a/./b", "shard\n", ""]
)
def test_a_name_that_leads_out_is_refused(backup: Path, tmp_path: Path, name: str) -> None:
    """Whoever made the file: nothing is written anywhere."""
    hostile = rewritten(backup, last({"name": name}), b"x")
    before = sorted(tmp_path.parent.rglob("out"))
    with pytest.raises(StoreFormatError, match="backup"):
        restore(hostile, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert sorted(tmp_path.parent.rglob("out")) == before
    assert not list(tmp_path.glob(".new.*"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        last({"sha256": "0" * 64}),
        last({"size": 0}),
        last({"parts": [[0, 10**9]], "size": 10**9}),
        last({"parts": [[5, 1], [0, 1]]}),
        last({"size": 2**60}),
        lambda manifest: manifest.update(version=7),
        lambda manifest: manifest.update(files=[]),
        lambda manifest: manifest["files"].append(manifest["files"][0]),
        lambda manifest: manifest["files"].append({**manifest["files"][0], "name": "absent"}),
    ],
)
def test_what_is_damaged_is_refused(
    backup: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    """Before, or while, it is unpacked; nothing is left."""
    with pytest.raises((StoreFormatError, StoreFullError)):
        restore(rewritten(backup, change), tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".new.*"))


def test_every_byte_counts(backup: Path, tmp_path: Path) -> None:
    """A file with one changed byte is refused, or gives the same memory: never another."""
    content, draw = backup.read_bytes(), np.random.default_rng(0)
    for where in draw.integers(len(content), size=12):
        damaged = bytearray(content)
        damaged[where] ^= 0x40
        (tmp_path / "damaged").write_bytes(damaged)
        try:
            restore(tmp_path / "damaged", tmp_path / f"new {where}")
        except SensoriumError:
            assert not (tmp_path / f"new {where}").exists()
            continue
        with reopened(tmp_path / f"new {where}") as again:
            assert again.count() == NOTES + 1


def test_what_is_there_stays(memory: Memory, backup: Path, tmp_path: Path) -> None:
    """A file that is no backup, and a folder with something in it; a backup is replaced."""
    (tmp_path / "photo.jpg").write_bytes(b"a picture")
    with pytest.raises(StoreFormatError, match="is no backup"):
        memory.backup(tmp_path / "photo.jpg")
    assert (tmp_path / "photo.jpg").read_bytes() == b"a picture"
    with pytest.raises(StoreFormatError, match="not empty"):
        restore(backup, tmp_path)
    with pytest.raises(StoreFormatError):
        restore(tmp_path / "photo.jpg", tmp_path / "new")
    memory.remember(text="later")
    memory.backup(backup)
    restore(backup, tmp_path / "new")
    with reopened(tmp_path / "new") as again:
        assert again.count() == NOTES + 2


def test_a_call_that_is_given_up_leaves_nothing(
    memory: Memory, backup: Path, place: Path, tmp_path: Path
) -> None:
    """Neither a file nor a copy in the memory's folder."""
    stop = threading.Event()
    stop.set()
    with pytest.raises(OperationCancelledError):
        memory.backup(tmp_path / "new", cancel=stop)
    assert not list(tmp_path.glob("*new*"))
    assert not [path for path in place.iterdir() if path.name.startswith("shard-")]


def test_a_full_disk_is_told_before_anything_is_written(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the room that is needed."""
    monkeypatch.setattr(backing_up, "RESERVE", 2**60)
    with pytest.raises(StoreFullError, match="nothing was written"):
        restore(backup, tmp_path / "new")
    assert not list(tmp_path.glob("*new*"))


def test_a_memory_on_a_server_has_no_folder(tmp_path: Path) -> None:
    """The error names what to use."""
    client = QdrantClient(":memory:")
    with (
        Memory.open(client, owner="rex", encoder=PlantedEncoder(), keep_media=False) as memory,
        pytest.raises(StoreError, match="server's own snapshots"),
    ):
        memory.backup(tmp_path / "saved")


async def test_an_asynchronous_memory_has_the_same(place: Path, tmp_path: Path) -> None:
    """It is written in a thread."""
    async with await AsyncMemory.open(place, owner="rex", encoder=PlantedEncoder()) as memory:
        await memory.remember(text="a note")
        assert (await memory.backup(tmp_path / "saved")).files > 0


def test_names_of_files_are_plain() -> None:
    """What a memory's folder holds, and nothing that leads elsewhere."""
    for name in ("sensorium.json", "shard/wal/open-1", "media/0a/ab/cd.jpg", "a..b/c"):
        assert archive.NAME.fullmatch(name), name
