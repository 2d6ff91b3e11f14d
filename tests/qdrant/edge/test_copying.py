"""A memory is copied as it was at one moment, while another process may have it open."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.edge_points import MINE, SCHEMA, point

from sensorium.errors import StoreFormatError, StoreFullError, StoreLockedError
from sensorium.qdrant import EdgeBackend
from sensorium.qdrant.edge import copying
from sensorium.qdrant.edge.copying import copy_memory
from sensorium.qdrant.edge.folder import bytes_on_disk


def count(folder: Path) -> int:
    with closing(EdgeBackend.open(folder, schema=SCHEMA)) as backend:
        return backend.count(MINE)


def test_a_copy_holds_what_was_acknowledged(tmp_path: Path) -> None:
    """Of a closed memory, and of one that is open and not flushed; holes stay holes."""
    with closing(EdgeBackend.open(tmp_path / "m", schema=SCHEMA)) as backend:
        backend.upsert([point(1)])
        copy_memory(tmp_path / "m", tmp_path / "open")
        backend.upsert([point(2)])
    copy_memory(tmp_path / "m", tmp_path / "closed")
    assert bytes_on_disk(tmp_path / "closed") <= bytes_on_disk(tmp_path / "m")
    assert count(tmp_path / "open") == 1
    assert count(tmp_path / "closed") == 2
    assert count(tmp_path / "m") == 2


def test_a_memory_that_is_written_to_all_the_time_cannot_be_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of several moments is none; between writes it succeeds."""
    monkeypatch.setattr(copying, "PAUSE", 0.05)
    ended = threading.Event()
    with closing(EdgeBackend.open(tmp_path / "m", schema=SCHEMA)) as backend:
        backend.upsert([point(1)])

        def write() -> None:
            while not ended.wait(0.001):
                backend.upsert([point(2)])

        writer = threading.Thread(target=write)
        writer.start()
        try:
            with pytest.raises(StoreLockedError, match="writing to"):
                copy_memory(tmp_path / "m", tmp_path / "copy")
        finally:
            ended.set()
            writer.join()


def test_what_is_no_memory_cannot_be_copied(tmp_path: Path) -> None:
    """Nothing is made where the memory should be."""
    for folder in (tmp_path / "none", tmp_path):
        with pytest.raises(StoreFormatError):
            copy_memory(folder, tmp_path / "copy")
    assert not list(tmp_path.iterdir())


def test_a_copy_needs_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the size."""
    with closing(EdgeBackend.open(tmp_path / "m", schema=SCHEMA)) as backend:
        backend.upsert([point(1)])
    monkeypatch.setattr(copying, "RESERVE", 2**62)
    with pytest.raises(StoreFullError, match="MiB free; needed"):
        copy_memory(tmp_path / "m", tmp_path / "copy")
