"""The outcome of `sensorium remember`: what became of each file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from sensorium.cli.dating import Dated
from sensorium.cli.notes import note_lines, notes_by_file
from sensorium.cli.taken import TakenFile, taken_lines
from sensorium.cli.terminal import describe, describe_system, error_text
from sensorium.errors import MissingExtraError, SensoriumError

if TYPE_CHECKING:
    from sensorium.memory import Remembered
    from sensorium.percepts import Percept
    from sensorium.sources import Account, Reason
    from sensorium.sources.finding import FoundFile

Error = SensoriumError | OSError


class Taken(NamedTuple):
    """A percept that was read, without its content."""

    path: Path
    modality: str
    reading: Mapping[str, Any]
    dated: Dated


def _new_account() -> Account:
    from sensorium.sources.account import Account

    return Account()


@dataclass
class Outcome:
    """The results of a command for its files.

    Attributes:
        together: Whether all files are one record.
        found: The files to read, by their paths.
        account: What became of each file of the folders, and of those that were given.
        skipped: Files in the folders that were skipped, with the reason.
        side_files: Files that belong to the records of others, each with the other: they say when
            and where it was taken, or are the film of a photo, the
            subtitles of a video.
        files: What was read of each file.
        remembered: Each percept that was taken with its record; `None` stands for words alone.
        failures: Files that could not be remembered, with the first error.
        more_failures: How many other parts of such a file could not be remembered.
    """

    together: bool = False
    found: dict[Path, FoundFile] = field(default_factory=dict)
    account: Account = field(default_factory=_new_account)
    skipped: dict[Path, Reason] = field(default_factory=dict)
    side_files: dict[Path, Path] = field(default_factory=dict)
    files: dict[Path, TakenFile] = field(default_factory=dict)
    remembered: list[tuple[Taken | None, Remembered]] = field(default_factory=list)
    failures: dict[Path, Error] = field(default_factory=dict)
    more_failures: Counter[Path] = field(default_factory=Counter)

    def take(self, path: Path, percept: Percept, dated: Dated) -> Taken:
        """Note that a percept was read of a file, and when it was."""
        self.files.setdefault(path, TakenFile()).add(percept)
        return Taken(path, percept.modality, percept.reading, dated)

    def skip(self, path: Path, why: Reason) -> None:
        """Note that a file is not read."""
        self.skipped[path] = why
        self.account.skip(path, why)

    def fail(self, path: Path, error: Error) -> None:
        """Note that a file, or a part of it, could not be remembered.

        One of a folder is skipped where only an extra is missing.
        """
        from sensorium.sources.reasons import needs_extra

        walked = path in self.found and not self.found[path].given
        if isinstance(error, MissingExtraError) and walked:
            self.skip(path, needs_extra(error))
        elif path in self.failures:
            self.more_failures[path] += 1
        else:
            self.failures[path] = error

    def settle(self) -> None:
        """Note in the account what became of each file that was found."""
        from sensorium.sources.account import EMPTY, PARTLY

        records: dict[Path, list[Remembered]] = {}
        for taken, done in self.remembered:
            if taken is not None:
                records.setdefault(taken.path, []).append(done)
        self.side_files |= {
            found.side: path
            for path, found in self.found.items()
            if found.side is not None and found.side not in self.skipped
        }
        before: set[str] = set()  # ids of the records of earlier files
        for path, found in self.found.items():
            own = records.get(path, [])
            self.side_files |= dict.fromkeys(found.parts, path)
            error = self.failures.get(path)
            if own:
                self.account.put(path, PARTLY if error else _became(own, before))
            elif error is not None:
                self.account.fail(path, error)
            elif path not in self.skipped:
                self.account.put(path, EMPTY)
            before |= set() if self.together else {done.id for done in own}

    @property
    def tells_more(self) -> bool:
        """Whether the account says more than how many files are remembered and known."""
        from sensorium.sources.account import PLAIN

        walked = self.skipped or any(not found.given for found in self.found.values())
        return bool(walked) and any(line.became not in PLAIN for line in self.account.lines)

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
    def notes(self) -> dict[Path, list[str]]:
        """What somebody may want to know of files: that one is damaged, or very quiet."""
        return notes_by_file(taken for taken, _ in self.remembered if taken)

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
            "skipped": [
                {"file": str(path), "why": why.words, "remedy": why.remedy}
                for path, why in self.skipped.items()
            ],
            "side_files": [
                {"file": str(side), "of": str(path)} for side, path in self.side_files.items()
            ],
            "notes": [{"file": str(path), "notes": notes} for path, notes in self.notes.items()],
            "account": self.account.to_dict(),
        }


def _became(own: Sequence[Remembered], before: Set[str]) -> str:
    """Return what became of a file with these records, if earlier files have those of `before`."""
    from sensorium.sources.account import AGAIN, KNOWN, REMEMBERED

    if all(done.id in before for done in own):
        return AGAIN
    return KNOWN if all(done.status == "known" for done in own) else REMEMBERED


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
    for line in note_lines(outcome.notes):
        typer.echo(line)
    for path, error in outcome.failures.items():
        more = outcome.more_failures.get(path)
        also = f" (and {more} more of this file)" if more else ""
        typer.echo(f"{path}: {error_text(_fields(error))}{also}", err=True)
    if outcome.failures:
        reasons = ", ".join(f"{count} {name}" for name, count in outcome.reasons.items())
        typer.echo(f"{len(outcome.failures)} failed: {reasons}")
    if outcome.tells_more:
        typer.echo(outcome.account)


def _by_modality(outcome: Outcome, status: str) -> str:
    """Write how many records of each modality have a status: "16 image, 9 audio"."""
    statuses = {done.id: done.status for _, done in reversed(outcome.remembered)}
    records = dict.fromkeys(
        (done.id, taken.modality) for taken, done in outcome.remembered if taken
    )
    modalities = Counter(name for of, name in records if statuses[of] == status)
    return ", ".join(f"{count} {modality}" for modality, count in modalities.most_common())
