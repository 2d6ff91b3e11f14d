"""Regular files and folders are told from links, pipes and devices, and nobody waits for them."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from sensorium.errors import StoreFormatError
from sensorium.qdrant.regular_files import (
    check_tree,
    is_regular_file,
    is_regular_folder,
    make_regular_folder,
    open_regular_file,
)


def link(path: Path) -> None:
    target = path.parent.parent / "outside"
    target.write_text("precious")
    path.symlink_to(target)


def dangling_link(path: Path) -> None:
    path.symlink_to(path.parent.parent / "nothing")


def link_to_a_folder(path: Path) -> None:
    target = path.parent.parent / "elsewhere"
    target.mkdir()
    path.symlink_to(target)


def named_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


SPECIAL: list[Callable[[Path], None]] = [
    link,
    dangling_link,
    link_to_a_folder,
    os.mkfifo,
    named_socket,
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "memory"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("made", SPECIAL, ids=lambda made: made.__name__)
def test_what_is_not_regular_is_refused(folder: Path, made: Callable[[Path], None]) -> None:
    """As a file, as a folder and within a folder; the error names it, and no pipe is waited for."""
    path = folder / "thing"
    made(path)
    for refused in (is_regular_file, is_regular_folder, open_regular_file):
        with pytest.raises(StoreFormatError, match="thing"):
            refused(path)
    with pytest.raises(StoreFormatError, match="thing"):
        make_regular_folder(folder, "thing", "below")
    with pytest.raises(StoreFormatError, match="thing"):
        check_tree(folder)
    with pytest.raises(StoreFormatError, match="thing"):
        check_tree(path)


def test_files_and_folders_are_told_apart(folder: Path) -> None:
    """Each in its own place is there, in the other's is refused; what is missing is not there."""
    deep = make_regular_folder(folder, "a", "b")
    assert make_regular_folder(folder, "a", "b") == deep
    (deep / "file").write_bytes(b"content")
    assert is_regular_file(deep / "file")
    assert is_regular_folder(deep)
    check_tree(folder)
    with open_regular_file(deep / "file") as stream:
        assert stream.read() == b"content"
    with pytest.raises(StoreFormatError, match="folder"):
        is_regular_folder(deep / "file")
    with pytest.raises(StoreFormatError, match="file"):
        is_regular_file(deep)
    for missing in (folder / "none", deep / "file" / "below"):
        assert not is_regular_file(missing)
        assert not is_regular_folder(missing)
        check_tree(missing)
    with pytest.raises(FileNotFoundError):
        open_regular_file(folder / "none")
