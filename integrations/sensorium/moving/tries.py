"""Notes of what is being tried, so that a row that ends its process is found and left out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from sensorium.memory.moving.shards import UNFINISHED

FATAL = 2  # processes that a row may end before it is left out


class Tries:
    """The tries of one shard. The notes stay if the process ends in between.

    Whoever tries the same rows again finds them, and goes row by row.

    Attributes:
        careful: Whether a try of the same rows did not come to its end.
    """

    def __init__(self, directory: Path, name: str) -> None:
        """Begin a try.

        Args:
            directory: Directory of the shards.
            name: Name of the shard.
        """
        self._file = directory / UNFINISHED / f"{name}.tries"
        self.careful = self._file.exists()
        notes = self._file.read_text("ascii").split() if self.careful else []
        self._begun = Counter(note for note in notes if not note.startswith("-"))
        self._begun.subtract(note[1:] for note in notes if note.startswith("-"))

    def is_fatal(self, key: str) -> bool:
        """Return whether the row of a key has ended several processes."""
        return self._begun[key] >= FATAL

    def begin(self, key: str) -> None:
        """Note that the row of a key is encoded."""
        self._note(f"{key}\n")

    def end(self, key: str) -> None:
        """Note that this is over, and that the process lives."""
        self._note(f"-{key}\n")

    def __enter__(self) -> Self:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._note("")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.unlink(missing_ok=True)

    def _note(self, text: str) -> None:
        with self._file.open("a", encoding="ascii") as file:
            file.write(text)
