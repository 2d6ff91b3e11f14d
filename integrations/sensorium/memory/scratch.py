"""Folders for a memory that ends with its process."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from filelock import FileLock, Timeout

PREFIX = "sensorium-"
ALIVE = "alive"  # locked as long as the process that made a folder lives, whoever looks
YOUNG = 60.0  # seconds in which a folder may be without its lock: it is being made
IN_MEMORY = Path("/dev/shm")  # of Linux: files that are nowhere but in memory
LEAST_ROOM = 2**30  # bytes free there; containers often have 64 MiB


class Scratch:
    """Where a memory without a place is: its vectors in memory where there is room, else on disk.

    What killed processes have left is removed when the next one is made.

    Attributes:
        shard: Folder of the vectors.
        media: Folder of the signals, on disk; `None` where they are not kept.
    """

    def __init__(self, *, keep_media: bool) -> None:
        """Make the folders."""
        for parent in (IN_MEMORY, Path(gettempdir())):
            _sweep(parent)
        vectors = _Folder(_roomy())
        signals = _Folder(None) if keep_media else None
        self._folders = [vectors, signals] if signals else [vectors]
        self.shard = str(vectors.path / "memory")
        self.media = str(signals.path / "media") if signals else None

    def remove(self) -> None:
        """Remove them; nothing happens the second time."""
        for folder in self._folders:
            folder.remove()


class _Folder:
    """A folder that others can see is in use."""

    def __init__(self, parent: Path | None) -> None:
        self._directory = TemporaryDirectory(prefix=PREFIX, dir=parent)
        self.path = Path(self._directory.name)
        self._lock = FileLock(self.path / ALIVE, thread_local=False)
        self._lock.acquire()

    def remove(self) -> None:
        self._lock.release()
        self._directory.cleanup()


def _roomy() -> Path | None:
    """Return the folder in memory; `None` where there is none, or little room in it."""
    try:
        roomy = shutil.disk_usage(IN_MEMORY).free >= LEAST_ROOM
    except OSError:
        return None
    return IN_MEMORY if roomy and os.access(IN_MEMORY, os.W_OK | os.X_OK) else None


def _sweep(parent: Path) -> None:
    """Remove what nobody holds."""
    for folder in parent.glob(f"{PREFIX}*"):
        lock = FileLock(folder / ALIVE, thread_local=False)
        try:
            if time.time() - (folder / ALIVE).stat().st_mtime < YOUNG:
                continue
            with lock.acquire(timeout=0):
                shutil.rmtree(folder, ignore_errors=True)
        except (OSError, Timeout):  # not one of these folders, somebody else's, or in use
            continue
