"""Locks on files: whoever has one excludes all others, and only the process that has it unlocks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sensorium.errors import StoreFormatError
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
