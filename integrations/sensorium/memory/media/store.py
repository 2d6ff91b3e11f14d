"""One owner's media files, each under the digest of its content."""

from __future__ import annotations

import hashlib
import io
import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import BinaryIO

from sensorium.encoders.forking import Lock, mind_forks
from sensorium.errors import MediaNotFoundError, MediaQuotaError, RecordError
from sensorium.memory.checks import check_quota
from sensorium.memory.layout.ids import owner_key
from sensorium.memory.media.counting import Count, FileCount, ProcessCount
from sensorium.memory.media.folders import GRACE, LocalFolder, enough_room, open_folder
from sensorium.memory.media.parts import being_written
from sensorium.memory.receipts import Sweep
from sensorium.qdrant.durability import FlushTimer
from sensorium.qdrant.erasing import Erasure
from sensorium.qdrant.filters import check_owner
from sensorium.qdrant.read_only import refused

logger = logging.getLogger(__name__)

BLOCK = 2**20  # bytes copied and hashed at a time
COUNT = "bytes"  # file in an owner's folder that says how many bytes its media take
TAIL = 512  # bytes, a sector: what a loss of power leaves of a file's end is zero as a whole
NAME = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,8}")  # SHA-256 of the content, and extension
EXTENSION = re.compile(r"[a-z0-9]{1,8}")


class MediaStore:
    """One owner's media: files named by their content, on a disk or any file system fsspec knows.

    A file lies at `ROOT/<owner key>/<ab>/<sha256>.<extension>`; the owner key is a digest of the
    owner, so that one owner's store cannot name another's file. The same content twice is one file.
    All methods may be called from several threads.

    Attributes:
        owner: Owner of the files.
        quota: Largest number of bytes to keep; `None` sets no limit.
        shared: Whether other processes may write to it, too.
        read_only: Whether what would write raises `ReadOnlyError`.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        owner: str,
        quota: int | None = None,
        shared: bool = False,
        home: Path | None = None,
        read_only: bool = False,
    ) -> None:
        """Open a store; nothing is written, and no server is contacted yet.

        Args:
            root: A directory, or an fsspec URL such as `s3://bucket/media` or `memory://media`.
            owner: Owner of the files.
            quota: Largest number of bytes this owner may keep. On this machine's disk it holds for
                all processes together; elsewhere, or if `shared`, as far as this process knows.
            shared: Whether other processes may write to it, too. They may be about to write a
                record that names a young file, so `drop` leaves young files to `sweep`.
            home: Folder of the memory that `root` lies in, if it does: never made anew.
            read_only: Whether what would write raises `ReadOnlyError`.
        Raises:
            OwnerError: `owner` is not a valid name.
            ArgumentTypeError: `quota` is not a number of bytes.
            MissingExtraError: The package that reaches such URLs is not installed.
            StoreUnavailableError: fsspec knows no URL of this kind.
        """
        self.owner = check_owner(owner)
        check_quota(quota)
        self.quota = quota
        self.shared = shared
        self.read_only = read_only
        self._root = str(root)
        self._home = home
        self._folder = open_folder(self._root, owner_key(owner), home=home)
        # Held while a file gets or loses its name, and for the counts that follow from it
        self._lock = Lock()
        self._count = self._counted_together()
        self._reserved = 0  # bytes that writes in progress may add
        self._in_use: Counter[str] = Counter()  # calls that are about to write a name down
        self._loose: dict[str, float] = {}  # names kept without a list of names in use, and when
        self._parts: set[Path] = set()  # parts that are being written
        self._unsynced: set[str] = set()  # names written since the last flush
        local = isinstance(self._folder, LocalFolder)
        self._timer = FlushTimer(self._flush_late) if local else None
        mind_forks(self)

    def after_fork(self) -> None:
        """Be usable in a forked child: files in use there are those of its own calls."""
        self._reserved = 0
        self._in_use.clear()

    @property
    def root(self) -> str:
        """The directory or URL under which every owner's files lie."""
        return self._root

    def for_owner(self, owner: str) -> MediaStore:
        """Open another owner's store in the same place, with the same quota."""
        if owner == self.owner:
            return self  # which knows what is in use
        return MediaStore(
            self._root,
            owner=owner,
            quota=self.quota,
            shared=self.shared,
            home=self._home,
            read_only=self.read_only,
        )

    def put(
        self, content: bytes | BinaryIO, *, extension: str, in_use: list[str] | None = None
    ) -> str:
        """Keep content and return its name; content that is kept already is not written again.

        A file on this machine's disk that has lost its content, as after a loss of power, is
        written again.

        Args:
            content: Bytes, or a file object, which is read from its position to its end.
            extension: Extension of the file: 1 to 8 small letters and digits.
            in_use: List that gets the name: `drop` and `sweep` leave the file alone until the name
                is passed to `release`.
        Returns:
            `<sha256>.<extension>`. A file gets its name when all of it is written.
        Raises:
            MediaQuotaError: The store would grow beyond its quota, counting the writes in
                progress; nothing of the content is kept.
            StoreFullError: The disk has no room; nothing of the content is kept.
            StoreFormatError: The memory's folder was removed while open.
            StoreUnavailableError: A remote store cannot be reached.
            RecordError: The extension is not of this form.
        """
        self._check_writable()
        if not EXTENSION.fullmatch(extension):
            raise RecordError(
                f"the file extension {extension!r}", "1 to 8 small letters and digits", 'pass "png"'
            )
        stream = io.BytesIO(content) if isinstance(content, bytes) else content
        hold = _Hold()
        try:
            try:
                self._reserve(hold, _remaining(stream))
            except MediaQuotaError:
                # Content that is kept already needs no room
                known = self._known(stream, extension, in_use)
                if known is None:
                    raise
                return known
            return self._write(stream, extension, hold, in_use)
        finally:
            with self._lock:
                self._reserved -= hold.bytes

    def release(self, names: Iterable[str]) -> None:
        """Take back, once for each name, that it is in use; its file stays."""
        with self._lock:
            self._in_use.subtract(names)
            self._in_use = +self._in_use

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading, at its start; the caller closes it.

        Raises:
            MediaNotFoundError: No such file is kept (any more).
        """
        inner = _inner(name)
        try:
            return self._folder.open(inner)
        except FileNotFoundError as error:
            raise _not_found(name) from error

    def read(self, name: str) -> bytes:
        """Return a file's content.

        Raises:
            MediaNotFoundError: No such file is kept (any more).
        """
        with self.open(name) as stream:
            return stream.read()

    def path(self, name: str) -> Path | None:
        """Return the path of a file on this machine's disk; `None` in a remote store.

        Raises:
            MediaNotFoundError: No such file is kept (any more).
        """
        inner = _inner(name)
        if self._folder.size(inner) is None:
            raise _not_found(name)
        return self._folder.path(inner)

    def exists(self, name: str) -> bool:
        """Return whether a file is kept."""
        return _is_name(name) and self._folder.size(_inner(name)) is not None

    def intact(self, name: str, size: int) -> bool:
        """Return whether a file is kept and seems to be whole.

        A loss of power leaves files that are absent, cut short, or end in zeros; only one that ends
        in zeros is read as a whole.

        Args:
            name: Name of the file.
            size: Its bytes when it was kept.
        """
        inner = _inner(name)
        if self._folder.size(inner) != size:
            return False
        path = self._folder.path(inner)
        return path is None or not _ends_in_zeros(path) or _content_digest(path) == name[:64]

    def remove(self, names: Iterable[str]) -> int:
        """Remove files, and return how many of them were there.

        Raises:
            MediaNotFoundError: One of the names is not that of a media file; nothing is removed.
        """
        self._check_writable()
        wanted = {name: _inner(name) for name in names}
        removed = 0
        for name in wanted:
            with self._changing():
                removed += self._drop(name) is not None
        return removed

    def drop(self, names: Iterable[str]) -> int:
        """Remove files that no record names; return how many were removed.

        Names in use stay, see `put`; of a shared store young files, too, see `shared`. Another
        process may have kept one of them, for a record that it is about to write: it looks again.

        Raises:
            MediaNotFoundError: One of the names is not that of a media file; nothing is removed.
        """
        self._check_writable()
        if self.shared:
            before = datetime.now(timezone.utc) - GRACE
            names = [name for name in names if self._folder.modified(_inner(name)) < before]
        wanted = {name: _inner(name) for name in names}
        removed = 0
        for name in wanted:
            with self._changing():
                removed += not self._in_use[name] and self._drop(name) is not None
        return removed

    def names(self) -> Iterator[str]:
        """Yield the name of every file, in no particular order."""
        for name, _ in self._named():
            yield name

    def bytes_used(self) -> int:
        """Return the bytes kept: counted once, then followed as they change.

        Of a folder on this machine's disk they are followed with all of its processes; of a shared
        or a remote store as far as this process changes them.
        """
        if self.read_only:
            return self._walk()  # which others may change
        with self._changing():
            return self._count.total()

    def sweep(
        self, keep: Collection[str] | Callable[[str], bool], *, older_than: timedelta = GRACE
    ) -> Sweep:
        """Remove files that no record names, and what interrupted writes have left.

        Args:
            keep: Names of the files to keep, or a function that returns whether to keep a name.
            older_than: Age of the youngest file to remove: the record of a younger one may be
                about to be written.
        """
        self._check_writable()
        wanted = keep if callable(keep) else keep.__contains__
        before = datetime.now(timezone.utc) - older_than
        files, size = self._folder.remove_parts(before=before)
        for name in self.names():
            if wanted(name):
                continue
            # Under the lock, because a write that finds the file there makes it young again
            with self._changing():
                old = not self._in_use[name] and self._folder.modified(_inner(name)) < before
                dropped = self._drop(name) if old else None
            if dropped is not None:
                files, size = files + 1, size + dropped
        return Sweep(files, size)

    def erase(self, keep: Collection[str], *, forgotten: Collection[str] = ()) -> Erasure:
        """Overwrite and remove files that no record names, and what interrupted writes have left.

        A file that a record is about to name stays: one in use, see `put`, or of a shared store one
        younger than an hour; and for an hour one that this process kept without saying so.

        Args:
            keep: Names of the files that records name.
            forgotten: Names that a record had which is gone: they are not spared for the last
                reason.
        """
        self._check_writable()
        total = Erasure()
        for name in self.names():
            with self._changing():
                if name in keep or self._may_be_named(name, name in forgotten):
                    continue
                size = self._folder.size(_inner(name)) or 0
                with self._count.changing() as change:
                    erased = self._folder.erase(_inner(name))
                    change.bytes -= size
                self._unsynced.discard(name)
            total += erased
        if self.shared:
            return total
        with self._lock:
            return total + self._folder.erase_rest(self._parts)

    def flush(self) -> None:
        """Make what was written safe against loss of power, which a timer does after a second.

        Raises:
            OSError: The disk failed; the next flush tries again.
        """
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            names, self._unsynced = self._unsynced, set()
        try:
            with enough_room(self._folder.place):
                self._folder.sync([_inner(name) for name in names])
        except OSError:
            with self._lock:
                self._unsynced |= names
            raise

    def abandon(self) -> None:
        """Cancel every pending flush, because the folder is about to be removed."""
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._unsynced.clear()

    def _counted_together(self) -> Count:
        """Return the count of the bytes: of a disk's folder one for all processes of the machine.

        Of a shared store, processes of other machines change more than this one can follow.
        """
        if self.shared or self.read_only or not isinstance(self._folder, LocalFolder):
            return ProcessCount(self._walk)
        return FileCount(self._folder.path(COUNT), self._walk)

    def _walk(self) -> int:
        return sum(size for _, size in self._named())

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Keep other threads and processes from giving or taking names, until the block ends."""
        with self._lock, self._count.held():
            yield

    def _check_writable(self) -> None:
        if self.read_only:
            raise refused(self._folder.place)

    def _flush_late(self) -> None:
        """Flush on the timer, where nobody waits: after a failure the next flush tries again."""
        try:
            self.flush()
        except OSError as error:
            logger.warning("sensorium: flushing media failed: %s", error)

    def _write(
        self, stream: BinaryIO, extension: str, hold: _Hold, in_use: list[str] | None
    ) -> str:
        """Copy a stream to a part while hashing it, and give that its name."""
        digest, size = hashlib.sha256(), 0
        with enough_room(self._folder.place), self._new_part() as part:
            with part.open("wb") as file:
                while block := stream.read(BLOCK):
                    size += len(block)
                    self._reserve(hold, size)
                    digest.update(block)
                    file.write(block)
            name = f"{digest.hexdigest()}.{extension}"
            self._publish(part, name, size, hold, in_use)
        return name

    @contextmanager
    def _new_part(self) -> Iterator[Path]:
        """Make a file that is being written, and remove it at the end if it got no name."""
        while True:
            part = self._folder.new_part()
            self._parts.add(part)
            try:
                with being_written(part) as begun:
                    if begun:
                        yield part
                        return
            finally:
                part.unlink(missing_ok=True)
                self._parts.discard(part)

    def _publish(
        self, part: Path, name: str, size: int, hold: _Hold, in_use: list[str] | None
    ) -> None:
        """Give a part its name, unless a file of that name and content is there."""
        inner = _inner(name)
        # Outside the lock, because a long film takes a while to read
        damaged = self._differs(name, part)
        with self._changing():
            existing = self._folder.size(inner)
            # A file of another size was cut short by a crash
            if existing != size or damaged or not self._folder.renew(inner):
                if self.quota is not None:  # other processes may have written since it was reserved
                    self._check_quota(size, beside=self._count.total() - (existing or 0))
                with self._count.changing() as change:
                    self._folder.publish(part, inner)
                    change.bytes += size - (existing or 0)
                self._reserved -= hold.bytes
                hold.bytes = 0
            self._use(name, in_use)
            # Also if it was there: whoever wrote it just now may die before it is safe
            self._unsynced.add(name)
        if self._timer is not None:
            self._timer.wrote()

    def _known(self, stream: BinaryIO, extension: str, in_use: list[str] | None) -> str | None:
        """Return the name of content that is kept already; the stream is read to its end."""
        digest = hashlib.sha256()
        while block := stream.read(BLOCK):
            digest.update(block)
        name = f"{digest.hexdigest()}.{extension}"
        damaged = self._is_damaged(name)
        with self._lock:
            inner = _inner(name)
            if damaged or self._folder.size(inner) is None:
                return None
            self._use(name, in_use)
            self._folder.renew(inner)
        return name

    def _use(self, name: str, in_use: list[str] | None) -> None:
        """Note that a call is about to write a name down; the caller holds the lock."""
        if in_use is not None:
            in_use.append(name)
            self._in_use[name] += 1
        else:
            self._loose[name] = time.monotonic()

    def _is_damaged(self, name: str) -> bool:
        """Return whether a file on this machine's disk has another content than it was kept for."""
        path = self._folder.path(_inner(name))
        try:
            return path is not None and _content_digest(path) != name[:64]
        except FileNotFoundError:
            return False

    def _differs(self, name: str, part: Path) -> bool:
        """Return whether a file on this machine's disk has another content than a part.

        Comparing is several times faster than computing the file's digest.
        """
        path = self._folder.path(_inner(name))
        try:
            return path is not None and not _have_same_content(path, part)
        except FileNotFoundError:
            return False

    def _reserve(self, hold: _Hold, size: int) -> None:
        """Reserve `size` bytes of the quota, beside those that other writes have reserved."""
        with self._lock:
            more = size - hold.bytes
            if self.quota is None or more <= 0:
                return
            with self._count.held():
                used = self._count.total()
            self._check_quota(size, beside=used + self._reserved - hold.bytes)
            self._reserved += more
            hold.bytes = size

    def _check_quota(self, size: int, *, beside: int) -> None:
        """Check that a file of `size` bytes fits into the quota beside others."""
        if self.quota is not None and beside + size > self.quota:
            raise MediaQuotaError(
                f"{size} bytes or more, with {beside} of {self.quota} bytes used",
                f"a quota of at least {beside + size} bytes",
                "raise the quota, forget memories and sweep, or pass keep_media=False",
            )

    def _drop(self, name: str) -> int | None:
        """Remove a file and return its bytes; `None` if there was no such file."""
        inner = _inner(name)
        size = self._folder.size(inner)
        if size is None:
            return None
        with self._count.changing() as change:
            removed = self._folder.remove(inner)
            change.bytes -= size if removed else 0
        self._unsynced.discard(name)
        return size if removed else None

    def _may_be_named(self, name: str, forgotten: bool) -> bool:
        """Return whether somebody may be about to write a name down; the caller holds the lock."""
        if self.shared:
            before = datetime.now(timezone.utc) - GRACE
            return self._in_use[name] > 0 or self._folder.modified(_inner(name)) >= before
        kept = self._loose.get(name)
        loose = kept is not None and time.monotonic() - kept < GRACE.total_seconds()
        return self._in_use[name] > 0 or (loose and not forgotten)

    def _named(self) -> Iterator[tuple[str, int]]:
        for inner, size in self._folder.walk():
            folder, _, name = inner.rpartition("/")
            if _is_name(name) and folder == name[:2]:
                yield name, size


class _Hold:
    """The bytes of the quota that one write has reserved."""

    bytes: int = 0


def _is_name(name: object) -> bool:
    return isinstance(name, str) and NAME.fullmatch(name) is not None


def _inner(name: str) -> str:
    """Return the path of a file in its owner's folder; anything but a name is refused."""
    if not _is_name(name):
        raise _not_found(name)
    return f"{name[:2]}/{name}"


def _content_digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _have_same_content(path: Path, other: Path) -> bool:
    with path.open("rb") as file, other.open("rb") as its:
        while block := file.read(BLOCK):
            if block != its.read(BLOCK):
                return False
        return not its.read(1)


def _ends_in_zeros(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - TAIL))
        return not any(file.read())


def _not_found(name: object) -> MediaNotFoundError:
    return MediaNotFoundError(
        f"the media file {str(name)!r}",
        "a file that this owner keeps",
        "see Record.media for what was kept; it may have been swept since, or is shared no more",
    )


def _remaining(stream: BinaryIO) -> int:
    """Return the bytes from the position of a stream to its end; 0 if it does not tell."""
    if not stream.seekable():
        return 0
    here = stream.tell()
    end = stream.seek(0, io.SEEK_END)
    stream.seek(here)
    return max(0, end - here)
