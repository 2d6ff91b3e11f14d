"""Files that are being written: other processes see whether their writer is alive."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sensorium.qdrant.durability import NO_FOLLOW
from sensorium.qdrant.file_locks import try_lock, unlock


@contextmanager
def being_written(part: Path) -> Iterator[bool]:
    """Make an empty file, and show others that it is being written until the `with` block ends.

    Yields:
        Whether it was made; if not, a process that took it for abandoned is just erasing it.
    Raises:
        FileExistsError: There is such a file.
        FileNotFoundError: There is no such folder.
    """
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    if sys.platform == "win32":  # where nobody removes or renames a file that is open
        os.close(descriptor)
        yield True
        return
    try:
        begun = try_lock(descriptor)
        try:
            yield begun and os.fstat(descriptor).st_nlink > 0
        finally:
            if begun:
                unlock(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def claimed(part: Path) -> Iterator[bool]:
    """Yield whether no living process writes a file; none begins to until the `with` block ends."""
    if sys.platform == "win32":
        yield True
        return
    try:
        descriptor = os.open(part, os.O_RDONLY | NO_FOLLOW | os.O_NONBLOCK)
    except OSError:  # gone, or not a file of ours: what removes it will see
        yield True
        return
    try:
        free = try_lock(descriptor)
        try:
            yield free
        finally:
            if free:
                unlock(descriptor)
    finally:
        os.close(descriptor)
