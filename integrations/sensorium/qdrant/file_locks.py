"""Locks on files, which the system releases when their process ends, however it ends."""

from __future__ import annotations

import errno
import os
import random
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path

from sensorium.encoders.forking import Lock, mind_forks
from sensorium.errors import StoreFormatError, StoreLockedError, StoreUnavailableError
from sensorium.qdrant.durability import NO_FOLLOW
from sensorium.qdrant.waiting import Waiting

PATIENCE = 30.0  # seconds to wait for another process, which holds such a lock for milliseconds
POLL = 0.002  # seconds between two tries, on average
LONGEST = 64  # bytes of who has a lock
ANOTHER = "another process"
FAR = 2**30  # byte that is locked on Windows, where nobody may read what is locked
# Systems disagree on what a lock that somebody else has is called
TAKEN = frozenset({errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK, errno.EDEADLK})
OPENING = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | NO_FOLLOW

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def try_lock(descriptor: int) -> bool:
    """Lock an open file; return whether no other descriptor of it had the lock.

    A file system that knows no locks lets everybody have it.
    """
    try:
        _lock(descriptor)
    except OSError as error:
        return error.errno not in TAKEN
    return True


def wait_for_lock(descriptor: int, name: str) -> None:
    """Lock an open file, as soon as no other process has the lock.

    Args:
        descriptor: Descriptor of the file, to be passed to `unlock`.
        name: Path of the file, for people.
    Raises:
        StoreLockedError: Another process does not give it up.
    """
    waiting = Waiting()
    while not try_lock(descriptor):
        if waiting.look() > PATIENCE:
            locker = _locker(os.fstat(descriptor)) or ANOTHER
            raise StoreLockedError(
                f"{name!r}, which {locker} has locked for {PATIENCE:.0f} seconds",
                "processes that go on",
                "continue or end it: it may be stopped, or in a debugger",
            )
        time.sleep(random.uniform(0, 2 * POLL))


def locker_of(file: Path) -> str | None:
    """Name the process that has locked a file, where the system tells; `None` if it does not."""
    with suppress(OSError):
        return _locker(file.stat())
    return None


def _locker(status: os.stat_result) -> str | None:
    with suppress(OSError, ValueError):
        file = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
        for line in Path("/proc/locks").read_text("utf-8").splitlines():
            fields = line.split()
            if fields[1] == "FLOCK" and fields[5] == file and int(fields[4]) > 0:
                return f"process {fields[4]}"
    return None


def this_process() -> str:
    """Return what this process is called in the files of its locks."""
    return f"process {os.getpid()}"


def unlock(descriptor: int) -> None:
    """Release the lock of an open file: closing does not, if a fork inherited the descriptor."""
    with suppress(OSError):  # no locks there
        _unlock(descriptor)


class FileLock:
    """An exclusive lock on a file, which stays when the lock is released.

    Two objects exclude each other, in one process as well as in two. A forked child does not have
    the lock, and its end does not release it: it stays with the process that acquired it.
    """

    _descriptor: int | None = None  # of the file, while it is locked

    def __init__(self, file: Path) -> None:
        """Prepare to lock a file, which is made when it is locked.

        Args:
            file: The file; its folder exists.
        """
        self._file = file
        self._process = 0  # which has the lock
        self._guard = Lock()
        mind_forks(self)

    def acquire(self) -> bool:
        """Lock the file; return whether this was possible without waiting.

        Raises:
            StoreFormatError: A link, a pipe or a folder is in its place.
            StoreUnavailableError: The file system has no locks.
            OSError: The file cannot be opened or made.
        """
        with self._guard:
            if self._descriptor is not None:
                return False
            self._process = os.getpid()
            try:
                while True:
                    self._descriptor = _open(self._file)
                    if not _lock_file(self._descriptor, self._file):
                        self._close()
                        return False
                    if _is_named(self._descriptor, self._file):
                        return True
                    self._close()  # somebody removed the file meanwhile
            except BaseException:
                self._close()
                raise

    def read(self) -> str:
        """Return what the file says, which must be locked: the last that was written into it."""
        if self._descriptor is None:
            return ""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        return os.read(self._descriptor, LONGEST).decode("utf-8", "replace")

    def holder(self) -> str:
        """Return who has the lock, as it wrote into the file; "another process" if it did not."""
        with suppress(OSError):
            return self._file.read_text("utf-8", "replace")[:LONGEST] or ANOTHER
        return ANOTHER

    def write(self, text: str) -> None:
        """Write who has the lock into the file, which must be locked.

        Nothing is written into a file that has another name: that may be anybody's.
        """
        with self._guard:
            if self._descriptor is not None and os.fstat(self._descriptor).st_nlink < 2:
                os.lseek(self._descriptor, 0, os.SEEK_SET)
                os.ftruncate(self._descriptor, os.write(self._descriptor, text.encode()))

    def touch(self) -> None:
        """Show those who wait that the process which has the lock goes on."""
        with self._guard:
            if self._descriptor is not None:
                os.utime(self._descriptor if os.utime in os.supports_fd else self._file)

    def release(self) -> None:
        """Unlock the file; do nothing if it is not locked."""
        with self._guard:
            if self._descriptor is None:
                return
            if os.getpid() == self._process:  # in a child it may be dropped before `after_fork`
                unlock(self._descriptor)  # first: an interruption may follow
            self._close()

    def __del__(self) -> None:
        """Unlock the file of a lock that nobody released, as after an interruption."""
        self._close()

    def _close(self) -> None:
        # Forgotten first: after an interruption nobody closes what has the same number then
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    @property
    def descriptor(self) -> int | None:
        """Descriptor of the file while it is locked, to be inherited by whoever works for us."""
        return self._descriptor

    def after_fork(self) -> None:
        """Let go of the file without unlocking it: the lock is the parent's."""
        self._close()


def _open(file: Path) -> int:
    try:
        descriptor = os.open(file, OPENING, 0o600)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            raise
        raise _no_lock_file(file) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _no_lock_file(file)
    return descriptor


def _no_lock_file(file: Path) -> StoreFormatError:
    return StoreFormatError(
        f"{str(file)!r}, which is a link, a pipe or a folder",
        "a regular file, which can be locked",
        "remove it",
    )


def _is_named(descriptor: int, file: Path) -> bool:
    """Return whether an open file still has its name."""
    try:
        named, own = file.lstat(), os.fstat(descriptor)
    except FileNotFoundError:
        return False
    return (named.st_dev, named.st_ino) == (own.st_dev, own.st_ino)


def _lock_file(descriptor: int, file: Path) -> bool:
    """Lock an open file; return whether no other descriptor of it had the lock.

    Raises:
        StoreUnavailableError: The file system has no locks.
    """
    try:
        _lock(descriptor)
    except OSError as error:
        if error.errno in TAKEN:
            return False
        raise StoreUnavailableError(
            f"the file {str(file)!r} on a file system without locks ({error.strerror})",
            "a disk of this machine, where processes can keep out of each other's way",
            "name a folder on such a disk, or use a Qdrant server: docs/deploy.md",
        ) from error
    return True
