"""Where a memory lives: a folder, a server, or temporary folders that end with it."""

from __future__ import annotations

import logging
import os
import re
import shutil
import stat
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import TYPE_CHECKING, Any

from sensorium.encoders.forking import finalize
from sensorium.errors import ReadOnlyError, SensoriumError, StoreFormatError
from sensorium.memory.layout.ids import owner_key
from sensorium.memory.media.store import MediaStore
from sensorium.percepts.locations import without_credentials
from sensorium.qdrant import Backend, CollectionSchema, EdgeBackend
from sensorium.qdrant.durability import remove_unfinished
from sensorium.qdrant.edge.copying import check_space, copy_memory, length_of_files
from sensorium.qdrant.edge.folder import removed_while_open
from sensorium.qdrant.file_locks import FileLock
from sensorium.qdrant.read_only import ReadOnlyBackend
from sensorium.qdrant.regular_files import (
    check_tree,
    is_regular_file,
    is_regular_folder,
    make_regular_folder,
)
from sensorium.qdrant.shared import SharedBackend
from sensorium.qdrant.system_errors import NOT_WRITABLE, translating

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

logger = logging.getLogger(__name__)

HOME = "~/.sensorium"
OWNER = "me"  # owner of the memories of adapters and of the command line unless one is named
IN_PROCESS = ":memory:"
SERVER = re.compile(r"https?://", re.IGNORECASE)
# A scheme has at least two letters: a single one is a drive of Windows.
OTHER_SERVER = re.compile(r"[a-z][a-z0-9+.-]+:/.*|[\w.@[\]:-]{2,}:\d+(/.*)?", re.IGNORECASE)
MEDIA, CALIBRATION, STREAMS = "media", "calibration", "streams"  # folders beside the shard

PREFIX = "sensorium-"  # begins the names of temporary folders
ALIVE = "alive"  # file that the process which made a folder keeps locked while it lives
ABANDONED = 3600.0  # seconds after which nobody goes on writing a file
YOUNG = 60.0  # seconds for which a new folder may be without that lock: it is being made
IN_MEMORY = Path("/dev/shm")  # a file system in RAM, on Linux
LEAST_ROOM = 2**30  # free bytes it must have; containers often have 64 MiB


class Scratch:
    """The folders of a temporary memory: vectors in RAM if there is room, signals on disk.

    Folders that killed processes left behind are removed when the next ones are made.

    Attributes:
        shard: Folder of the vectors.
        media: Folder of the signals, on disk; `None` if they are not kept.
    """

    def __init__(self, *, keep_media: bool, size: int = 0) -> None:
        """Make the folders, and remove abandoned ones.

        Args:
            keep_media: Whether signals are kept.
            size: Bytes that the vectors are known to take.
        """
        for parent in (IN_MEMORY, Path(gettempdir())):
            _remove_abandoned(parent)
        vectors = _Folder(_folder_in_memory(LEAST_ROOM + size))
        signals = _Folder(None) if keep_media else None
        self._folders = [vectors, signals] if signals else [vectors]
        self.shard = str(vectors.path / "memory")
        self.media = str(signals.path / "media") if signals else None

    def remove(self) -> None:
        """Remove the folders; a second call does nothing."""
        for folder in self._folders:
            folder.remove()


class _Folder:
    """A temporary folder whose lock shows other processes that it is in use."""

    def __init__(self, parent: Path | None) -> None:
        self.path = Path(mkdtemp(prefix=PREFIX, dir=parent))
        self._lock = FileLock(self.path / ALIVE)
        self._lock.acquire()
        self._remove: Any = finalize(self, _remove_folder, self.path, self._lock)

    def remove(self) -> None:
        self._remove()


def _remove_folder(folder: Path, lock: FileLock) -> None:
    lock.release()
    shutil.rmtree(folder, ignore_errors=True)


def _folder_in_memory(room: int) -> Path | None:
    """Return the file system in RAM; `None` if it is missing, full or not ours to write to."""
    try:
        roomy = shutil.disk_usage(IN_MEMORY).free >= room
    except OSError:
        return None
    return IN_MEMORY if roomy and os.access(IN_MEMORY, os.W_OK | os.X_OK) else None


def _remove_abandoned(parent: Path) -> None:
    """Remove temporary folders of this user whose lock nobody holds."""
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


@dataclass(frozen=True)
class Place:
    """An open store, and the folders beside it.

    Attributes:
        backend: The collection.
        media: The store of the signals; `None` if they are not kept.
        state: Folder of what else is kept between runs; `None` on a server, or if only read.
        scratch: Folders of a temporary memory or a copy to read, removed on close.
        lent: Whether another memory closes the store.
    """

    backend: Backend
    media: MediaStore | None
    state: Path | None
    scratch: Scratch | None = None
    lent: bool = False

    def close(self) -> None:
        """Flush and release everything; a second call does nothing."""
        if self.media is not None and self.scratch is not None:
            self.media.abandon()
        elif self.media is not None:
            self.media.flush()
        if not self.lent:
            self.backend.close()
        if self.scratch is not None:
            self.scratch.remove()

    def borrowed(self, owner: str) -> Place:
        """Return the same place for another owner, who leaves it open when closing it."""
        media = self.media and self.media.for_owner(owner)
        return replace(self, media=media, scratch=None, lent=True)

    def media_left(self, owner: str) -> MediaStore | None:
        """Return the store of the signals, also if only an earlier opening of a folder kept any."""
        if self.media is not None or self.state is None:
            return self.media
        return MediaStore(self.state / MEDIA, owner=owner, home=self.state)

    def calibration_file(self, owner: str) -> Path | None:
        """Name the file of an owner's calibration sample; `None` without a state folder."""
        folder = self._state_folder(CALIBRATION)
        return folder and folder / f"{owner_key(owner)}.npz"

    def streams_folder(self, owner: str) -> Path | None:
        """Make the folder of an owner's running statistics; `None` without a state folder.

        Raises:
            StoreFormatError: The memory's folder was removed while open.
        """
        return self._state_folder(STREAMS, owner_key(owner))

    def _state_folder(self, *names: str) -> Path | None:
        if self.state is None:
            return None
        if not self.state.is_dir():
            raise removed_while_open(self.state)
        return make_regular_folder(self.state, *names)


def open_place(
    place: str | Path | QdrantClient,
    schema: CollectionSchema,
    *,
    owner: str,
    collection: str,
    api_key: str | None,
    prefer_grpc: bool,
    media: str | Path | None,
    keep_media: bool,
    media_quota: int | None,
    read_only: bool = False,
    share: bool = True,
) -> Place:
    """Open the place of a memory; `Memory.open` describes the arguments and the errors."""
    scratch: Scratch | None = None
    open_folder = SharedBackend.open if share else EdgeBackend.open
    text = _check_place(str(place)) if isinstance(place, (str, Path)) else ""
    state: Path | None = None
    if text == IN_PROCESS:
        if read_only:
            raise _nothing_to_read(text)
        scratch = Scratch(keep_media=keep_media and not media)
        backend: Backend = SharedBackend.open(scratch.shard, schema=schema, maker=os.getpid())
        root = str(media or scratch.media or "")
    elif text and not SERVER.match(text):
        state = Path(text).expanduser().absolute()
        _check_links(state, media=not media)
        if read_only:
            scratch, backend = _open_copy(state, schema)
        else:
            with translating(NOT_WRITABLE, partial(_not_writable, state)):
                backend = open_folder(text, schema=schema)
        root = str(media or state / MEDIA)
    else:
        from sensorium.qdrant.client.backend import ClientBackend

        backend = ClientBackend.open(
            place if not isinstance(place, Path) else text,
            schema=schema,
            collection=collection,
            api_key=api_key,
            prefer_grpc=prefer_grpc,
            begin=not read_only,
        )
        root = str(media or "")
    if keep_media and not root and not read_only:
        logger.warning(
            "sensorium: the signals themselves are not kept; say where with media=, "
            'for example media="s3://bucket/media", or keep_media=False to silence this'
        )
    shared = not isinstance(backend, (EdgeBackend, SharedBackend))
    try:
        if state is not None and not read_only:
            _remove_unfinished(state)
        store = (
            MediaStore(
                root,
                owner=owner,
                quota=media_quota,
                shared=shared,
                home=None if media else state,
                read_only=read_only,
            )
            if keep_media and root
            else None
        )
    except BaseException:
        backend.close()
        if scratch is not None:
            scratch.remove()
        raise
    if read_only:
        shown = str(state) if state else str(backend.stats()["place"])
        return Place(ReadOnlyBackend(backend, shown), store, None, scratch)
    return Place(backend, store, state, scratch)


def _open_copy(folder: Path, schema: CollectionSchema) -> tuple[Scratch, EdgeBackend]:
    """Open a temporary copy of a folder's vectors, as they are now; `folder` is only read."""
    check_space(folder, schema)
    scratch = Scratch(keep_media=False, size=length_of_files(folder))
    try:
        copy_memory(folder, Path(scratch.shard))
        return scratch, EdgeBackend.open(scratch.shard, schema=schema)
    except BaseException:
        scratch.remove()
        raise


def _not_writable(folder: Path, error: OSError) -> ReadOnlyError:
    return ReadOnlyError(
        f"the folder {str(folder)!r}, which cannot be written ({error.strerror})",
        "a folder of which this user may read and write all files",
        "to read a memory there, open it with read_only=True (--read-only); to write, name "
        "another folder or change its permissions",
    )


def _nothing_to_read(place: str) -> StoreFormatError:
    return StoreFormatError(
        f"{place!r} to be read only, where nothing is remembered yet",
        "a folder or a server in which something was remembered",
        "name it, or leave read_only out",
    )


def _check_links(folder: Path, *, media: bool) -> None:
    """Check that no link leads out of what lies beside the vectors of a memory.

    Single media files are checked when they are opened, as there may be many.

    Args:
        folder: Folder of the memory, which may be missing.
        media: Whether its media lie in it.
    Raises:
        StoreFormatError: A link does.
    """
    for name in (CALIBRATION, STREAMS):
        check_tree(folder / name)
    if media and is_regular_folder(folder / MEDIA):
        for path in (folder / MEDIA).iterdir():
            if path.is_symlink() or not path.is_dir():
                is_regular_file(path)


def _remove_unfinished(folder: Path) -> None:
    """Remove what killed writers left beside the vectors; what is young may be another's."""
    for place in (folder / CALIBRATION, *(folder / STREAMS).glob("*/")):
        remove_unfinished(place, older_than=ABANDONED)


def _check_place(place: str) -> str:
    """Check that a place is a folder, a URL of a server or `":memory:"`, and return it.

    Raises:
        StoreFormatError: It is blank, or looks like a server without being an http URL.
    """
    if not place.strip():
        raise StoreFormatError(
            f"{place!r} as the place of a memory",
            'a folder, the URL of a server, or ":memory:"',
            f"leave it out for {HOME}",
        )
    if OTHER_SERVER.fullmatch(place) and not SERVER.match(place):
        raise StoreFormatError(
            f"{without_credentials(place)!r} as the place of a memory",
            "the URL of a server with http or https, or a folder",
            'write "http://localhost:6333" (and prefer_grpc=True for gRPC), or "./" and a folder',
        )
    return place
