"""Folders for a memory that ends with its process."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

PREFIX = "sensorium-"
IN_MEMORY = Path("/dev/shm")  # of Linux: files that are nowhere but in memory
LEAST_ROOM = 2**30  # bytes free there; containers often have 64 MiB


class Scratch:
    """Where a memory without a place is: its vectors in memory where there is room, else on disk.

    Attributes:
        shard: Folder of the vectors.
        media: Folder of the signals, on disk; `None` where they are not kept.
    """

    def __init__(self, *, keep_media: bool) -> None:
        """Make the folders."""
        self._folders = [TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", dir=_roomy())]
        if keep_media:
            self._folders.append(TemporaryDirectory(prefix=PREFIX))
        self.shard = self._folders[0].name
        self.media = self._folders[1].name if keep_media else None

    def remove(self) -> None:
        """Remove them; nothing happens the second time."""
        for folder in self._folders:
            folder.cleanup()


def _roomy() -> Path | None:
    """Return a folder in memory, cleared of what killed processes have left; `None` for disk."""
    try:
        for path in IN_MEMORY.glob(f"{PREFIX}*-*"):
            if not _is_alive(path.name.split("-")[1]):
                shutil.rmtree(path, ignore_errors=True)
        roomy = shutil.disk_usage(IN_MEMORY).free >= LEAST_ROOM
        return IN_MEMORY if roomy and os.access(IN_MEMORY, os.W_OK | os.X_OK) else None
    except OSError:
        return None


def _is_alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (OSError, ValueError, OverflowError):  # somebody else's, or no number
        return True
    return True
