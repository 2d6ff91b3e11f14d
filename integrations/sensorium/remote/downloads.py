"""Media that were fetched from a server, kept as files while the memory is open."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from sensorium.encoders.forking import Lock
from sensorium.memory.media.signals import name_of, percept_of
from sensorium.memory.records import Medium
from sensorium.memory.temporary_folders import TemporaryFolder, remove_abandoned
from sensorium.percepts import Percept
from sensorium.remote.connection import Connection


class Downloads:
    """Fetches each medium once, into a temporary folder of its own."""

    def __init__(self, connection: Connection) -> None:
        """Fetch by `connection`; nothing is fetched yet."""
        self._connection = connection
        self._folder: TemporaryFolder | None = None
        self._lock = Lock()

    def open(self, medium: Medium) -> Percept:
        """Fetch a medium, and open it.

        Raises:
            ArgumentTypeError: `medium` is not a medium.
            MediaNotFoundError: It was not kept, or its file is gone.
        """
        return percept_of(medium, self.path(medium))

    def path(self, medium: Medium) -> Path:
        """Return where the file of a medium lies, fetched if it was not yet.

        Raises:
            MediaNotFoundError: It was not kept, or is gone.
        """
        name_of(medium)
        digest = medium.digest
        with self._lock:
            path = self._made() / digest
            if path.exists():
                return path
            part = path.with_suffix(".part")
            try:
                with (
                    self._connection.download(f"/media/{quote(digest)}") as pieces,
                    part.open("wb") as file,
                ):
                    for piece in pieces:
                        file.write(piece)
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
