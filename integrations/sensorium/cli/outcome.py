"""The outcome of `sensorium remember`: what became of each file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from sensorium.cli.dating import Dated, Dating
from sensorium.cli.taken import TakenFile, taken_lines
from sensorium.cli.terminal import describe, describe_system, error_text
from sensorium.errors import SensoriumError

if TYPE_CHECKING:
    from sensorium.memory import Remembered
    from sensorium.percepts import Percept

LISTED = 10  # skipped files that are named in text
Error = SensoriumError | OSError


class Taken(NamedTuple):
    """A percept that was read, without its content."""

    path: Path
    modality: str
    reading: Mapping[str, Any]
    dated: Dated


@dataclass
class Outcome:
    """The results of a command for its files.

    Attributes:
        skipped: Files in the folders that were skipped, with the reason.
        side_files: Files that say when and where others were taken, each with the other.
        files: What was read of each file.
        remembered: Each percept that was taken with its record; `None` stands for words alone.
        failures: Files that could not be remembered, with the first error.
        more_failures: How many other parts of such a file could not be remembered.
    """

    skipped: dict[Path, str] = field(default_factory=dict)
    side_files: dict[Path, Path] = field(default_factory=dict)
    files: dict[Path, TakenFile] = field(default_factory=dict)
    remembered: list[tuple[Taken | None, Remembered]] = field(default_factory=list)
    failures: dict[Path, Error] = field(default_factory=dict)
    more_failures: Counter[Path] = field(default_factory=Counter)

    def take(self, path: Path, percept: Percept, dated: Dated) -> Taken:
        """Note that a percept was read of a file, and when it was."""
        self.files.setdefault(path, TakenFile()).add(percept)
        return Taken(path, percept.modality, percept.reading, dated)

    def note_side_files(self, dating: Dating) -> None:
        """Note which of the files that were skipped say when and where others were taken."""
        for side, path in dating.heeded.items():
            self.side_files[side] = path
            self.skipped.pop(side, None)
        self.skipped |= dating.damaged

    def fail(self, path: Path, error: Error) -> None:
        """Note that a file, or a part of it, could not be remembered."""
        if path in self.failures:
            self.more_failures[path] += 1
        else:
            self.failures[path] = error

    @property
    def counts(self) -> dict[str, int]:
        """Number of records that are new, replaced and known."""
        statuses = {done.id: done.status for _, done in reversed(self.remembered)}
        return {name: list(statuses.values()).count(name) for name in ("new", "replaced", "known")}

    @property
    def reasons(self) -> dict[str, int]:
        """Number of failures by the name of their error, the most frequent first."""
        counts = Counter(type(error).__name__ for error in self.failures.values())
        return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))

    @property
    def dated(self) -> dict[str, int]:
        """Number of files that were remembered, by what said when they were; the most first."""
        says = [t.dated.by for t, done in self.remembered if t and done.status != "known"]
        return dict(Counter(by for by in says if by).most_common())

    @property
    def single(self) -> list[str]:
        """The status and id of the record, if there is exactly one; otherwise empty."""
        lines = dict.fromkeys(f"{done.status}: {done.id}" for _, done in self.remembered)
        return list(lines) if len(lines) == 1 else []

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON."""
        return {
            **self.counts,
            "failed": self.reasons,
            "records": [
                {
                    "file": taken and str(taken.path),
                    "id": done.id,
                    "status": done.status,
                    "reading": dict(taken.reading) if taken else {},
                    **_dated(taken, done),
                }
                for taken, done in self.remembered
            ],
            "failures": [
                {
                    "file": str(path),
                    "error": _fields(error),
                    "more": self.more_failures.get(path, 0),
                }
                for path, error in self.failures.items()
            ],
            "skipped": [{"file": str(path), "why": why} for path, why in self.skipped.items()],
            "side_files": [
                {"file": str(side), "of": str(path)} for side, path in self.side_files.items()
            ],
        }


def _dated(taken: Taken | None, done: Remembered) -> dict[str, str | None]:
    """Return when a record is and what says so; a known one is of the time that it had."""
    if taken is None or done.status == "known":
        return {"at": None, "dated_by": None}
    return {"at": taken.dated.shown, "dated_by": taken.dated.by}


def _fields(error: Error) -> dict[str, str]:
    return describe(error) if isinstance(error, SensoriumError) else describe_system(error)


def print_outcome(outcome: Outcome, *, described: bool) -> None:
    """Print what was taken of the files, and what became of them.

    Args:
        outcome: Outcome of the command.
        described: Whether the command had tags or metadata, which known records do not get.
    """
    for line in taken_lines(outcome.files):
        typer.echo(line)
    counts = outcome.counts
    left = "left as they were" if counts["known"] > 1 else "left as it was"
    if described:
        left += " (tags and metadata not applied; see: sensorium update)"
    lines = outcome.single or [
        f"{count} {name}: {_by_modality(outcome, name)}" for name, count in counts.items() if count
    ]
    for line in lines:
        typer.echo(f"{line}; {left}" if "known:" in line else line)
    if dated := outcome.dated:
        first, *others = (f"{count} dated by {by}" for by, count in dated.items())
        typer.echo(", ".join([first, *(each.replace("dated ", "", 1) for each in others)]))
    for path, error in outcome.failures.items():
        more = outcome.more_failures.get(path)
        also = f" (and {more} more of this file)" if more else ""
        typer.echo(f"{path}: {error_text(_fields(error))}{also}", err=True)
    for path, why in list(outcome.skipped.items())[:LISTED]:
        typer.echo(f"{path}: skipped, {why}", err=True)
    if len(outcome.skipped) > LISTED:
        typer.echo(f"{len(outcome.skipped) - LISTED} more skipped: see --json", err=True)
    if outcome.failures:
        reasons = ", ".join(f"{count} {name}" for name, count in outcome.reasons.items())
        typer.echo(f"{len(outcome.failures)} failed: {reasons}")


def _by_modality(outcome: Outcome, status: str) -> str:
    """Write how many files of each modality have a status: "16 image, 9 audio"."""
    modalities = Counter(
        taken.modality for taken, done in outcome.remembered if taken and done.status == status
    )
    return ", ".join(f"{count} {modality}" for modality, count in modalities.most_common())
