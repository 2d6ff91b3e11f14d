"""A doubtful shard is opened as a copy, in a process of its own: damage is a finding."""

from __future__ import annotations

import signal
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.edge_points import SCHEMA, point

from sensorium.errors import StoreFormatError
from sensorium.qdrant import EdgeBackend
from sensorium.qdrant.edge import trial


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a memory of three points."""
    with closing(EdgeBackend.open(tmp_path / "m", schema=SCHEMA)) as backend:
        backend.upsert([point(number) for number in range(3)])
    return tmp_path / "m"


def content(folder: Path) -> dict[str, tuple[bytes, int]]:
    """All files, with their content and their times."""
    return {
        str(path): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_sound_shard_is_read_and_left_as_it_was(folder: Path) -> None:
    """All points are read, and no file is written."""
    before = content(folder)
    assert trial.try_memory(folder) == 3
    assert content(folder) == before


def test_a_panic_is_damage(folder: Path) -> None:
    """What panics there is an error here, with what Edge said."""
    for status in folder.glob("shard/segments/*/payload_index/*/*/status.dat"):
        status.write_bytes(b"")
    with pytest.raises(StoreFormatError, match=r"cannot be opened \(.+\); .* restore"):
        trial.try_memory(folder)


@pytest.mark.parametrize(
    ("does", "says"),
    [
        ("import time; time.sleep(60)", "does not open within 1 seconds"),
        (f"import os; os.kill(os.getpid(), {int(signal.SIGBUS)})", "with signal"),
    ],
)
def test_a_hang_and_a_signal_are_damage(
    folder: Path, monkeypatch: pytest.MonkeyPatch, does: str, says: str
) -> None:
    """The process that opens the shard is given up after a while, and may die."""
    monkeypatch.setattr(trial, "READ", does)
    with pytest.raises(StoreFormatError, match=says):
        trial.try_memory(folder, patience=1)
