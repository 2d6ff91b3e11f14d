"""The outcome of `sensorium remember`: what became of each file."""

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

LISTED = 10  # skipped files that are named in text
Error = SensoriumError | OSError


@dataclass
class Outcome:
    """The results of a command for its files.

    Attributes:
        modalities: Modality of each file that was recognised.
        skipped: Files in the folders that were skipped, with the reason.
        remembered: Each remembered file with its record; `None` stands for words alone.
        failures: Files that could not be remembered, with the error.
    """

    modalities: dict[Path, str] = field(default_factory=dict)
    skipped: dict[Path, str] = field(default_factory=dict)
    remembered: list[tuple[Path | None, Remembered]] = field(default_factory=list)
    failures: dict[Path, Error] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """Number of records that are new, replaced and known."""
        statuses = {done.id: done.status for _, done in reversed(self.remembered)}
        return {name: list(statuses.values()).count(name) for name in ("new", "replaced", "known")}

    @property
    def reasons(self) -> dict[str, int]:
        """Number of failures by the name of their error, the most frequent first."""
        return dict(Counter(type(error).__name__ for error in self.failures.values()).most_common())

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


def print_outcome(outcome: Outcome, *, described: bool) -> None:
    """Print what became of the files.

    Args:
        outcome: Outcome of the command.
        described: Whether the command had tags or metadata, which known records do not get.
    """
    counts = outcome.counts
    left = "left as they were" if counts["known"] > 1 else "left as it was"
    if described:
        left += " (tags and metadata not applied; see: sensorium update)"
    lines = outcome.single or [
        f"{count} {name}: {_by_modality(outcome, name)}" for name, count in counts.items() if count
    ]
    for line in lines:
        typer.echo(f"{line}; {left}" if "known:" in line else line)
    for path, error in outcome.failures.items():
        typer.echo(f"{path}: {error_text(_fields(error))}", err=True)
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
        outcome.modalities[path]
        for path, done in outcome.remembered
        if path and done.status == status
    )
    return ", ".join(f"{count} {modality}" for modality, count in modalities.most_common())
