"""A sensor whose folder is there, and whose table is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sensorium.errors import SourceNotFoundError
from sensorium.sources.drafts import Draft, failing
from sensorium.sources.folders.layout import Asked


@dataclass
class Absent:
    """A part that fails by itself, so that the others are read by who wants to be told.

    Attributes:
        name: Name of the part.
        modality: What its percepts would be.
        folder: The folder that is there.
        table: The file that is not.
        done: Always 0, as there is nothing to look at.
        options: None.
    """

    name: str
    modality: str
    folder: Path
    table: Path
    done: int = 0
    options: frozenset[str] = frozenset()

    def count(self) -> int:
        """Return 0."""
        return 0

    def drafts(self, asked: Asked) -> Iterator[Draft]:
        """Yield what cannot be made."""
        error = SourceNotFoundError(
            f"the folder {str(self.folder)!r} without {str(self.table)!r}, which has its times",
            "both",
            "fetch the rest of the recording; or leave the part out: parts=[...]",
        )
        yield failing(self.name, 0, error)
