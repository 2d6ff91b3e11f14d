"""The room Edge needs on a disk is asked for before it maps files: a full disk is no signal."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.attack.disks.mounts import mounted, why_not
from tests.support.edge_points import MINE, SCHEMA, point

from sensorium.errors import StoreFullError
from sensorium.qdrant import EdgeBackend
from sensorium.qdrant.edge import aside, room

IN_MEMORY = Path("/dev/shm")
# What a process of its own does with a memory; 3 is our error, a negative code is a signal
DOING = """
import os, shutil, sys
from pathlib import Path
from sensorium.errors import StoreFullError
from sensorium.qdrant import EdgeBackend, Filter, Ids
from tests.attack.disks.mounts import mounted, why_not
from tests.support.edge_points import MINE, SCHEMA, point

disk = Path(sys.argv[1])

def fill(free):
    file = os.open(disk / "filler", os.O_CREAT | os.O_WRONLY)
    try:
        while shutil.disk_usage(disk).free > free:
            os.write(file, bytes(4096))
    except OSError:
        pass
    os.close(file)

try:
    {work}
except StoreFullError as error:
    sys.exit(3)
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk in RAM."""
    command = ["mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", str(tmp_path)]
    if os.name == "nt" or os.geteuid() or subprocess.run(command, check=False).returncode:
        pytest.skip("needs the right to mount a disk")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


@pytest.fixture
def ext4(tmp_path: Path) -> Iterator[Path]:
    """A small disk whose files have holes that reading does not fill."""
    reason = why_not("ext4", tmp_path)
    if reason:
        pytest.skip(reason)
    with mounted("ext4", tmp_path / "disk", mib=300) as disk:
        yield disk


def code_of(disk: Path, work: str) -> int:
    """Run lines in a process of its own, and return how it ended."""
    program = DOING.replace("{work}", work.replace("\n", "\n    "))
    return subprocess.run([sys.executable, "-c", program, str(disk)], check=False).returncode


@pytest.mark.slow
def test_deletions_go_on_when_the_disk_is_full(disk: Path) -> None:
    """What frees a disk is not hindered by it; what was deleted stays so."""
    work = """backend = EdgeBackend.open(disk / "m", schema=SCHEMA)
points = [point(i) for i in range(200)]
backend.upsert(points)
backend.flush()
fill(0)
for each in points[:150]:
    backend.delete(Filter("rex", Ids((each.id,))))
assert backend.count(MINE) == 50
os._exit(0)"""
    assert code_of(disk, work) == 0
    (disk / "filler").unlink()
    with closing(EdgeBackend.open(disk / "m", schema=SCHEMA)) as backend:
        assert backend.count(MINE) == 50


@pytest.mark.slow
def test_a_flush_on_a_full_disk_is_an_error(ext4: Path, tmp_path: Path) -> None:
    """Also of pages that had room: what the system reads at once may reach into a hole."""
    with closing(EdgeBackend.open(tmp_path / "m", schema=SCHEMA)) as backend:
        backend.upsert([point(seed) for seed in range(30)])
    copy = ["cp", "-a", "--sparse=always", str(tmp_path / "m"), str(ext4 / "m")]
    subprocess.run(copy, check=True)
    work = """from sensorium.qdrant.edge import room
scarce, room.SCARCE = room.SCARCE, 0
backend = EdgeBackend.open(disk / "m", schema=SCHEMA)
backend.upsert([point(50)])
backend._timer.cancel()
room.SCARCE = scarce
fill(0)
try:
    backend.flush()
finally:
    backend.close()"""
    assert code_of(ext4, work) == 3
    (ext4 / "filler").unlink()
    with closing(EdgeBackend.open(ext4 / "m", schema=SCHEMA)) as backend:
        assert backend.count(MINE) == 31


@pytest.mark.slow
def test_a_scarce_disk_has_the_room_of_a_flush_set_aside_before_each_write(ext4: Path) -> None:
    """Whoever fills it afterwards hinders neither the flush nor the closing."""
    work = """from sensorium.qdrant.edge import room
room.SCARCE = 2**40
backend = EdgeBackend.open(disk / "m", schema=SCHEMA)
backend.upsert([point(1)])
backend.upsert([point(2)])
backend._timer.cancel()
fill(2**20)
backend.flush()
fill(2**19)
backend.close()"""
    assert code_of(ext4, work) == 0
    assert aside.bytes_of_holes(ext4 / "m" / "shard", flushed=True) == 0
    assert aside.bytes_of_holes(ext4 / "m" / "shard") > 0
    (ext4 / "filler").unlink()
    with closing(EdgeBackend.open(ext4 / "m", schema=SCHEMA)) as backend:
        assert backend.count(MINE) == 2


@pytest.mark.slow
@pytest.mark.parametrize("free", [0, 20, 60])
def test_opening_on_a_full_disk_is_an_error(disk: Path, free: int) -> None:
    """On a disk in RAM, where opening fills the holes of files, and for a new memory."""
    with closing(EdgeBackend.open(disk / "m", schema=SCHEMA)) as backend:
        backend.upsert([point(1)])
    for place in ("m", "new"):
        work = f"fill({free} * 2**20)\nEdgeBackend.open(disk / {place!r}, schema=SCHEMA).close()"
        assert code_of(disk, work) == 3
    (disk / "filler").unlink()
    with closing(EdgeBackend.open(disk / "m", schema=SCHEMA)) as backend:
        assert backend.count(MINE) == 1


@pytest.mark.slow
def test_a_disk_without_room_for_the_lock_is_full(disk: Path) -> None:
    """The system's own error of a full disk is ours, too."""
    work = """from sensorium.qdrant.edge import backend
backend.OPENING = 0
fill(0)
EdgeBackend.open(disk / "a" / "b" / "c", schema=SCHEMA)"""
    assert code_of(disk, work) == 3


def test_opening_asks_for_the_holes_that_reading_fills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk in RAM gives room to what is read; one that does not needs the room of `OPENING`."""
    if not os.access(IN_MEMORY, os.W_OK):
        pytest.skip("no file system in RAM")
    with closing(EdgeBackend.open(tmp_path / "m", schema=SCHEMA)) as backend:
        backend.upsert([point(1)])
    holes = aside.bytes_of_holes(tmp_path / "m" / "shard")
    assert holes > 50 * 2**20
    free = shutil.disk_usage(tmp_path).free
    monkeypatch.setattr(room, "OPENING", free - holes // 2)
    monkeypatch.setattr(room, "_reading_fills_holes", lambda _: True)
    with pytest.raises(StoreFullError):
        EdgeBackend.open(tmp_path / "m", schema=SCHEMA)
    monkeypatch.setattr(room, "_reading_fills_holes", lambda _: False)
    EdgeBackend.open(tmp_path / "m", schema=SCHEMA).close()


def test_the_log_is_set_aside_once(tmp_path: Path) -> None:
    """Opening and flushing again and again does not make the log take more of the disk."""

    def taken() -> int:
        return sum(file.stat().st_blocks for file in (tmp_path / "shard" / "wal").glob("open-*"))

    with closing(EdgeBackend.open(tmp_path, schema=SCHEMA)) as backend:
        backend.upsert([point(1)])
        backend.flush()
        first = taken()
        assert first >= 2 * aside.AHEAD // 512
    for _ in range(3):
        with closing(EdgeBackend.open(tmp_path, schema=SCHEMA)) as backend:
            backend.flush()
            assert taken() == first
