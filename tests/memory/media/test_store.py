"""The media store loses and leaks nothing."""

from __future__ import annotations

import io
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.media_files import LONG_AGO, files_in, name_of

from sensorium.errors import (
    MediaNotFoundError,
    MediaQuotaError,
    OwnerError,
    RecordError,
    StoreFullError,
)
from sensorium.memory.media.folders import PART
from sensorium.memory.media.store import MediaStore

HOSTILE = ["../../etc/passwd", "/etc/passwd", "", "a.png", "A" * 64 + ".png", "0" * 64 + "./x"]


class Unseekable(io.RawIOBase):
    """A stream of so many blocks of noise, that does not say how many; may fail after the last."""

    def __init__(self, blocks: int, *, failing: bool = False) -> None:
        self.blocks, self.failing = blocks, failing

    def read(self, size: int = -1) -> bytes:
        self.blocks -= 1
        if self.blocks < 0 and self.failing:
            raise ConnectionResetError("gone")
        return os.urandom(size) if self.blocks >= 0 else b""


def unseekable(blocks: int, *, failing: bool = False) -> BinaryIO:
    """Such a stream, where an open file is expected."""
    return cast(BinaryIO, Unseekable(blocks, failing=failing))


def test_content_is_found_under_its_digest(store: MediaStore) -> None:
    """What was put is read back whole, under the name its content gives it, and is one file."""
    content = bytes(range(256)) * 9000  # more than two blocks
    name = store.put(content, extension="bin")
    assert name == name_of(content)
    assert store.put(io.BytesIO(content), extension="bin") == name
    assert store.read(name) == content
    with store.open(name) as stream:
        assert stream.read(3) == content[:3]
    assert store.exists(name)
    assert list(store.names()) == [name]
    assert store.bytes_used() == len(content)


def test_owners_do_not_meet(root: str) -> None:
    """A name of one owner's file is nothing to another, even of the same content."""
    rex, max_ = MediaStore(root, owner="rex"), MediaStore(root, owner="max")
    name = rex.put(b"secret", extension="bin")
    assert not max_.exists(name)
    assert list(max_.names()) == []
    assert max_.bytes_used() == 0
    assert max_.remove([name]) == 0
    assert max_.sweep((), older_than=timedelta(0)).files == 0
    with pytest.raises(MediaNotFoundError):
        max_.open(name)
    assert rex.read(name) == b"secret"


@pytest.mark.parametrize("name", [*HOSTILE, "0" * 64 + ".png\n", None, b"x"])
def test_hostile_names_reach_no_file(root: str, name: Any) -> None:
    """What is not a name of ours is refused before any path is built of it."""
    store = MediaStore(root, owner="rex")
    kept = store.put(b"x", extension="bin")
    for call in (store.open, store.read, store.path):
        with pytest.raises(MediaNotFoundError):
            call(name)
    assert not store.exists(name)
    with pytest.raises(MediaNotFoundError):
        store.remove([kept, name])
    assert store.exists(kept)


@pytest.mark.parametrize("extension", ["", ".png", "PNG", "../x", "a" * 9, "p\n"])
def test_hostile_extensions_are_refused(store: MediaStore, extension: str) -> None:
    """An extension cannot lead a file elsewhere."""
    with pytest.raises(RecordError, match="letters"):
        store.put(b"x", extension=extension)


def test_an_owner_is_a_name(tmp_path: Path) -> None:
    """A store without an owner cannot be opened."""
    with pytest.raises(OwnerError):
        MediaStore(tmp_path, owner="")


def test_missing_files_say_so(store: MediaStore) -> None:
    """A file that is not there is an error to read, and none to remove."""
    name = name_of(b"never")
    for call in (store.open, store.read, store.path):
        with pytest.raises(MediaNotFoundError, match=name[:16]):
            call(name)
    assert store.remove([name]) == 0


steps = st.lists(st.tuples(st.sampled_from(["put", "remove"]), st.integers(0, 5)), max_size=25)


@settings(max_examples=30, deadline=None)
@given(steps)
def test_the_count_is_always_right(steps: list[tuple[str, int]]) -> None:
    """After any puts and removals, names, bytes and a fresh count agree with a plain dictionary."""
    root, model = f"memory://{uuid4()}", {}
    store = MediaStore(root, owner="rex")
    store.bytes_used()
    for step, size in steps:
        content = b"x" * size
        name = name_of(content)
        if step == "put":
            assert store.put(content, extension="bin") == name
            model[name] = size
        else:
            assert store.remove([name]) == (model.pop(name, None) is not None)
    assert set(store.names()) == set(model)
    assert store.bytes_used() == sum(model.values())
    assert MediaStore(root, owner="rex").bytes_used() == sum(model.values())


def test_a_quota_is_kept(root: str) -> None:
    """What would not fit is refused with the numbers; what is there already needs no room."""
    store = MediaStore(root, owner="rex", quota=100)
    first = store.put(b"a" * 80, extension="bin")
    with pytest.raises(MediaQuotaError, match="80 of 100") as caught:
        store.put(b"b" * 30, extension="bin")
    assert "110" in caught.value.needed
    assert store.put(b"a" * 80, extension="bin") == first
    assert store.put(b"c" * 20, extension="bin")
    store.remove([first])
    assert store.put(b"b" * 30, extension="bin")
    assert store.bytes_used() == 50
    assert MediaStore(root, owner="max", quota=100).put(b"a" * 80, extension="bin") == first


def test_an_endless_stream_stops_at_the_quota(tmp_path: Path) -> None:
    """A stream that does not say its length is cut off where the quota is, and leaves nothing."""
    store = MediaStore(tmp_path, owner="rex", quota=3 * 2**20)
    stream = Unseekable(10**9)
    with pytest.raises(MediaQuotaError):
        store.put(cast(BinaryIO, stream), extension="bin")
    assert stream.blocks == 10**9 - 4
    assert files_in(tmp_path) == []
    assert store.put(unseekable(3), extension="bin")


def in_threads(count: int, work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=[turn]) for turn in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_threads_share_a_store(root: str) -> None:
    """Many threads put the same files in different order; all are whole, and counted once."""
    contents = [bytes([i]) * 50_000 for i in range(12)]
    store = MediaStore(root, owner="rex", quota=18 * 50_000)  # 6 may be in the making as well
    done: list[str] = []

    def work(turn: int) -> None:
        for i in range(len(contents)):
            done.append(store.put(contents[(i + turn) % len(contents)], extension="bin"))

    in_threads(6, work)
    assert len(done) == 6 * 12
    assert {store.read(name) for name in store.names()} == set(contents)
    assert store.bytes_used() == 12 * 50_000


def test_threads_do_not_break_the_quota(root: str) -> None:
    """Of many different files put at once, as many fit as the quota allows, whoever wins."""
    store = MediaStore(root, owner="rex", quota=10 * 50_000)
    refused: list[MediaQuotaError] = []

    def work(turn: int) -> None:
        for i in range(5):
            try:
                store.put(bytes([turn, i]) * 25_000, extension="bin")
            except MediaQuotaError as error:
                refused.append(error)

    in_threads(6, work)
    assert len(refused) == 20
    assert store.bytes_used() == sum(len(store.read(name)) for name in store.names()) == 500_000


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    """A write that the system refuses is named, its part is removed, and the store goes on."""
    store = MediaStore(tmp_path, owner="rex")
    kept = store.put(b"before", extension="bin")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, limits[1]))
    try:
        with pytest.raises(StoreFullError, match="free"):
            store.put(unseekable(5), extension="bin")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in files_in(tmp_path)] == [kept]
    assert store.put(unseekable(5), extension="bin")


def test_a_source_that_fails_leaves_nothing_behind(store: MediaStore) -> None:
    """A stream that breaks off half-way keeps its error and leaves no file, nor bytes counted."""
    with pytest.raises(ConnectionResetError):
        store.put(unseekable(2, failing=True), extension="bin")
    assert list(store.names()) == []
    assert store.bytes_used() == 0


KILLED = """
import os, signal, sys
from sensorium.memory.media.store import MediaStore
class Stream:
    blocks = 0
    def seekable(self): return False
    def read(self, size):
        self.blocks += 1
        if self.blocks == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return bytes(size)
MediaStore(sys.argv[1], owner="rex").put(Stream(), extension="bin")
"""


@pytest.mark.slow
def test_a_killed_write_leaves_no_file_under_a_name(tmp_path: Path) -> None:
    """After SIGKILL half-way there is a part, which no reader sees and a later sweep removes."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    store = MediaStore(tmp_path, owner="rex")
    assert list(store.names()) == []
    assert store.bytes_used() == 0
    (part,) = files_in(tmp_path)
    assert part.name.startswith(PART)
    assert store.sweep(()).files == 0  # it could still be written to
    os.utime(part, (LONG_AGO, LONG_AGO))
    swept = store.sweep(())
    assert (swept.files, swept.bytes) == (1, 3 * 2**20)
    assert files_in(tmp_path) == []


def test_a_sweep_removes_only_old_orphans(tmp_path: Path) -> None:
    """Of old files, those that are named stay; a young one stays, and an old one put again."""
    store = MediaStore(tmp_path, owner="rex", quota=1000)
    named, orphan, renewed = (store.put(c, extension="bin") for c in (b"1", b"22", b"333"))
    for name in (named, orphan, renewed):
        path = store.path(name)
        assert path is not None
        os.utime(path, (LONG_AGO, LONG_AGO))
    young = store.put(b"4444", extension="bin")
    store.put(b"333", extension="bin")
    swept = store.sweep({named})
    assert (swept.files, swept.bytes) == (1, 2)
    assert set(store.names()) == {named, renewed, young}
    assert store.bytes_used() == 1 + 3 + 4
    assert store.sweep(lambda name: name == young, older_than=timedelta(0)).files == 2
