"""Regular files and folders: what a memory's folder consists of, with no link that leads out of it.

Folders are copied and unpacked, so whoever made one may have put links into it: to be written
through, or to have a user's own files read as media. A pipe or a device would let the reader wait.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from sensorium.errors import StoreFormatError
from sensorium.qdrant.durability import NO_FOLLOW

NO_WAITING = getattr(os, "O_NONBLOCK", 0)


def is_regular_file(path: Path) -> bool:
    """Return whether a file is there.

    Raises:
        StoreFormatError: A link, a pipe, a device or a folder is in its place.
    """
    return _is(path, stat.S_ISREG, "a regular file")


def is_regular_folder(path: Path) -> bool:
    """Return whether a folder is there.

    Raises:
        StoreFormatError: A link or a file is in its place.
    """
    return _is(path, stat.S_ISDIR, "a folder")


def open_regular_file(path: Path) -> BinaryIO:
    """Open a file for reading.

    Raises:
        FileNotFoundError: It is not there.
        StoreFormatError: A link, a pipe, a device or a folder is in its place.
    """
    is_regular_file(path)
    return open(path, "rb", opener=_opener)


def make_regular_folder(root: Path, *names: str) -> Path:
    """Make a folder below another, with those between, and return its path.

    Raises:
        StoreFormatError: A link or a file is in the place of one.
    """
    for name in names:
        root /= name
        if not is_regular_folder(root):
            root.mkdir(exist_ok=True)
    return root


def check_tree(folder: Path) -> None:
    """Check that a folder, which may be missing, holds regular files and folders alone.

    Raises:
        StoreFormatError: It is or holds a link, a pipe or a device.
    """
    unseen = [folder] if is_regular_folder(folder) else []
    while unseen:
        with os.scandir(unseen.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    unseen.append(Path(entry.path))
                elif not entry.is_file(follow_symlinks=False):
                    is_regular_file(Path(entry.path))  # which says what it is


def _is(path: Path, test: Callable[[int], bool], wanted: str) -> bool:
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    if test(mode):
        return True
    found = f"a link to {str(path.readlink())!r}" if stat.S_ISLNK(mode) else "of another kind"
    raise StoreFormatError(
        f"{str(path)!r}, which is {found}",
        f"{wanted} within the memory's own folder",
        "remove it if you do not know who made it; to keep media elsewhere, pass media=",
    )


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | NO_FOLLOW | NO_WAITING)
