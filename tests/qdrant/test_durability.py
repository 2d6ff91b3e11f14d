"""A write is flushed soon, and a file is replaced as a whole."""

from __future__ import annotations

import os
import stat
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.support.forking import locks, taken
from tests.support.syncing import note_syncs

from sensorium.errors import StoreError
from sensorium.qdrant import durability
from sensorium.qdrant.durability import (
    FLUSH_AFTER,
    FlushTimer,
    remove_unfinished,
    sync_tree,
    write_whole,
)

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


def test_a_file_that_is_renamed_meanwhile_is_safe_by_its_new_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Edge's log of a new shard is, in a thread of its own: a memory could not be begun for it."""
    (tmp_path / "wal").mkdir()
    made, kept = tmp_path / "wal" / "tmp-open-2", tmp_path / "wal" / "open-2"
    made.write_bytes(b"log")
    (tmp_path / "wal" / "open-1").write_bytes(b"log")
    synced: list[str] = []
    sync_file = durability.sync_file

    def renamed(file: Path) -> None:
        if file == made:
            made.rename(kept)
        sync_file(file)
        synced.append(file.name)

    monkeypatch.setattr(durability, "sync_file", renamed)
    sync_tree(tmp_path)
    assert {"open-1", "open-2"} <= set(synced)
    assert "tmp-open-2" not in synced


def test_a_timer_is_collected_by_whoever_holds_its_locks() -> None:
    """Python collects in any thread, at any moment: also in the timer's own, within a lock."""

    class Shard:
        def flush(self) -> None:
            """Be asked to."""

    shard = Shard()
    timer = FlushTimer(shard.flush)
    timer.wrote()
    gone = weakref.ref(timer)

    def hold() -> None:
        nonlocal timer
        with taken(locks()):
            del timer

    holding = threading.Thread(target=hold, daemon=True)
    holding.start()
    holding.join(PATIENCE)
    assert gone() is None
    assert not holding.is_alive()


def test_writes_that_go_on_are_flushed_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flush waits for a pause of a second, and for five seconds at most."""

    class Shard:
        flushed = 0

        def flush(self) -> None:
            self.flushed += 1

    now, shard = [100.0], Shard()
    timer = FlushTimer(shard.flush)
    monkeypatch.setattr(timer, "_wake", lambda: None)  # the test is the thread
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    assert timer._work() is None
    for tenths in range(50):
        now[0] = 100 + tenths / 10
        timer.wrote()
        assert timer._work() == pytest.approx(min(1.0, 5 - tenths / 10))
    assert shard.flushed == 0
    now[0] = 105.0
    assert timer._work() is None
    assert shard.flushed == 1
    timer.wrote()
    now[0] = 105.9
    assert timer._work() == pytest.approx(0.1)
    now[0] = 106.0
    timer._work()
    assert shard.flushed == 2


def test_one_thread_does_all_flushes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread lasts from flush to flush, and ends with the store."""
    monkeypatch.setattr(durability, "FLUSH_AFTER", 0.01)

    class Shard:
        def __init__(self) -> None:
            self.threads: list[threading.Thread] = []

        def flush(self) -> None:
            self.threads.append(threading.current_thread())

    shard = Shard()
    timer = FlushTimer(shard.flush)
    for count in range(1, 4):
        timer.wrote()
        began = time.monotonic()
        while len(shard.threads) < count and time.monotonic() - began < PATIENCE:
            time.sleep(0.01)
    assert len(shard.threads) == 3
    thread = shard.threads[0]
    assert {*shard.threads} == {thread}
    del timer
    thread.join(PATIENCE)
    assert not thread.is_alive()


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


def test_many_writers_of_a_file_leave_one_of_their_contents(tmp_path: Path) -> None:
    """No writer meets another's unfinished file, and nothing is left beside the file."""
    file = tmp_path / "settings.json"
    contents = [bytes([65 + writer]) * 50_000 for writer in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            list(pool.map(lambda content: write_whole(file, content), contents))
            assert file.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_is_replaced_and_never_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a link in the place of the file nor one in that of the unfinished file leads out."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    file = tmp_path / "memory" / "settings.json"
    file.parent.mkdir()
    file.symlink_to(victim)
    write_whole(file, b"new")
    assert (file.is_symlink(), file.read_bytes()) == (False, b"new")
    monkeypatch.setattr("secrets.token_hex", lambda _: "0" * 16)
    planted = file.parent / f".settings.json.{'0' * 16}.new"
    planted.symlink_to(victim)
    with pytest.raises(FileExistsError):
        write_whole(file, b"newer")
    assert planted.is_symlink()
    assert victim.read_bytes() == b"precious"
    assert file.read_bytes() == b"new"


def test_a_replaced_file_is_safe_before_the_call_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The content is synchronised, then renamed, and then the folder that names it."""
    events: list[str] = []
    replace = Path.replace

    def synced(descriptor: int) -> None:
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        events.append("folder" if folder else "content")

    def renamed(self: Path, target: Path) -> Path:
        events.append("name")
        return replace(self, target)

    note_syncs(monkeypatch, synced)
    monkeypatch.setattr(Path, "replace", renamed)
    write_whole(tmp_path / "settings.json", b"new")
    assert events == ["content", "name", "folder"]


def test_what_killed_writers_left_is_removed(tmp_path: Path) -> None:
    """Unfinished files go, of this version and of earlier ones; all else stays."""
    for name in (f".settings.json.{'a' * 16}.new", ".settings.json.4711"):
        (tmp_path / name).touch()
    kept = {"settings.json", ".hidden", "notes.new", ".bak.new"}
    for name in kept:
        (tmp_path / name).touch()
    remove_unfinished(tmp_path)
    remove_unfinished(tmp_path / "missing")
    assert {path.name for path in tmp_path.iterdir()} == kept
