"""Locks on files: whoever has one excludes all others, and only the process that has it unlocks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sensorium.errors import StoreFormatError, StoreLockedError
from sensorium.qdrant import file_locks
from sensorium.qdrant.file_locks import FileLock


def test_one_object_at_a_time_has_the_lock(tmp_path: Path) -> None:
    """Of one process as well as of two; the file stays, and may be removed meanwhile."""
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.acquire()
    assert not first.acquire()
    assert not second.acquire()
    first.release()
    first.release()
    assert second.acquire()
    (tmp_path / "lock").unlink()
    assert first.acquire()  # of the file that has the name now


def test_a_child_that_releases_leaves_the_lock_to_its_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where it does so before it was told that it is a child."""
    lock, other = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert lock.acquire()
    assert lock._descriptor is not None
    parents = os.dup(lock._descriptor)  # as a fork does
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: -1)
        lock.release()
    assert not other.acquire()
    os.close(parents)
    assert other.acquire()


def test_a_link_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    """What it names is neither opened nor made."""
    (tmp_path / "lock").symlink_to(tmp_path / "target")
    with pytest.raises(StoreFormatError, match="a link"):
        FileLock(tmp_path / "lock").acquire()
    assert not (tmp_path / "target").exists()


HOLDS = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
print(flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who has a lock")
def test_a_process_that_keeps_a_lock_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for it in vain learns which process to look at."""
    monkeypatch.setattr(file_locks, "PATIENCE", 0.05)
    run = [sys.executable, "-c", HOLDS, str(tmp_path / "lock")]
    with subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with (tmp_path / "lock").open() as file:
            with pytest.raises(StoreLockedError) as raised:
                file_locks.wait_for_lock(file.fileno(), "lock")
            if f":{os.fstat(file.fileno()).st_ino} " in Path("/proc/locks").read_text("utf-8"):
                assert f"process {other.pid} has locked" in str(raised.value)
        other.kill()
