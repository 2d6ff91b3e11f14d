"""A write is flushed soon, and a file is replaced as a whole."""

from __future__ import annotations

import threading
import time
import weakref
from pathlib import Path

import pytest

from sensorium.errors import StoreError
from sensorium.qdrant import durability
from sensorium.qdrant.durability import FLUSH_AFTER, FlushTimer, write_whole

PATIENCE = 20.0  # seconds that a busy machine may take


def test_a_write_is_flushed_soon_and_only_once(tmp_path: Path) -> None:
    """Within moments of a burst of writes one flush comes, in another thread."""

    class Shard:
        def __init__(self) -> None:
            self.flushed: list[str] = []
            self.timer = FlushTimer(self.flush)

        def flush(self) -> None:
            self.flushed.append(threading.current_thread().name)

    shard, began = Shard(), time.monotonic()
    for _ in range(100):
        shard.timer.wrote()
    assert shard.flushed == []
    while not shard.flushed and time.monotonic() - began < PATIENCE:
        time.sleep(0.02)
    assert time.monotonic() - began >= FLUSH_AFTER
    time.sleep(0.2)
    assert len(shard.flushed) == 1
    assert shard.flushed[0] != threading.current_thread().name


class Failing:
    """Something whose flush fails."""

    def flush(self) -> None:
        raise StoreError("a disk that broke", "a whole one", "replace it")


def test_an_error_of_a_late_flush_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the timer: whoever asks next gets the error, and then no more."""
    monkeypatch.setattr(durability, "FLUSH_AFTER", 0.01)
    failing = Failing()
    timer = FlushTimer(failing.flush)
    timer.wrote()
    began = time.monotonic()
    while timer.error is None and time.monotonic() - began < PATIENCE:
        time.sleep(0.01)
    assert isinstance(timer.take_error(), StoreError)
    assert timer.take_error() is None


def test_a_timer_that_was_cancelled_flushes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever flushes now needs no flush later; nor is a store kept alive by its timer."""
    monkeypatch.setattr(durability, "FLUSH_AFTER", 0.01)
    failing = Failing()
    timer = FlushTimer(failing.flush)
    timer.wrote()
    timer.cancel()
    kept = weakref.ref(failing)
    del failing
    time.sleep(0.1)
    assert timer.take_error() is None
    assert kept() is None


def test_a_file_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that fails leaves the old content, and nothing beside it."""
    file = tmp_path / "settings.json"
    write_whole(file, b"old")

    def fail(descriptor: int) -> None:
        raise OSError("no space")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="no space"):
        write_whole(file, b"new")
    monkeypatch.undo()
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]
    write_whole(file, b"new")
    assert file.read_bytes() == b"new"
