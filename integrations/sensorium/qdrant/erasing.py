"""Erasing files: their bytes are overwritten before they are removed, as far as a disk allows."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

BLOCK = 2**20  # bytes overwritten at a time
ZEROS = bytes(BLOCK)


@dataclass(frozen=True)
class Erasure:
    """What was erased.

    Attributes:
        files: How many files were removed.
        bytes: The sum of their sizes, without parts of them that were never written.
        untouched: How many of them were removed without being overwritten: they have a second name
            (a hard link), or could not be written.
    """

    files: int = 0
    bytes: int = 0
    untouched: int = 0

    def __add__(self, other: Erasure) -> Erasure:
        """Return what two erasures did together."""
        return Erasure(
            self.files + other.files, self.bytes + other.bytes, self.untouched + other.untouched
        )


def erase_files(paths: Iterable[Path]) -> Erasure:
    """Overwrite files with zeros and remove them; those that are gone are skipped.

    A disk that writes elsewhere what is overwritten (flash, copy on write) keeps the old blocks
    until it needs them. A link is removed, and what it points to stays.

    Raises:
        OSError: A file cannot be removed.
    """
    total = Erasure()
    for path in paths:
        with suppress(FileNotFoundError):
            size = _bytes_in_use(path)
            overwritten = overwrite(path)
            path.unlink()
            total += Erasure(1, size, 0 if overwritten else 1)
    return total


def erase_folder(folder: Path) -> Erasure:
    """Overwrite and remove all files of a folder, then the folder; links are not followed.

    Raises:
        OSError: Something in it cannot be removed.
    """
    total = Erasure()
    for parent, folders, files in os.walk(folder, topdown=False):
        total += erase_files(Path(parent, name) for name in files)
        for path in (Path(parent, name) for name in folders):
            path.unlink() if path.is_symlink() else path.rmdir()
    if folder.is_dir():
        folder.rmdir()
    return total


def overwrite(path: Path) -> bool:
    """Overwrite the bytes of a file with zeros; return whether that was done.

    A file of two names stays as it is: the other one may be a copy that somebody wants.
    """
    flags = os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        if not stat.S_ISREG(path.lstat().st_mode):  # opening a pipe would wait for its reader
            return False
        descriptor = os.open(path, flags)
        try:
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode) or state.st_nlink != 1:
                return False
            for start, end in _written(descriptor, state.st_size):
                _write_zeros(descriptor, start, end)
            # Or the zeros of a file that is removed would never reach the disk
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        return False
    return True


def _bytes_in_use(path: Path) -> int:
    state = path.lstat()
    blocks: int | None = getattr(state, "st_blocks", None)  # Windows does not tell
    return state.st_size if blocks is None else min(state.st_size, blocks * 512)


def _written(descriptor: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield where a file has bytes: Edge's are far longer than what was written into them."""
    if not hasattr(os, "SEEK_DATA"):
        yield 0, size
        return
    end = 0
    while end < size:
        try:
            start = os.lseek(descriptor, end, os.SEEK_DATA)
        except OSError:  # nothing but a hole up to the end
            return
        end = os.lseek(descriptor, start, os.SEEK_HOLE)
        yield start, end


def _write_zeros(descriptor: int, start: int, end: int) -> None:
    os.lseek(descriptor, start, os.SEEK_SET)
    while start < end:
        start += os.write(descriptor, ZEROS[: end - start])
