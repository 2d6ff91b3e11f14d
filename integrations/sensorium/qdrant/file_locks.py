"""Locks on open files, which the system releases when their process ends, however it ends."""

from __future__ import annotations

import os
import random
import sys
import time

from sensorium.errors import StoreLockedError

PATIENCE = 30.0  # seconds to wait for another process, which holds such a lock for milliseconds
POLL = 0.002  # seconds between two tries, on average
FAR = 2**30  # byte that is locked on Windows, where nobody may read what is locked


def try_lock(descriptor: int) -> bool:
    """Lock an open file; return whether no other descriptor of it had the lock.

    A file system that knows no locks lets everybody have it.
    """
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # no locks there
        return True
    return True


def wait_for_lock(descriptor: int, name: str) -> None:
    """Lock an open file, as soon as no other process has the lock.

    Args:
        descriptor: Descriptor of the file, to be passed to `unlock`.
        name: Path of the file, for people.
    Raises:
        StoreLockedError: Another process does not give it up.
    """
    deadline = time.monotonic() + PATIENCE
    while not try_lock(descriptor):
        if time.monotonic() > deadline:
            raise StoreLockedError(
                f"{name!r}, which another process has locked for {PATIENCE:.0f} seconds",
                "processes that go on",
                "look for one that was stopped or hangs, and end it",
            )
        time.sleep(random.uniform(0, 2 * POLL))


def unlock(descriptor: int) -> None:
    """Release the lock of an open file: closing does not, if a fork inherited the descriptor."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
        return
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    except OSError:  # no locks there
        return
