"""Temporary folders that are gone with their process, also if it was killed."""

from __future__ import annotations

import os
import shutil
import stat
import time
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from sensorium.encoders.forking import finalize
from sensorium.errors import SensoriumError
from sensorium.qdrant.file_locks import FileLock

PREFIX = "sensorium-"  # begins the names of temporary folders
GONE = ".gone"  # ends the name of one that is being removed
ALIVE = "alive"  # file that the process which made a folder keeps locked while it lives
YOUNG = 60.0  # seconds for which a new folder may be without that lock: it is being made


class TemporaryFolder:
    """A temporary folder whose lock shows other processes that it is in use.

    It is removed with this object, or when the process ends; if that was killed, by the next one
    that calls `remove_abandoned`.

    Attributes:
        path: Where it lies.
    """

    def __init__(self, parent: Path | None = None, *, of: str = "") -> None:
        """Make the folder.

        Args:
            parent: Where it is to lie; the system's folder for them by default.
            of: Begins its name behind that of the library, to tell people what it is.
        """
        self.path = Path(mkdtemp(prefix=f"{PREFIX}{of}", dir=parent))
        self._lock = FileLock(self.path / ALIVE)
        self._lock.acquire()
        self._remove: Any = finalize(self, _remove_folder, self.path, self._lock)

    def remove(self) -> None:
        """Remove it, whoever has it open; a second call does nothing."""
        self._remove()


def _remove_folder(folder: Path, lock: FileLock) -> None:
    """Remove a folder. It is gone at once, so that a late flush sees that nobody misses it."""
    lock.release()
    with suppress(OSError):
        folder = folder.rename(folder.with_name(f"{folder.name}{GONE}"))
    shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned(parent: Path) -> None:
    """Remove temporary folders of this user whose lock nobody holds.

    Args:
        parent: Where they lie.
    """
    for folder in filter(_is_old_and_ours, parent.glob(f"{PREFIX}*")):
        lock = FileLock(folder / ALIVE)
        with suppress(OSError, SensoriumError):
            if lock.acquire():  # nobody uses it
                _remove_folder(folder, lock)


def _is_old_and_ours(folder: Path) -> bool:
    """Return whether a process of this user made a temporary folder, and not just now.

    Everybody may write where temporary folders lie: what others made there is not touched, as
    locking their file could open whatever they linked it to.
    """
    try:
        made, alive = folder.lstat(), (folder / ALIVE).lstat()
    except OSError:  # another kind of folder
        return False
    user = os.getuid() if hasattr(os, "getuid") else made.st_uid  # on Windows they are apart
    return (
        stat.S_ISDIR(made.st_mode)
        and stat.S_ISREG(alive.st_mode)
        and made.st_uid == alive.st_uid == user
        and time.time() - alive.st_mtime >= YOUNG
    )
