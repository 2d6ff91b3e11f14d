"""The sound of a folder, one percept that is read when it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sensorium.percepts.audio import Audio
from sensorium.sources.drafts import Draft
from sensorium.sources.folders.layout import Asked
from sensorium.sources.stamps import moment_of


@dataclass
class Sound:
    """A file of sound.

    Attributes:
        name: Name of the part.
        path: The file.
        start: When it starts, in nanoseconds since 1970; `None` if nothing tells it.
        clock: Where the start is from, in words.
        modality: Always `"audio"`.
        done: 1 once the file was looked at.
        options: None.
    """

    name: str
    path: Path
    start: int | None
    clock: str
    modality: str = "audio"
    done: int = 0
    options: frozenset[str] = frozenset()

    def count(self) -> int:
        """Return 1."""
        return 1

    def drafts(self, asked: Asked) -> Iterator[Draft]:
        """Yield the sound."""
        self.done = 1
        yield Draft(self.name, self.start or 0, lambda: self._make(asked))

    def _make(self, asked: Asked) -> Audio:
        at = None if self.start is None else moment_of(self.start)
        sound = Audio(self.path, at=at, uri=self.path.as_uri(), limits=asked.limits)
        reading = {"part": self.name, "modality": "audio", "at": self.clock if at else "unknown"}
        return sound.with_reading({**reading, **asked.known})
