"""A file that is kept again is whole again, and one in use is not dropped."""

from __future__ import annotations

import io
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.media_files import files_in

from sensorium.memory.media.store import MediaStore

CONTENT = bytes(range(1, 256)) * 40


def path_of(store: MediaStore, name: str) -> Path:
    path = store.path(name)
    assert path is not None
    return path


@pytest.mark.parametrize(
    "damaged",
    [b"", CONTENT[:100], bytes(len(CONTENT)), CONTENT[:5000] + bytes(len(CONTENT) - 5000)],
    ids=["empty", "short", "zeros", "zeros at the end"],
)
def test_what_a_loss_of_power_left_is_seen_and_written_again(
    tmp_path: Path, damaged: bytes
) -> None:
    """Such a file is not intact; putting its content again restores it, and the count is right."""
    store = MediaStore(tmp_path, owner="rex")
    name = store.put(CONTENT, extension="bin")
    assert store.intact(name, len(CONTENT))
    path_of(store, name).write_bytes(damaged)
    assert not store.intact(name, len(CONTENT))
    assert store.put(io.BytesIO(CONTENT), extension="bin") == name
    assert store.read(name) == CONTENT
    assert store.intact(name, len(CONTENT))
    assert MediaStore(tmp_path, owner="rex").bytes_used() == len(CONTENT)


@pytest.mark.parametrize("damaged", [b"?" + CONTENT[1:], CONTENT[:-1] + b"?", CONTENT + b"?"])
def test_any_other_content_is_written_again(tmp_path: Path, damaged: bytes) -> None:
    """Whichever byte of a file has changed, putting its content again restores it."""
    store = MediaStore(tmp_path, owner="rex")
    name = store.put(CONTENT, extension="bin")
    path_of(store, name).write_bytes(damaged)
    assert store.put(CONTENT, extension="bin") == name
    assert store.read(name) == CONTENT


def test_a_file_that_ends_in_zeros_by_its_nature_is_intact(tmp_path: Path) -> None:
    """Its digest says so; it is not written again."""
    store = MediaStore(tmp_path, owner="rex")
    silence = b"sound" + bytes(10_000)
    name = store.put(silence, extension="bin")
    before = path_of(store, name).stat().st_ino
    assert store.intact(name, len(silence))
    store.put(silence, extension="bin")
    assert path_of(store, name).stat().st_ino == before
    assert not store.intact("0" * 64 + ".bin", 0)


def test_a_full_quota_does_not_hide_damage(tmp_path: Path) -> None:
    """Content that is kept already needs no room, but a damaged file is not taken for it."""
    store = MediaStore(tmp_path, owner="rex", quota=len(CONTENT))
    name = store.put(CONTENT, extension="bin")
    assert store.put(CONTENT, extension="bin") == name
    path_of(store, name).write_bytes(bytes(len(CONTENT)))
    store.drop([name])
    assert store.put(CONTENT, extension="bin") == name
    assert store.read(name) == CONTENT


def test_a_file_in_use_is_not_dropped(store: MediaStore) -> None:
    """Whoever has put it may be about to write its name; once for each who has."""
    users: list[list[str]] = [[], []]
    for user in users:
        store.put(CONTENT, extension="bin", in_use=user)
    [name] = users[0]
    for user in users:
        assert store.drop([name]) == 0
        assert store.sweep((), older_than=timedelta(0)).files == 0
        store.release(user)
    assert store.drop([name]) == 1
    assert list(store.names()) == []


def test_use_is_noted_before_the_file_has_its_name(tmp_path: Path) -> None:
    """Threads that put and drop one content never see it gone between put and release."""
    store = MediaStore(tmp_path, owner="rex")
    lost: list[str] = []

    def write() -> None:
        for _ in range(100):
            mine: list[str] = []
            name = store.put(CONTENT, extension="bin", in_use=mine)
            if not store.exists(name):
                lost.append(name)
            store.release(mine)
            store.drop([name])

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lost == []
    assert files_in(tmp_path) == []
