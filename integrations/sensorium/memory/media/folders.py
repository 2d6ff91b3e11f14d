"""Folders of media files: a directory on this machine's disk, or a file system of fsspec."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from sensorium.encoders.forking import mind_forks
from sensorium.errors import MissingExtraError, StoreFullError, StoreUnavailableError
from sensorium.memory.media.parts import claimed
from sensorium.percepts.locations import redacted, without_credentials
from sensorium.qdrant.durability import sync_file, sync_folder, sync_parents
from sensorium.qdrant.edge.folder import removed_while_open
from sensorium.qdrant.erasing import Erasure, erase_files
from sensorium.qdrant.regular_files import (
    is_regular_file,
    is_regular_folder,
    open_regular_file,
)
from sensorium.qdrant.system_errors import NO_ROOM, translating

GRACE = timedelta(hours=1)  # a file younger than this may belong to a record being written
PART = "part-"  # begins the name of a file that is being written


class Folder(Protocol):
    """Files named by relative paths `"ab/abcdef....png"`, and parts that are to become files.

    Attributes:
        place: Path or URL of the folder, without a password.
    """

    place: str

    def path(self, inner: str) -> Path | None:
        """Return the path of a file, which need not exist; `None` if it is on another machine."""

    def open(self, inner: str) -> BinaryIO:
        """Open a file for reading.

        Raises:
            FileNotFoundError: There is no such file.
            StoreFormatError: A link or something else is in its place, or in that of a folder.
        """

    def size(self, inner: str) -> int | None:
        """Return the bytes of a file; `None` if there is no such file.

        Raises:
            StoreFormatError: A link or something else is in its place, or in that of a folder.
        """

    def modified(self, inner: str) -> datetime:
        """Return the time at which a file was written or renewed; now, if that is not known."""

    def walk(self) -> Iterator[tuple[str, int]]:
        """Yield the path and the bytes of every file."""

    def new_part(self) -> Path:
        """Return a path on this machine at which to write a new file."""

    def publish(self, part: Path, inner: str) -> None:
        """Make a finished part the file of a name, as a whole; it replaces a file of that name."""

    def renew(self, inner: str) -> bool:
        """Make a file as young as a new one; return whether that needed no writing."""

    def remove(self, inner: str) -> bool:
        """Remove a file; return whether there was one."""

    def erase(self, inner: str) -> Erasure:
        """Overwrite a file where that can be done, and remove it."""

    def erase_rest(self, busy: Collection[Path]) -> Erasure:
        """Erase parts, but for those that are being written, and remove empty folders.

        Args:
            busy: Parts that this process writes; the system tells which those of others are.
        """

    def remove_parts(self, *, before: datetime) -> tuple[int, int]:
        """Remove parts last written before a time; return how many, and their bytes."""

    def sync(self, inners: Iterable[str]) -> None:
        """Make files safe against loss of power; files that are gone are skipped."""


def open_folder(root: str, key: str, *, home: Path | None = None) -> Folder:
    """Return a folder, which its first file will make.

    Args:
        root: Directory or fsspec URL that holds the folder.
        key: Name of the folder.
        home: Folder of the memory that a directory belongs to, which is never made anew.
    Raises:
        MissingExtraError: The package that reaches such URLs is not installed.
        StoreUnavailableError: fsspec knows no URL of this kind.
    """
    if root.startswith("file://"):
        from urllib.request import url2pathname  # with all of HTTP, which nothing else here needs

        return LocalFolder(Path(url2pathname(urlsplit(root).path)) / key)
    if "://" in root:  # also in chains, such as simplecache::s3://bucket
        return RemoteFolder(root, key)
    return LocalFolder(Path(absolute_root(root)) / key, home=home)


def absolute_root(root: str) -> str:
    """Return a directory or URL by a name that is the same in every working directory."""
    return root if "://" in root else str(Path(root).expanduser().absolute())


def enough_room(place: str) -> AbstractContextManager[None]:
    """Turn the errors of a full disk into ours.

    Raises:
        StoreFullError: The disk has no room.
    """
    return translating(NO_ROOM, partial(_no_room, place))


def _no_room(place: str, error: OSError) -> StoreFullError:
    return StoreFullError(
        f"no room left at {place} ({error.strerror})",
        "free disk space",
        "free some, remove media (Memory.forget, Memory.sweep), or pass keep_media=False",
    )


class LocalFolder(Folder):
    """A directory on this machine's disk."""

    def __init__(self, directory: Path, *, home: Path | None = None) -> None:
        """Name a directory; the first file that is written makes it.

        Args:
            directory: The directory.
            home: Folder of the memory that it belongs to: made anew, it would hide that somebody
                removed the memory.
        """
        self.place = str(directory)
        self._directory = directory
        self._home = home

    def path(self, inner: str) -> Path:
        return self._directory / inner

    def open(self, inner: str) -> BinaryIO:
        self._check_folders(inner)
        return open_regular_file(self.path(inner))

    def size(self, inner: str) -> int | None:
        self._check_folders(inner)
        try:
            return self.path(inner).stat().st_size if is_regular_file(self.path(inner)) else None
        except FileNotFoundError:  # it was removed just now
            return None

    def modified(self, inner: str) -> datetime:
        return _modified(self.path(inner)) or datetime.now(timezone.utc)

    def walk(self) -> Iterator[tuple[str, int]]:
        is_regular_folder(self._directory)
        for directory in _entries(self._directory):
            if directory.is_dir(follow_symlinks=False):
                for entry in _entries(Path(directory.path)):
                    # A file may be removed while we look
                    with suppress(FileNotFoundError):
                        if entry.is_file(follow_symlinks=False):
                            yield f"{directory.name}/{entry.name}", entry.stat().st_size

    def new_part(self) -> Path:
        """Return a path on the disk of the directory, so that renaming it is atomic.

        Raises:
            StoreFormatError: The memory's folder was removed.
        """
        if self._home is not None and not self._home.is_dir():
            raise removed_while_open(self._home)
        if not is_regular_folder(self._directory):
            self._directory.mkdir(parents=True, exist_ok=True)
            sync_parents(self._directory)
        return self._directory / f"{PART}{uuid4().hex}"

    def publish(self, part: Path, inner: str) -> None:
        self._check_folders(inner)
        target = self.path(inner)
        target.parent.mkdir(exist_ok=True)
        try:
            part.replace(target)  # which replaces a link, and does not follow it
        except FileNotFoundError:  # another thread has just removed the folder, which was empty
            target.parent.mkdir(exist_ok=True)
            part.replace(target)

    def renew(self, inner: str) -> bool:
        # Only a file that is not young gets a new time: to a percept of it that is open, a file
        # with another time has changed
        try:
            if datetime.now(timezone.utc) - self.modified(inner) > GRACE / 2:
                os.utime(self.path(inner))
            return self.path(inner).exists()
        except FileNotFoundError:
            return False

    def remove(self, inner: str) -> bool:
        self._check_folders(inner)
        try:
            self.path(inner).unlink()
        except FileNotFoundError:
            return False
        return True

    def erase(self, inner: str) -> Erasure:
        self._check_folders(inner)
        return erase_files([self.path(inner)])

    def erase_rest(self, busy: Collection[Path]) -> Erasure:
        is_regular_folder(self._directory)
        entries = _entries(self._directory)
        parts = {Path(entry.path) for entry in entries if entry.name.startswith(PART)}
        erased = Erasure()
        for part in sorted(parts.difference(busy)):
            with claimed(part) as free:
                erased += erase_files([part]) if free else Erasure()
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                with suppress(OSError):  # it is not empty
                    Path(entry.path).rmdir()
        return erased

    def remove_parts(self, *, before: datetime) -> tuple[int, int]:
        count = size = 0
        is_regular_folder(self._directory)
        for entry in _entries(self._directory):
            path = Path(entry.path)
            if entry.name.startswith(PART) and (_modified(path) or before) < before:
                with suppress(FileNotFoundError), claimed(path) as free:
                    if free:
                        size += path.lstat().st_size
                        path.unlink()
                        count += 1
        return count, size

    def sync(self, inners: Iterable[str]) -> None:
        directories = set()
        for inner in inners:
            with suppress(FileNotFoundError):
                sync_file(self.path(inner))
                directories.add(self.path(inner).parent)
        if directories:
            media = self._directory.parent
            for directory in [*directories, self._directory, media, media.parent]:
                sync_folder(directory)

    def _check_folders(self, inner: str) -> None:
        """Check that no link leads from the root to a file.

        Raises:
            StoreFormatError: A folder on the way is a link.
        """
        if is_regular_folder(self._directory):
            is_regular_folder(self.path(inner).parent)


class RemoteFolder(Folder):
    """A folder of an object store or another machine; files are whole before they are sent."""

    def __init__(self, url: str, key: str) -> None:
        """Choose the file system; see `open_folder`. Few, such as ftp, connect already."""
        self._url = url
        shown = without_credentials(url)
        try:
            self._found, base = _file_system(url)
        except ImportError as error:
            raise MissingExtraError(
                f"the media folder {shown!r} ({self._shown(error)})",
                "that package",
                "install it with pip",
            ) from self._presentable(error)
        except MemoryError:
            raise
        except Exception as error:  # each file system brings its own classes
            raise StoreUnavailableError(
                f"the media folder {shown!r} ({self._shown(error)})",
                "a directory, or a URL of a kind that fsspec knows, such as s3://bucket/media",
                "correct the URL, and check that what it names can be reached",
            ) from self._presentable(error)
        self._base = f"{base.rstrip('/')}/{key}"
        self.place = f"{shown.rstrip('/')}/{key}"
        self._is_parents = False  # whether the file system was made before a fork
        mind_forks(self)

    def after_fork(self) -> None:
        """Leave the parent its file system, which may have threads and connections."""
        self._is_parents = True

    @property
    def _system(self) -> Any:
        """The file system of this process."""
        if self._is_parents:
            self._found, _ = _file_system(self._url)
            self._is_parents = False
        return self._found

    def path(self, inner: str) -> None:
        """Return `None`, because no file lies on this machine."""

    def open(self, inner: str) -> BinaryIO:
        with self._translating_errors():
            stream: BinaryIO = self._system.open(self._full(inner), "rb")
        return stream

    def size(self, inner: str) -> int | None:
        try:
            with self._translating_errors():
                return int(self._system.info(self._full(inner))["size"])
        except FileNotFoundError:
            return None

    def modified(self, inner: str) -> datetime:
        try:
            with self._translating_errors():
                written: datetime = self._system.modified(self._full(inner))
        except (FileNotFoundError, NotImplementedError):
            return datetime.now(timezone.utc)
        return written if written.tzinfo else written.replace(tzinfo=timezone.utc)

    def walk(self) -> Iterator[tuple[str, int]]:
        try:
            with self._translating_errors():
                self._system.invalidate_cache(self._base)
                found: dict[str, Any] = self._system.find(self._base, detail=True)
        except FileNotFoundError:
            return
        for path, info in found.items():
            yield "/".join(PurePosixPath(path).parts[-2:]), int(info["size"])

    def new_part(self) -> Path:
        """Return a path among this machine's temporary files."""
        return Path(tempfile.gettempdir()) / f"sensorium-{PART}{uuid4().hex}"

    def publish(self, part: Path, inner: str) -> None:
        with self._translating_errors():
            self._system.put_file(str(part), self._full(inner))

    def renew(self, inner: str) -> bool:
        """Return whether a file is young: to make it younger would be to write it again."""
        return datetime.now(timezone.utc) - self.modified(inner) < GRACE / 2

    def remove(self, inner: str) -> bool:
        try:
            with self._translating_errors():
                self._system.rm_file(self._full(inner))
        except FileNotFoundError:
            return False
        return True

    def erase(self, inner: str) -> Erasure:
        """Remove a file: what lies on another machine cannot be overwritten in its place."""
        size = self.size(inner)
        return Erasure(1, size or 0, untouched=1) if self.remove(inner) else Erasure()

    def erase_rest(self, busy: Collection[Path]) -> Erasure:
        """Do nothing: parts are temporary files of other machines, and folders are only names."""
        return Erasure()

    def remove_parts(self, *, before: datetime) -> tuple[int, int]:
        """Return zeros, because parts are temporary files of the machine that wrote them."""
        return 0, 0

    def sync(self, inners: Iterable[str]) -> None:
        """Do nothing, because what an object store has taken is safe."""

    def _full(self, inner: str) -> str:
        return f"{self._base}/{inner}"

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        """Turn the errors of a file system, each of which brings its own classes, into ours."""
        try:
            with enough_room(self.place):
                yield
        except (NotImplementedError, StoreFullError, MemoryError):  # which say nothing of the place
            raise
        except FileNotFoundError as error:
            if self._presentable(error) is None:
                raise FileNotFoundError(errno.ENOENT, "no such file", self.place) from None
            raise
        except Exception as error:
            raise StoreUnavailableError(
                f"the media at {self.place} ({type(error).__name__}: {self._shown(error)})",
                "a file system that answers",
                "check the network, the URL and the credentials, and try again",
            ) from self._presentable(error)

    def _shown(self, error: Exception) -> str:
        return redacted(str(error), self._url)

    def _presentable(self, error: Exception) -> Exception | None:
        """Return a cause, unless its message, which a traceback would show, repeats credentials."""
        text = f"{error} {error!r} {error.__cause__!r} {error.__context__!r}"
        return error if redacted(text, self._url) == text else None


def _file_system(url: str) -> tuple[Any, str]:
    """Return the file system of a URL, and its path there."""
    from fsspec.core import url_to_fs

    system, path = url_to_fs(url)
    return system, path


def _entries(directory: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except FileNotFoundError:
        return []


def _modified(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.lstat().st_mtime, timezone.utc)
    except FileNotFoundError:
        return None
