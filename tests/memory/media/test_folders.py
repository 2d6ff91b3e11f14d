"""Folders of media files, on this machine's disk and wherever fsspec reaches."""

from __future__ import annotations

import os
import sys
import traceback
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from tests.support.media_files import LONG_AGO, files_in
from tests.support.syncing import note_syncs

from sensorium.errors import (
    MediaNotFoundError,
    MissingExtraError,
    StoreUnavailableError,
)
from sensorium.memory.layout.ids import owner_key
from sensorium.memory.media.folders import RemoteFolder
from sensorium.memory.media.store import MediaStore


def test_a_local_file_lies_where_the_layout_says(tmp_path: Path) -> None:
    """A kept file is an ordinary file, in a folder that no other owner can name."""
    store = MediaStore(tmp_path, owner="rex/../max")
    name = store.put(b"sound", extension="wav")
    expected = tmp_path / owner_key("rex/../max") / name[:2] / name
    assert store.path(name) == expected
    assert files_in(tmp_path) == [expected]
    assert MediaStore(tmp_path.as_uri(), owner="rex/../max").read(name) == b"sound"


def test_a_remote_file_has_no_path() -> None:
    """A caller is told that there is nothing on this disk."""
    store = MediaStore(f"memory://{uuid4()}", owner="rex")
    assert store.path(store.put(b"x", extension="bin")) is None


def test_a_cut_file_is_written_again(tmp_path: Path) -> None:
    """A file that lost power before its flush is mended by putting the same content."""
    store = MediaStore(tmp_path, owner="rex")
    name = store.put(b"whole", extension="bin")
    path = store.path(name)
    assert path is not None
    path.write_bytes(b"")
    assert store.put(b"whole", extension="bin") == name
    assert store.read(name) == b"whole"


def test_a_remote_sweep_minds_the_age(tmp_path: Path) -> None:
    """In an object store, too, young files stay and old orphans go."""
    store = MediaStore(f"memory://{uuid4()}", owner="rex")
    name = store.put(b"1", extension="bin")
    assert store.sweep(()).files == 0
    assert store.sweep(lambda _: True, older_than=timedelta(0)).files == 0
    assert store.sweep((), older_than=timedelta(0)).files == 1
    assert not store.exists(name)


def test_flush_syncs_files_and_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written since the last flush is synchronised once, up to the memory's folder."""
    synced: list[int] = []
    note_syncs(monkeypatch, lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    store = MediaStore(tmp_path / "memory" / "media", owner="rex")
    name, gone = store.put(b"1", extension="bin"), store.put(b"2", extension="bin")
    store.remove([gone])
    path = store.path(name)
    assert path is not None
    assert tmp_path.stat().st_ino in synced  # its folders were made
    synced.clear()
    store.flush()
    expected = {each.stat().st_ino for each in (path, *path.parents[:4])}
    assert set(synced) == expected
    synced.clear()
    store.flush()
    assert synced == []


def test_a_failed_flush_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file whose synchronising failed is not forgotten by the next flush."""
    store = MediaStore(tmp_path, owner="rex")
    store.put(b"1", extension="bin")

    def failing(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing)
        for _ in range(2):
            with pytest.raises(OSError, match="Input/output"):
                store.flush()
    store.flush()


def test_urls_that_cannot_be_reached_say_why() -> None:
    """A URL of no known kind, and one whose package is missing, each get their own error."""
    with pytest.raises(StoreUnavailableError, match="nosuch") as caught:
        MediaStore("nosuch://rex:secret@bucket/media", owner="rex")
    assert "secret" not in str(caught.value)
    if "s3fs" not in sys.modules:
        with pytest.raises(MissingExtraError, match="s3fs"):
            MediaStore("s3://bucket/media", owner="rex")


class Refusing(MemoryFileSystem):  # type: ignore[misc] # fsspec has no types
    """An object store that is down."""

    protocol = "refusing"

    def put_file(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError("503 Slow Down")


def test_a_remote_failure_is_ours() -> None:
    """Whatever a file system raises becomes an error of ours, and nothing is counted."""
    fsspec.register_implementation("refusing", Refusing, clobber=True)
    store = MediaStore("refusing://media", owner="rex", quota=100)
    with pytest.raises(StoreUnavailableError, match="503 Slow Down"):
        store.put(b"x" * 60, extension="bin")
    assert store.bytes_used() == 0
    with pytest.raises(StoreUnavailableError, match="503"):
        store.put(b"x" * 60, extension="bin")


class Small(MemoryFileSystem):  # type: ignore[misc] # fsspec has no types
    """An object store whose client needs more memory than there is."""

    protocol = "small"

    def put_file(self, *args: Any, **kwargs: Any) -> None:
        raise MemoryError


def test_a_machine_without_memory_is_no_network_that_is_down() -> None:
    """Python's own error goes on: to check the network would not help."""
    fsspec.register_implementation("small", Small, clobber=True)
    with pytest.raises(MemoryError):
        MediaStore("small://media", owner="rex").put(b"x", extension="bin")


class Blabbing(MemoryFileSystem):  # type: ignore[misc] # fsspec has no types
    """A file system whose errors repeat the URL with its password."""

    protocol = "blabbing"

    def open(self, path: str, *args: Any, **kwargs: Any) -> Any:
        raise FileNotFoundError("no such file: blabbing://rex:hunter2@bucket")

    def put_file(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError("403 for rex:hunter2")


def test_no_password_in_any_message() -> None:
    """Nor in the causes that a traceback shows."""
    fsspec.register_implementation("blabbing", Blabbing, clobber=True)
    store = MediaStore("blabbing://rex:hunter2@bucket", owner="rex")
    for call, error in (
        (lambda: store.put(b"x", extension="bin"), StoreUnavailableError),
        (lambda: store.read(f"{'0' * 64}.bin"), MediaNotFoundError),
    ):
        with pytest.raises(error) as caught:
            call()
        assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    assert "hunter2" not in f"{store!r} {RemoteFolder('blabbing://rex:hunter2@bucket', 'k').place}"
    assert RemoteFolder("http://rex:hunter2@localhost/media", "k").place == (
        "http://localhost/media/k"
    )


@pytest.mark.parametrize("url", ["ftp://127.0.0.1:9/media", "reference://media"])
def test_a_url_that_fails_at_once_is_our_error(url: str) -> None:
    """Whatever the file system raises when it is chosen: a connection, or a missing argument."""
    with pytest.raises(StoreUnavailableError, match=url.partition(":")[0]):
        MediaStore(url, owner="rex")


def test_only_an_old_file_gets_a_new_time(tmp_path: Path) -> None:
    """Whoever has a percept of a young file open would take it for changed."""
    store = MediaStore(tmp_path, owner="rex")
    path = store.path(store.put(b"the sea", extension="bin"))
    assert path is not None
    written = path.stat().st_mtime_ns
    store.put(b"the sea", extension="bin")
    assert path.stat().st_mtime_ns == written
    os.utime(path, (LONG_AGO, LONG_AGO))
    store.put(b"the sea", extension="bin")
    assert path.stat().st_mtime > LONG_AGO
