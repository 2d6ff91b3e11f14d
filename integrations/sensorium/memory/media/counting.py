"""The bytes of an owner's media files: counted once, then followed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sensorium.errors import StoreFormatError
from sensorium.qdrant.durability import NO_FOLLOW
from sensorium.qdrant.file_locks import unlock, wait_for_lock
from sensorium.qdrant.regular_files import is_regular_file
from sensorium.qdrant.system_errors import NO_ROOM

LONGEST = 32  # bytes of the file
CHANGING = b"?"  # begins the file while files change: if it stays, a process died at that


@dataclass
class Change:
    """How many bytes more there are after a change."""

    bytes: int = 0


class Count(Protocol):
    """The bytes of some files; every method but `held` is called within its block."""

    def held(self) -> AbstractContextManager[None]:
        """Keep other processes from changing the files until the `with` block ends.

        Raises:
            StoreLockedError: A process that changes them does not respond.
        """

    def total(self) -> int:
        """Return the bytes of all files."""

    def changing(self) -> AbstractContextManager[Change]:
        """Note how many bytes more there are when the `with` block ends, in which files change."""


class ProcessCount(Count):
    """A count that follows the changes of this process alone."""

    def __init__(self, walk: Callable[[], int]) -> None:
        """Count with a function that looks at every file."""
        self._walk = walk
        self._known: int | None = None

    def held(self) -> AbstractContextManager[None]:
        return nullcontext()

    def total(self) -> int:
        if self._known is None:
            self._known = self._walk()
        return self._known

    @contextmanager
    def changing(self) -> Iterator[Change]:
        change = Change()
        yield change
        if self._known is not None:
            self._known += change.bytes


class FileCount(Count):
    """A count in a file beside the files, which the processes of a machine follow together.

    Each process looks at every file once. They are looked at again if a process died in a change.
    """

    def __init__(self, file: Path, walk: Callable[[], int]) -> None:
        """Count in a file, which is made in a folder that exists.

        Args:
            file: Path of the file.
            walk: Function that looks at every file.
        """
        self._file = file
        self._walk = walk
        self._has_walked = False
        self._descriptor: int | None = None  # of the file, within `held`

    @contextmanager
    def held(self) -> Iterator[None]:
        self._descriptor = descriptor = self._open()
        if descriptor is None:
            yield
            return
        try:
            wait_for_lock(descriptor, str(self._file))
            try:
                yield
            finally:
                unlock(descriptor)
        finally:
            self._descriptor = None
            os.close(descriptor)

    def total(self) -> int:
        known = self._read() if self._has_walked else None
        if known is None:
            known = self._walk()
            self._write(b"%d\n" % known)
            self._has_walked = True
        return known

    @contextmanager
    def changing(self) -> Iterator[Change]:
        known, change = self._read(), Change()
        if known is not None:
            self._write(CHANGING)
        yield change
        if known is not None:
            self._write(b"%d\n" % (known + change.bytes))

    def _open(self) -> int | None:
        """Open the file; `None` where there are no files, or no room to count them.

        Raises:
            StoreFormatError: Something else is in its place.
        """
        is_regular_file(self._file)
        try:
            descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | NO_FOLLOW, 0o600)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno in NO_ROOM:
                return None
            raise
        if os.fstat(descriptor).st_nlink > 1:
            os.close(descriptor)
            raise StoreFormatError(
                f"{str(self._file)!r}, which is another name of a file elsewhere",
                "the number of bytes that are kept, which is written again and again",
                "remove this name of it",
            )
        return descriptor

    def _read(self) -> int | None:
        """Return the bytes; `None` if they must be counted."""
        if self._descriptor is None:
            return None
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        content = os.read(self._descriptor, LONGEST)
        digits, newline, _ = content.partition(b"\n")
        return int(digits) if newline and digits.isdigit() else None

    def _write(self, content: bytes) -> None:
        """Write the beginning of the file, or leave it empty if there is no room."""
        if self._descriptor is None:
            return
        try:
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, content)
        except OSError:
            os.ftruncate(self._descriptor, 0)
