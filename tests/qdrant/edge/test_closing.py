"""Closing flushes, so a shard on a full disk is left open until there is room, or to the log."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.edge_points import MINE, SCHEMA, point
from tests.support.forking import in_child

from sensorium.errors import StoreFullError, StoreLockedError
from sensorium.qdrant import EdgeBackend
from sensorium.qdrant.edge import closing, room

# Points that are not flushed on a disk that is full, by a process that ends without another word
ENDING = """
import sys
from sensorium.qdrant import EdgeBackend
from sensorium.qdrant.edge import room
from tests.support.edge_points import SCHEMA, point

backend = EdgeBackend.open(sys.argv[1], schema=SCHEMA)
backend.upsert([point(1)])
backend._timer.cancel()
room.SCARCE = 2**62
room.bytes_of_holes = lambda *_, **__: 2**62
"""


def full_disk(patch: pytest.MonkeyPatch) -> None:
    """Make every disk look as if no flush had room on it."""
    patch.setattr(room, "SCARCE", 2**62)
    patch.setattr(room, "bytes_of_holes", lambda *_, **__: 2**62)


def filled(folder: Path, patch: pytest.MonkeyPatch) -> EdgeBackend:
    """Return a backend with a point that is not flushed, on a disk that is full since then."""
    backend = EdgeBackend.open(folder, schema=SCHEMA)
    backend.upsert([point(1)])
    backend._timer.cancel()
    full_disk(patch)
    return backend


def test_a_flush_and_a_closing_without_room_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is free; opened with room, it holds what was acknowledged."""
    backend = filled(tmp_path, monkeypatch)
    with pytest.raises(StoreFullError, match="MiB free"):
        backend.flush()
    with pytest.raises(StoreFullError, match="MiB free"):
        backend.close()
    backend.close()
    with pytest.raises(StoreFullError):
        EdgeBackend.open(tmp_path, schema=SCHEMA)
    monkeypatch.undo()
    again = EdgeBackend.open(tmp_path, schema=SCHEMA)
    assert again.count(MINE) == 1
    again.close()
    assert tmp_path / "shard" not in closing._left_open


def test_a_shard_that_nobody_closed_is_not_flushed_without_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Edge flushes what is collected, so what is left open is never collected."""
    backend = filled(tmp_path, monkeypatch)
    engine = backend._shard.engine
    held = sys.getrefcount(engine)
    del backend
    assert closing._left_open[tmp_path / "shard"] is engine
    assert sys.getrefcount(engine) >= held
    monkeypatch.undo()
    EdgeBackend.open(tmp_path, schema=SCHEMA).close()
    with pytest.raises(Exception, match="not initialized"):
        engine.flush()


def test_a_process_that_ends_on_a_full_disk_leaves_the_rest_to_the_log(tmp_path: Path) -> None:
    """Nothing is flushed at its exit, and nothing is lost."""
    files = ("mutable_id_tracker.mappings", "mutable_id_tracker.versions")
    done = subprocess.run([sys.executable, "-c", ENDING, str(tmp_path)], check=False)
    assert done.returncode == 0
    assert not [file for name in files for file in tmp_path.rglob(name) if file.stat().st_size]
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    assert backend.count(MINE) == 1
    backend.close()


@pytest.mark.slow
def test_a_forked_child_leaves_alone_what_its_parent_left_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its parent still has the shard, and closes it when there is room."""
    backend = filled(tmp_path, monkeypatch)
    with pytest.raises(StoreFullError):
        backend.close()
    monkeypatch.undo()

    def open_it() -> None:
        with pytest.raises(StoreLockedError):
            EdgeBackend.open(tmp_path, schema=SCHEMA)

    in_child(open_it)
    again = EdgeBackend.open(tmp_path, schema=SCHEMA)
    assert again.count(MINE) == 1
    again.close()
