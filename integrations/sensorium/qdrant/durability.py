"""What keeps a write safe: files replaced as a whole, and a flush soon after a write."""

from __future__ import annotations

import logging
import os
import re
import secrets
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue

from sensorium.encoders.forking import Lock, finalize, mind_forks
from sensorium.errors import StoreError

logger = logging.getLogger(__name__)

UNFINISHED = ".new"  # ends the name of a file that is being written
# Also as they were before: .NAME.PID
UNFINISHED_NAME = re.compile(r"\..+\.([0-9a-f]{16}\.new|[0-9]+)")
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)  # Windows has no such flag
FLUSH_AFTER = 1.0  # seconds from the last write to the flush that makes it safe against power loss
FLUSH_WITHIN = 5.0  # seconds from a write to that flush at most, while more writes follow


class FlushTimer:
    """Calls a flush once writes pause, or some seconds after the first, in a thread of its own.

    The thread lasts as long as the timer: the allocator keeps some memory of each new one.

    Attributes:
        error: Error of the last flush on the timer, until `take_error` returns it.
    """

    def __init__(self, flush: Callable[[], None]) -> None:
        """Prepare a timer.

        Args:
            flush: A bound method; the timer does not keep its object alive.
        """
        self._flush = weakref.WeakMethod(flush)
        self._first: float | None = None  # time of the first write that is not flushed; monotonic
        self._last = 0.0  # of the last one
        self._calls: SimpleQueue[None] | None = None  # to the thread, once there is one
        self._lock = Lock()
        self.error: StoreError | None = None
        mind_forks(self)

    def wrote(self) -> None:
        """Note a write: it will be flushed soon."""
        with self._lock:
            self._last = time.monotonic()
            if self._first is None:
                self._first = self._last
                self._wake()

    def cancel(self) -> None:
        """Cancel the pending flush, because the caller flushes now."""
        with self._lock:
            self._first = None

    def after_fork(self) -> None:
        """Forget the pending flush in a forked child: the parent has the thread that does it."""
        self._first = self._calls = None

    def take_error(self) -> StoreError | None:
        """Return the error of the last flush on the timer, and forget it."""
        error, self.error = self.error, None
        return error

    def _wake(self) -> None:
        """Have the thread look at the clock."""
        if self._calls is None:
            # Python may collect the timer in any thread, also in that which waits for a call: what
            # ends the thread may take no lock. This queue is made for that, an event is not.
            self._calls = SimpleQueue()
            work = threading.Thread(
                target=_serve, args=(weakref.ref(self), self._calls), name="flush", daemon=True
            )
            finalize(self, self._calls.put, None).atexit = False
            work.start()
        self._calls.put(None)

    def _work(self) -> float | None:
        """Flush if it is time; return the seconds until then, `None` if nothing is to be done."""
        with self._lock:
            if self._first is None:
                return None
            due = min(self._last + FLUSH_AFTER, self._first + FLUSH_WITHIN)
            wait = due - time.monotonic()
            if wait > 0:
                return wait
            self._first = None
        flush = self._flush()
        try:
            if flush is not None:
                flush()
        except StoreError as error:
            # Nobody waits for this thread: the next flush of the caller raises the error.
            self.error = error
            logger.warning("sensorium: flushing failed: %s", error)
        return None


def _serve(timer: weakref.ref[FlushTimer], calls: SimpleQueue[None]) -> None:
    """Do the work of a timer, for as long as it lives."""
    wait: float | None = None
    while True:
        with suppress(Empty):
            calls.get(timeout=wait)
        there = timer()
        if there is None:
            return
        try:
            wait = there._work()
        except BaseException:
            there._calls = None  # the next write has a new thread
            raise
        del there


def write_whole(file: Path, content: bytes, *, safe: bool = True, private: bool = False) -> None:
    """Write a file so that a crash or a loss of power leaves the old content or the new.

    Several threads or processes may write the same file: the last one wins. A link in the place of
    the file is replaced, not followed.

    Args:
        file: Path of the file; its folder exists.
        content: All of the new content.
        safe: Whether the content is safe against loss of power when this returns.
        private: Whether only this user may read the file.
    Raises:
        OSError: The file cannot be written, or not be made safe.
    """
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(8)}{UNFINISHED}")
    # Never opens what is there already, be it a file or a link
    mode = 0o600 if private else 0o666
    stream = os.fdopen(os.open(temporary, NEW_FILE, mode), "wb")
    try:
        with stream:
            stream.write(content)
            stream.flush()
            if safe:
                os.fsync(stream.fileno())
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if safe:
        sync_folder(file.parent)


def is_unfinished(name: str) -> bool:
    """Return whether a file of this name is one that `write_whole` did not finish."""
    return UNFINISHED_NAME.fullmatch(name) is not None


def remove_unfinished(folder: Path, *, older_than: float = 0) -> None:
    """Remove the files that killed writers left in a folder.

    Args:
        folder: The folder, which may be missing.
        older_than: Seconds since a file was written to. Zero if nobody can be writing there.
    """
    before = time.time() - older_than
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if not is_unfinished(entry.name) or entry.is_dir(follow_symlinks=False):
                continue
            with suppress(FileNotFoundError):
                if not older_than or entry.stat(follow_symlinks=False).st_mtime < before:
                    Path(entry.path).unlink()


def sync_file(file: Path) -> None:
    """Make the content of a file safe against loss of power; a link is not followed.

    Raises:
        OSError: It is missing, or the disk failed.
    """
    descriptor = os.open(file, (os.O_RDWR if os.name == "nt" else os.O_RDONLY) | NO_FOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder safe against loss of power.

    Raises:
        OSError: It is missing, or the disk failed.
    """
    if os.name == "nt":  # Windows keeps the names safe itself
        return
    with suppress(PermissionError):  # a folder that its user may write to and not read
        sync_file(folder)


def sync_parents(folder: Path) -> None:
    """Make the name of a folder safe, and those of the folders above it on the same disk."""
    disk = folder.stat().st_dev
    for parent in folder.parents:
        if parent.stat().st_dev != disk:
            break
        with suppress(OSError):  # those that are not ours were safe before
            sync_folder(parent)


def sync_tree(folder: Path) -> None:
    """Make everything in a folder safe against loss of power, and its own name.

    Files may be renamed meanwhile, as Edge renames its next log in a thread of its own: those of
    new names are made safe, too.

    Raises:
        OSError: It is missing, or the disk failed.
    """
    for place, _, _ in os.walk(folder):
        _sync_files(Path(place))
        sync_folder(Path(place))
    sync_folder(folder.parent)


def _sync_files(folder: Path) -> None:
    synced: set[str] = set()
    while new := {each.name for each in folder.iterdir() if not each.is_dir()} - synced:
        for name in new:
            with suppress(FileNotFoundError):
                sync_file(folder / name)
        synced |= new
