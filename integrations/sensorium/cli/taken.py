"""What was taken of each file: one line for each whose numbers had to be understood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium.cli.notes import NOTES

if TYPE_CHECKING:
    from sensorium.percepts import Percept

LISTED = 10  # files that are described in text
NOUNS = {"imu": "motion"}  # for modalities whose name is no word
# Parts of a reading that are said otherwise, or by `look` alone
UNSAID = frozenset(
    (
        *("modality", "number", "log_time", "topic", "part", "type", "layout"),
        *("page", "pages", "slide", "slides", "chapter", "book", "message", "messages", "until"),
        *("seconds", "letters", "stretch"),
    )
)

SAID = frozenset({"at", "every", "samples", "pose", "passed_over"})  # in one line, too much


@dataclass
class TakenFile:
    """The percepts that were read of one file.

    Attributes:
        counts: How many there are of each modality.
        first: The earliest time that one has; `None` if none has.
        last: The latest.
        line: The first percept in words; empty if there was nothing to understand.
    """

    counts: Counter[str] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None
    line: str = ""

    def add(self, percept: Percept) -> None:
        """Count one more percept."""
        if not self.counts:
            self.line = ", ".join(_words(percept)) if _told(percept) else ""
        self.counts[percept.modality] += 1
        if percept.at is not None:
            self.first = min(self.first or percept.at, percept.at)
            self.last = max(self.last or percept.at, percept.at)

    def __str__(self) -> str:
        words = self.line
        if sum(self.counts.values()) > 1:
            words = ", ".join(f"{count} {each}" for each, count in self.counts.most_common())
        if self.first is None or self.last is None:
            return words
        ends = [f"{at.astimezone():%Y-%m-%d %H:%M}" for at in (self.first, self.last)]
        return f"{words}, at {' to '.join(dict.fromkeys(ends))}"


def understood(percept: Percept) -> dict[str, Any]:
    """Return what somebody had to understand of a percept's file, by name: its units, columns."""
    return {**percept.units, **{k: v for k, v in percept.reading.items() if k not in UNSAID}}


def taken_lines(files: Mapping[Path, TakenFile]) -> Iterator[str]:
    """Yield a line for each file of whose content something had to be understood, at most ten."""
    told = {path: file for path, file in files.items() if file.line or len(file.counts) > 1}
    for path, file in list(told.items())[:LISTED]:
        yield f"{path.name}: {file}"
    if len(told) > LISTED:
        yield f"and {len(told) - LISTED} more: see --json, or run: sensorium look"


def _told(percept: Percept) -> dict[str, Any]:
    """Return what is said of it in its line; notes have their own."""
    return {name: value for name, value in understood(percept).items() if name not in NOTES}


def _words(percept: Percept) -> Iterator[str]:
    """Yield what a percept is, how large, and what was taken from where in which unit."""
    from sensorium.percepts import IMU

    yield NOUNS.get(percept.modality, percept.modality)
    if isinstance(percept, IMU):
        yield f"{len(percept.samples)} samples at {percept.rate:.6g} Hz"
    for name, value in _told(percept).items():
        if name in SAID:
            continue
        said = " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
        unit = percept.units.get(name)
        if isinstance(unit, str) and value != unit and "[" not in said:
            said += f" [{unit}]"
        yield f"{name} {said}"
