"""A mark that changes whenever vectors are removed, so that no process goes on with a sample."""

from __future__ import annotations

import secrets
from pathlib import Path

from sensorium.qdrant.durability import write_whole
from sensorium.qdrant.regular_files import open_regular_file

SUFFIX = ".removals"
LENGTH = 16  # characters of a mark


class Removals:
    """The mark of a sample's file. A sample is drawn between two looks at it, or drawn again."""

    def __init__(self, sample: Path) -> None:
        """Mark removals beside the file of a sample."""
        self._file = sample.with_suffix(SUFFIX)

    def mark(self) -> str:
        """Return the mark as it is now; empty if nothing was removed yet."""
        try:
            with open_regular_file(self._file) as stream:
                return stream.read(LENGTH).decode("ascii", "replace")
        except FileNotFoundError:
            return ""

    def change(self) -> None:
        """Change the mark, after vectors were removed or exchanged."""
        try:
            write_whole(self._file, secrets.token_hex(LENGTH // 2).encode(), safe=False)
        except FileNotFoundError:  # the memory's folder is gone
            return
        except OSError:  # a full disk: without a mark there is another one, too
            self._file.unlink(missing_ok=True)
