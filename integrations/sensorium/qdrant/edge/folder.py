"""The folder of an embedded memory: its lock, and the description that names its shard."""

from __future__ import annotations

import json
import socket
import weakref
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sensorium.encoders.forking import finalize
from sensorium.errors import SensoriumError, StoreFormatError, StoreLockedError
from sensorium.qdrant.durability import is_unfinished, write_whole
from sensorium.qdrant.erasing import erase_folder
from sensorium.qdrant.file_locks import ANOTHER, FileLock, this_process
from sensorium.qdrant.regular_files import check_tree, is_regular_file, open_regular_file
from sensorium.qdrant.schema import CollectionSchema

DESCRIPTION = "sensorium.json"
SHARD = "shard"  # the folder of the shard, unless the description names another
SHARD_KEY = "shard"  # of the description
LOCK, HOLDER = "lock", "lock.pid"
SOCKET, PORT = "socket", "port"  # where the process that has the folder open answers others
SHARING = "sharing"
LOCKS = "locks"  # folder of the locks of those who write
TOKENS, TOKENS_LOCK = "tokens.toml", "tokens.lock"  # who is let in by a server of the memory
LONGEST_HOLDER = 500  # bytes
CONFIG = "edge_config.json"  # Edge's own, in the folder of a shard


class FolderLock:
    """The right of this process to use a folder; one backend holds it at a time.

    A holder that is not closed releases the folder when the interpreter exits.
    """

    def __init__(self, folder: Path, *, sharing: bool = False) -> None:
        """Lock the folder.

        Args:
            folder: Folder of the memory.
            sharing: Whether this process will answer others that open the folder.
        Raises:
            StoreLockedError: Another process, or another backend of this one, has it open; the
                message names the process.
            StoreFormatError: Something else is in the place of the lock's files.
        """
        _check_lock(folder)
        self._lock = FileLock(folder / LOCK)
        if not self._lock.acquire():
            raise locked_error(folder)
        self._folder = folder
        # No other file gets this inode while the lock keeps its file open
        self._identity = identity_of(folder)
        note_opener(folder, sharing=sharing)
        self._release_later: Any = finalize(self, self._lock.release)
        self._holder: weakref.ref[object] = weakref.ref(self)

    @property
    def identity(self) -> tuple[int, int] | None:
        """What tells the folder from every other, and from a copy of it, while it is locked."""
        return self._identity

    @property
    def descriptor(self) -> int | None:
        """Descriptor of the lock's file, for a process that works on the folder for this one."""
        return self._lock.descriptor

    def check(self, shard: Path | None = None) -> None:
        """Check that the folder is still the one that was locked.

        Args:
            shard: Folder of a shard that must be there, too.
        Raises:
            StoreFormatError: It was removed or replaced: what is written now would be lost.
        """
        without_shard = shard is not None and not (shard / CONFIG).exists()
        if without_shard or identity_of(self._folder) != self._identity:
            raise removed_while_open(self._folder)

    def hold_for(self, holder: object) -> None:
        """Hand the lock to a backend: it is released with that one, no longer with the one before.

        Args:
            holder: The backend that uses the folder from now on.
        """
        self._release_later.detach()
        self._release_later = finalize(holder, self._lock.release)
        self._holder = weakref.ref(holder)

    def release(self, holder: object) -> None:
        """Release the folder, if `holder` is the backend that holds it."""
        if self._holder() is holder:
            self._release_later()


def is_unlocked(folder: Path) -> bool:
    """Return whether nobody has a folder locked; for a moment, this process has."""
    lock = FileLock(folder / LOCK)
    try:
        return lock.acquire()
    except (OSError, SensoriumError):  # the folder is gone
        return False
    finally:
        lock.release()


def removed_while_open(folder: Path) -> StoreFormatError:
    """Return the error for a folder that somebody removed under an open memory."""
    return StoreFormatError(
        f"the memory {str(folder)!r}, which was removed or replaced while open",
        "the folder that was opened, with its files",
        "close this memory, put the folder back from a copy, and open it again",
    )


def identity_of(folder: Path) -> tuple[int, int] | None:
    """Return what tells a folder from every other, by its lock's file; `None` if it is gone."""
    try:
        status = (folder / LOCK).stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _check_lock(folder: Path) -> None:
    """Check the files of a lock: locking may empty the file.

    Raises:
        StoreFormatError: One is a link, a pipe or a folder, or a file with content elsewhere.
    """
    is_regular_file(folder / HOLDER)
    file = folder / LOCK
    if is_regular_file(file) and file.stat().st_size and file.stat().st_nlink > 1:
        raise StoreFormatError(
            f"{str(file)!r}, which is another name of a file with content",
            "the file of a lock, which may be emptied",
            "remove this name of it",
        )


@dataclass(frozen=True)
class Opener:
    """The process that has a folder open, as it says itself.

    Attributes:
        name: The process in words, with the machine if it is another.
        sharing: Whether it answers others that open the folder.
        elsewhere: Whether it runs on another machine, so that it cannot be asked.
    """

    name: str
    sharing: bool
    elsewhere: bool


def read_opener(folder: Path) -> Opener:
    """Read which process has a folder open, or had it last: "another process" if nobody says."""
    try:
        with open_regular_file(folder / HOLDER) as stream:
            lines = stream.read(LONGEST_HOLDER).decode("utf-8", "replace").split("\n")
    except OSError:  # whoever opens the folder hears what is wrong with it
        lines = [""]
    process, machine, sharing = (*lines, "", "")[:3]  # earlier versions wrote the first line only
    elsewhere = machine not in ("", _machine())
    name = process or ANOTHER
    if elsewhere:
        name = f"{name} on {machine}"
    elif process == this_process():
        name = "this process"
    return Opener(name, sharing == SHARING, elsewhere)


def locked_error(folder: Path) -> StoreLockedError:
    """Return the error for a folder that another process has open and does not share."""
    opener = read_opener(folder)
    return StoreLockedError(
        f"the memory {str(folder)!r}, which {opener.name} has open",
        "a folder that nobody has open, or that its opener shares",
        "close it there (memory.close()), or open it there without share=False; over a network, "
        "share one server: docs/deploy.md",
    )


def note_opener(folder: Path, *, sharing: bool) -> None:
    """Write that this process has a folder open, in a new file: an old one may be a link.

    Args:
        folder: The folder, which this process has locked.
        sharing: Whether it answers others that open the folder.
    """
    content = "\n".join((this_process(), _machine(), SHARING if sharing else "alone"))
    write_whole(folder / HOLDER, content.encode(), safe=False)


def _machine() -> str:
    """Name this machine; containers have names of their own, as they do not see our processes."""
    return socket.gethostname()[:200]


def read_description(folder: Path) -> tuple[CollectionSchema, str | None] | None:
    """Read the schema of a folder's memory and the name of its shard.

    Returns:
        `None` if the folder has no description. The name is `None` if the shard was being made.
    Raises:
        StoreFormatError: The folder holds something else, or its description is damaged.
        SchemaVersionError: The memory was written with another version of the layout.
    """
    file = folder / DESCRIPTION
    if not is_regular_file(file):
        others = kept_beside(folder)
        if others and SHARD not in others:
            raise StoreFormatError(
                f"the folder {str(folder)!r}, which holds {others[0]!r} and no memory",
                "an empty or new folder, or one that Sensorium made",
                "name another folder",
            )
        return None
    try:
        with open_regular_file(file) as stream:
            fields = json.loads(stream.read().decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise StoreFormatError(
            f"{str(file)!r}, which is damaged ({error})", "the JSON Sensorium wrote", "restore it"
        ) from error
    schema = CollectionSchema.from_dict(fields, place=f"the memory {str(folder)!r}")
    return schema, _shard_name(fields.get(SHARD_KEY, SHARD))


def kept_beside(folder: Path) -> list[str]:
    """Return the names in a memory's folder that are not its description's or its lock's."""
    own = (DESCRIPTION, LOCK, HOLDER, SOCKET, PORT, LOCKS, TOKENS, TOKENS_LOCK)
    names = (path.name for path in folder.iterdir())
    return sorted(name for name in names if name not in own and not is_unfinished(name))


def _shard_name(name: object) -> str | None:
    """Check the name of a shard's folder: it lies within the memory's folder."""
    if name is None:
        return None
    if isinstance(name, str) and name.startswith(SHARD) and name.replace("-", "").isalnum():
        return name
    raise StoreFormatError(
        f"a description that names {name!r} as the shard", f"{SHARD!r}", "restore it from a copy"
    )


def write_description(folder: Path, schema: CollectionSchema, shard: str | None) -> None:
    """Write the schema and the name of the shard, which this makes the shard of the memory.

    Args:
        folder: Folder of the memory.
        schema: Layout of the collection.
        shard: Name of the shard's folder; `None` while the first one is being made.
    """
    fields = {**schema.to_dict(), SHARD_KEY: shard}
    write_whole(folder / DESCRIPTION, json.dumps(fields, indent=2).encode())


def shards_in(folder: Path) -> list[Path]:
    """Return the folders of shards in a memory's folder; a link is none."""
    return [path for path in folder.glob(f"{SHARD}*") if path.is_dir() and not path.is_symlink()]


def check_shards(folder: Path) -> None:
    """Check that no shard is, or holds, a link: Edge would follow it.

    Raises:
        StoreFormatError: One does, or holds a pipe or a device.
    """
    for path in folder.glob(f"{SHARD}*"):
        if path.is_dir() or path.is_symlink():
            check_tree(path)


def drop_stray_shards(folder: Path, shard: str | None) -> None:
    """Remove every shard but one: what remains of an earlier shard, or of one half made."""
    for path in shards_in(folder):
        if path.name != shard:
            erase_folder(path)


def bytes_on_disk(folder: Path) -> int:
    """Count the bytes of the blocks in use: Edge's files are longer than what is in them."""
    used = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # Edge renames its next log in a thread of its own
            used += path.stat().st_blocks * 512 if path.is_file() else 0
    return used
