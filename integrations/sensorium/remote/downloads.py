"""Media that were fetched from a server, kept as files while the memory is open."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sensorium.encoders.forking import Lock
from sensorium.errors import StoreFormatError, show
from sensorium.memory.media.signals import name_of, percept_of
from sensorium.memory.records import DIGEST, Medium
from sensorium.memory.temporary_folders import TemporaryFolder, remove_abandoned
from sensorium.percepts import Percept
from sensorium.remote.connection import Connection


class Downloads:
    """Fetches each medium once, into a temporary folder of its own.

    What others share is fetched each time: it may be shared no more.
    """

    def __init__(self, connection: Connection) -> None:
        """Fetch by `connection`; nothing is fetched yet."""
        self._connection = connection
        self._folder: TemporaryFolder | None = None
        self._lock = Lock()
        self._others: set[str] = set()  # digests of media that others share

    def open(self, medium: Medium) -> Percept:
        """Fetch a medium, and open it.

        Raises:
            ArgumentTypeError: `medium` is not a medium.
            MediaNotFoundError: It was not kept, or its file is gone.
            StoreFormatError: The server names or sends something else; see `path`.
        """
        return percept_of(medium, self.path(medium))

    def path(self, medium: Medium) -> Path:
        """Return where the file of a medium lies, fetched if it was not yet.

        Raises:
            MediaNotFoundError: It was not kept, or is gone.
            StoreFormatError: The server names it by what is no digest, or sends another file.
        """
        name, digest = name_of(medium), medium.digest
        # It becomes a path here: a server might write anywhere by another name
        if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
            raise _distrusted(f"a medium with the digest {show(digest)}", "64 hexadecimal digits")
        with self._lock:
            path = self._made() / digest
            if path.exists() and digest not in self._others:
                return path
            part = path.with_suffix(".part")
            try:
                with self._connection.download(f"/media/{digest}") as coming:
                    _write(part, coming.pieces, name, medium.bytes)
                (self._others.discard if coming.may_be_kept else self._others.add)(digest)
                part.replace(path)
            finally:
                with suppress(FileNotFoundError):
                    part.unlink()
            return path

    def _made(self) -> Path:
        if self._folder is None:
            remove_abandoned(Path(tempfile.gettempdir()))
            self._folder = TemporaryFolder(of="fetched-")
        return self._folder.path

    def close(self) -> None:
        """Remove what was fetched."""
        with self._lock:
            if self._folder is not None:
                self._folder.remove()
                self._folder = None


def _write(file: Path, pieces: Iterator[bytes], name: str, size: int) -> None:
    """Write what a server sends, as long as it may be the file of that name and size.

    Raises:
        StoreFormatError: It is longer, or another file.
    """
    digest, read = hashlib.sha256(), 0
    with file.open("wb") as stream:
        for piece in pieces:
            read += len(piece)
            if read > size:
                raise _distrusted(f"more than {size} bytes of {show(name)}", f"{size} bytes")
            digest.update(piece)
            stream.write(piece)
    if digest.hexdigest() != name.partition(".")[0]:
        raise _distrusted(
            f"a file with the SHA-256 {digest.hexdigest()} for {show(name)}",
            "the file whose SHA-256 its name says",
        )


def _distrusted(came: str, needed: str) -> StoreFormatError:
    return StoreFormatError(
        f"{came} from a server",
        needed,
        "call verify() where the memory is, and do not trust a server that is not yours",
    )
