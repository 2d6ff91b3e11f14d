"""A memory without a place leaves nothing behind, and is in memory only where there is room."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.support.planted import PlantedEncoder, picture

from sensorium.errors import SensoriumError
from sensorium.memory import Memory
from sensorium.memory import place as place_module
from sensorium.memory.place import LEAST_ROOM, Scratch
from sensorium.memory.temporary_folders import ALIVE, _remove_folder
from sensorium.qdrant.file_locks import FileLock


@pytest.fixture
def in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in the place of the one in memory."""
    folder = tmp_path / "shm"
    folder.mkdir()
    monkeypatch.setattr(place_module, "IN_MEMORY", folder)
    yield folder
    assert list(folder.iterdir()) == []


def free(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=room))


def test_nothing_is_left(
    in_memory: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Vectors and media are gone when the memory is closed, and no late flush misses them."""
    free(monkeypatch, LEAST_ROOM)
    memory = Memory.open(":memory:", owner="rex", encoder=PlantedEncoder())
    memory.remember(picture("dog"))
    medium = memory.recall("dog")[0].medium
    assert medium is not None
    path = memory.open_medium(medium).source.path  # type: ignore[attr-defined]  # a file
    assert len(list(in_memory.iterdir())) == 1
    assert path.exists()
    memory.close()
    memory.close()
    time.sleep(1.2)  # when the timer would have flushed
    assert not path.exists()
    assert caplog.records == []


def test_a_flush_at_the_end_of_a_process_is_not_missed(
    in_memory: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The folder is removed at exit, while the timer may flush: nobody is told to report it."""
    free(monkeypatch, LEAST_ROOM)
    memory = Memory.open(":memory:", owner="rex", encoder=PlantedEncoder())
    memory.remember(picture("dog"))
    [folder] = in_memory.iterdir()
    _remove_folder(folder, FileLock(folder / ALIVE))  # as at exit, where nobody closes
    assert list(in_memory.iterdir()) == []
    time.sleep(1.2)  # when the timer flushes
    assert caplog.records == []
    with pytest.raises(SensoriumError, match="removed"):
        memory.close()


def test_two_are_apart(in_memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has its own folder, whatever the owner."""
    free(monkeypatch, LEAST_ROOM)
    with (
        Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as one,
        Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as other,
    ):
        one.remember(text="dog")
        assert (one.count(), other.count()) == (1, 0)


def test_without_room_it_is_on_disk(in_memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers have little memory for files: it is left to others."""
    free(monkeypatch, LEAST_ROOM - 1)
    folders = Scratch(keep_media=True)
    assert list(in_memory.iterdir()) == []
    assert folders.media is not None
    assert Path(folders.shard).parent.is_dir()
    folders.remove()
    assert not Path(folders.shard).parent.exists()
    assert not Path(folders.media).parent.exists()


@pytest.mark.slow
def test_what_killed_processes_left_is_removed(
    in_memory: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where nobody holds the lock any more; folders in use, young ones and others' stay."""
    free(monkeypatch, LEAST_ROOM)
    monkeypatch.setattr(place_module, "gettempdir", lambda: str(tmp_path))
    used = Scratch(keep_media=False)
    code = (
        "import os, signal; from pathlib import Path; from sensorium.memory import place\n"
        f"place.IN_MEMORY = Path({str(in_memory)!r})\n"
        "place.LEAST_ROOM = 0\n"
        f"os.environ['TMPDIR'] = {str(tmp_path)!r}\n"
        "folders = place.Scratch(keep_media=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    others = tmp_path / "sensorium-of-somebody-else"
    others.mkdir()
    left = [*in_memory.iterdir(), *tmp_path.glob("sensorium-*")]
    assert len(left) == 4
    Scratch(keep_media=False).remove()
    assert all(folder.exists() for folder in left)  # they are young
    for folder in left:
        if (folder / "alive").exists():
            os.utime(folder / "alive", (1e9, 1e9))
    Scratch(keep_media=False).remove()
    assert {folder for folder in left if folder.exists()} == {others, Path(used.shard).parent}
    used.remove()


@pytest.mark.parametrize("foreign", ["link", "pipe", "linked folder", "another user's"])
def test_what_others_made_is_not_touched(
    in_memory: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, foreign: str
) -> None:
    """Everybody may write where temporary folders lie: what a link names keeps its content."""
    free(monkeypatch, LEAST_ROOM)
    monkeypatch.setattr(place_module, "gettempdir", lambda: str(tmp_path))
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder = tmp_path / "sensorium-theirs"
    made = tmp_path / "elsewhere" if foreign == "linked folder" else folder
    made.mkdir()
    alive = made / "alive"
    if foreign == "link":
        alive.symlink_to(victim)
    elif foreign == "pipe":
        os.mkfifo(alive)
    else:
        alive.touch()
    if foreign == "linked folder":
        folder.symlink_to(made)
    if foreign == "another user's":
        monkeypatch.setattr(os, "getuid", lambda: folder.lstat().st_uid + 1)
    for path in (victim, alive):
        os.utime(path, (1e9, 1e9), follow_symlinks=False)
    Scratch(keep_media=False).remove()
    assert victim.read_text() == "precious"
    assert os.path.lexists(alive)


def test_a_refused_opening_leaves_nothing(in_memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong after the folder was made removes it."""
    free(monkeypatch, LEAST_ROOM)
    with pytest.raises(SensoriumError):
        Memory.open(":memory:", owner="rex", encoder=PlantedEncoder(), media="nosuch://bucket")
