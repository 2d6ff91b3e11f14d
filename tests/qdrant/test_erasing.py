"""Files are overwritten before they are removed, and nothing else is touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sensorium.qdrant.erasing import Erasure, erase_files, erase_folder, overwrite


def test_the_bytes_of_a_file_are_gone_before_its_name(tmp_path: Path) -> None:
    """Who still has the file open reads zeros, of the same length."""
    file = tmp_path / "secret"
    file.write_bytes(b"secret" * 400_000)
    with file.open("rb") as reader:
        assert erase_files([file]) == Erasure(1, 2_400_000, 0)
        assert reader.read() == bytes(2_400_000)
    assert not file.exists()


@pytest.mark.skipif(not hasattr(os, "SEEK_DATA"), reason="this system does not tell holes")
def test_what_was_never_written_takes_no_room(tmp_path: Path) -> None:
    """Only the blocks in use are overwritten: a long file with a hole does not grow."""
    file = tmp_path / "sparse"
    with file.open("wb") as writer:
        writer.write(b"first")
        writer.seek(256 * 2**20)
        writer.write(b"last")
    blocks = file.stat().st_blocks
    assert overwrite(file)
    assert file.stat().st_blocks <= blocks
    with file.open("rb") as reader:
        assert reader.read(5) == bytes(5)
        reader.seek(256 * 2**20)
        assert reader.read() == bytes(4)


def test_a_second_name_keeps_its_content(tmp_path: Path) -> None:
    """A file with a hard link is only removed, and that is counted."""
    file, copy = tmp_path / "file", tmp_path / "copy"
    file.write_bytes(b"mine")
    os.link(file, copy)
    assert erase_files([file]) == Erasure(1, 4, untouched=1)
    assert (copy.read_bytes(), file.exists()) == (b"mine", False)


def test_links_are_removed_and_not_followed(tmp_path: Path) -> None:
    """What a link in an erased folder points to stays as it is, a file or a folder."""
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    (outside / "file").write_bytes(b"theirs")
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "own").write_bytes(b"mine")
    (folder / "file").symlink_to(outside / "file")
    (folder / "all").symlink_to(outside, target_is_directory=True)
    erased = erase_folder(folder)
    assert (erased.files, erased.untouched) == (2, 1)
    assert not folder.exists()
    assert (outside / "file").read_bytes() == b"theirs"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Only files are opened."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert not overwrite(pipe)


def test_what_is_gone_is_passed_over(tmp_path: Path) -> None:
    """Erasing again does nothing."""
    assert erase_files([tmp_path / "gone"]) == Erasure()
    assert erase_folder(tmp_path / "gone") == Erasure()
