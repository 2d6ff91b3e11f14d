"""What became of the files that `sensorium remember` was given."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sensorium.cli.terminal import describe, describe_system, error_text
from sensorium.errors import SensoriumError

if TYPE_CHECKING:
    from sensorium.memory import Remembered

LISTED = 10  # of what was passed over
Error = SensoriumError | OSError


@dataclass
class Outcome:
    """What became of the files that were given.

    Attributes:
        senses: What each file is that could be looked at.
        skipped: What of the folders was passed over, and why.
        remembered: The record of each file; of `None` where there were only words.
        failures: Why others are not remembered.
    """

    senses: dict[Path, str] = field(default_factory=dict)
    skipped: dict[Path, str] = field(default_factory=dict)
    remembered: list[tuple[Path | None, Remembered]] = field(default_factory=list)
    failures: dict[Path, Error] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """How many records are new, replaced and known."""
        each = {done.id: done.status for _, done in reversed(self.remembered)}
        return {name: list(each.values()).count(name) for name in ("new", "replaced", "known")}

    @property
    def single(self) -> list[str]:
        """One line, where there is one record: its status and its id; else none."""
        lines = dict.fromkeys(f"{done.status}: {done.id}" for _, done in self.remembered)
        return list(lines) if len(lines) == 1 else []

    def to_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {
            **self.counts,
            "records": [
                {"file": path and str(path), "id": done.id, "status": done.status}
                for path, done in self.remembered
            ],
            "failures": [
                {"file": str(path), "error": _fields(error)}
                for path, error in self.failures.items()
            ],
            "skipped": [{"file": str(path), "why": why} for path, why in self.skipped.items()],
        }


def _fields(error: Error) -> dict[str, str]:
    return describe(error) if isinstance(error, SensoriumError) else describe_system(error)


def show(outcome: Outcome, *, said: bool) -> None:
    """Print what became of the files.

    Args:
        outcome: Of all of them.
        said: Whether tags or metadata were given, which known records do not get.
    """
    counts = outcome.counts
    left = "left as they were" if counts["known"] > 1 else "left as it was"
    if said:
        left += " (tags and metadata not applied; see: sensorium update)"
    lines = outcome.single or [
        f"{count} {name}: {_by_sense(outcome, name)}" for name, count in counts.items() if count
    ]
    for line in lines:
        typer.echo(f"{line}; {left}" if "known:" in line else line)
    if outcome.failures:
        typer.echo(f"{len(outcome.failures)} failed")
    for path, error in outcome.failures.items():
        typer.echo(f"{path}: {error_text(_fields(error))}", err=True)
    for path, why in list(outcome.skipped.items())[:LISTED]:
        typer.echo(f"{path}: skipped, {why}", err=True)
    if len(outcome.skipped) > LISTED:
        typer.echo(f"{len(outcome.skipped) - LISTED} more skipped: see --json", err=True)


def _by_sense(outcome: Outcome, status: str) -> str:
    """Write how many files of each sense are new, or known: "16 image, 9 audio"."""
    senses = Counter(
        outcome.senses[path] for path, done in outcome.remembered if path and done.status == status
    )
    return ", ".join(f"{count} {sense}" for sense, count in senses.most_common())
