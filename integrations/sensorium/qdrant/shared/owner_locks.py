"""Who may write for an owner: one process at a time, whichever of them holds the shard."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from weakref import WeakSet

from sensorium.encoders.forking import Lock, mind_forks
from sensorium.errors import StoreLockedError
from sensorium.qdrant.edge.folder import LOCKS, removed_while_open
from sensorium.qdrant.file_locks import FileLock, this_process
from sensorium.qdrant.regular_files import make_regular_folder
from sensorium.qdrant.waiting import Waiting

PATIENCE = 30.0  # seconds without a sign of life after which a process is not waited for
BEAT = 3.0  # seconds between two signs of life of a process that writes for long
PROCESS = re.compile(r"process (\d{1,9})")
GIVEN_UP = "a process that gave up"
SHORTEST, LONGEST = 0.0003, 0.02  # seconds between two looks whether a lock is free


@contextmanager
def owner_lock(
    folder: Path,
    owner: str,
    *,
    settle: Callable[[int], object],
    check: Callable[[], object],
) -> Iterator[None]:
    """Keep other processes, and other memories of this one, from writing for an owner.

    Args:
        folder: Folder of the memory.
        owner: The owner.
        settle: Called if the last one to have the lock died, or gave a call up: waits until what
            it had asked for is done, so that it is not done over what is written now. It gets the
            process id of one that died, else 0.
        check: Called now and then while waiting: raises an error if the process that holds the
            shard does not go on, as nobody can write then.
    Raises:
        StoreLockedError: The process that has the lock does not respond; the message names it.
        StoreFormatError: The folder was removed while open, or a link is in its place.
    """
    if not folder.is_dir():
        raise removed_while_open(folder)
    name = hashlib.sha256(owner.encode()).hexdigest()[:32]
    file = make_regular_folder(folder, LOCKS) / name
    lock = FileLock(file)
    pause, waiting = SHORTEST, Waiting()
    sign: float | None = None
    try:
        while not lock.acquire():
            if waiting.look() > BEAT:  # whoever has it just got it, or gave a sign since
                sign = _last_sign(lock, file, folder, before=sign)
                check()
                waiting.restart()
            time.sleep(pause)
            pause = min(LONGEST, pause * 1.5)
        before = lock.read()
        lock.write(this_process())
        _HEART.watch(lock)
        try:
            if before:
                process = PROCESS.fullmatch(before)
                settle(int(process[1]) if process else 0)
            yield
        except BaseException:
            lock.write(GIVEN_UP)
            raise
        lock.write("")
    finally:
        lock.release()


def _last_sign(lock: FileLock, file: Path, folder: Path, *, before: float | None) -> float | None:
    """Return when the process which has a lock showed a sign of life last.

    Args:
        lock: The lock.
        file: Its file.
        folder: Folder of the memory.
        before: What this returned a `BEAT` before: a sign as old as that may be old because all
            processes were paused, with the machine or the container, and go on now.
    Raises:
        StoreLockedError: It was long ago, and there was none since `before`.
    """
    try:
        sign = file.stat().st_mtime
    except FileNotFoundError:
        return None
    if sign == before and time.time() - sign > PATIENCE:
        holder = lock.holder()
        raise StoreLockedError(
            f"the memory {str(folder)!r}, into which {holder} began to write {PATIENCE:.0f} "
            "seconds ago without going on",
            "a process that writes and goes on, or ends",
            f"continue or end {holder}: it may be stopped, or in a debugger",
        )
    return sign


class _Heart:
    """Shows that this process goes on, for as long as it has locks."""

    def __init__(self) -> None:
        self._locks: WeakSet[FileLock] = WeakSet()
        self._guard = Lock()
        self._thread: threading.Thread | None = None
        mind_forks(self)

    def watch(self, lock: FileLock) -> None:
        """Touch a lock's file now and then until it is released."""
        with self._guard:
            self._locks.add(lock)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._beat, name="sensorium-writing", daemon=True
                )
                self._thread.start()

    def after_fork(self) -> None:
        self._locks = WeakSet()
        self._thread = None

    def _beat(self) -> None:
        while True:
            time.sleep(BEAT)
            with self._guard:
                locks = list(self._locks)
                if not locks:  # a lock is dropped when its block ends
                    self._thread = None
                    return
            for lock in locks:
                with suppress(OSError):
                    lock.touch()


_HEART = _Heart()
