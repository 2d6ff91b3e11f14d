"""An account of a folder: what became of each of its files, in as many lines as needed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sensorium.errors import SensoriumError, SourceRefusedError
from sensorium.percepts.locations import exists
from sensorium.sources.reasons import as_reason

NAMED = 3  # files of a line that are named in text

# What became of a file that was not passed over
READ, PARTLY, WAITING, EMPTY = "read", "read in part", "not read yet", "nothing in it"
REMEMBERED = "remembered"
KNOWN, AGAIN = "known already", "the same as another file of this run"
RULES, BESIDE = "rules for other files", "side files, read with the files beside them"
FAILED, LOCKED = "failed", "may not be read"
PLAIN = frozenset({READ, WAITING, REMEMBERED, KNOWN, RULES, BESIDE})  # files that need no names


@dataclass(frozen=True)
class Line:
    """Files that have become the same.

    Attributes:
        became: What they became: `"read"`, or why they were passed over.
        suffix: How their names end, in small letters; empty where that does not matter.
        remedy: What would read them; empty if nothing would, or they are read.
        count: How many they are, the files in folders that were passed over among them.
        paths: Their paths, and those of such folders.
    """

    became: str
    suffix: str
    remedy: str
    count: int
    paths: tuple[Path, ...]

    def __str__(self) -> str:
        line = f"{self.count:,} {self.suffix}: " if self.suffix else f"{self.count:,} "
        line += f"{self.became}: {self.remedy}" if self.remedy else self.became
        if self.became not in PLAIN and len(self.paths) <= NAMED:
            line += f" ({', '.join(path.name for path in self.paths)})"
        # Names may hold anything, such as what moves the cursor of a terminal
        return "".join(sign if sign.isprintable() else "?" for sign in line)

    def to_dict(self) -> dict[str, Any]:
        """Return it JSON-ready, without the paths."""
        return {
            "became": self.became,
            "suffix": self.suffix,
            "remedy": self.remedy,
            "count": self.count,
        }


class Account:
    """What became of the files of a walk: each is in exactly one line.

    A folder that cannot be listed, a link to a folder and whatever else is neither a file nor a
    folder count as one each. Of a folder that is passed over, or is one recording, all files count.
    """

    def __init__(self) -> None:
        """Begin an account of no file."""
        self._became: dict[Path, tuple[str, str, str]] = {}  # with the suffix and the remedy
        self._counts: dict[Path, int] = {}

    def put(self, path: Path, became: str, *, suffix: str = "", remedy: str = "") -> None:
        """Note what became of a file; what was noted of it before does not count any more.

        Args:
            path: The file, or a folder of which all files became the same.
            became: What they became.
            suffix: How the name ends, if such files are to be counted by it.
            remedy: What would read it.
        """
        if path not in self._counts:
            self._counts[path] = _files_in(path)
        self._became[path] = (became, suffix, remedy)

    def skip(self, path: Path, why: str) -> None:
        """Note that a file was passed over."""
        reason = as_reason(why)
        suffix = _suffix(path) if reason.by_suffix else ""
        self.put(path, reason.words, suffix=suffix, remedy=reason.remedy)

    def fail(self, path: Path, error: SensoriumError | OSError) -> None:
        """Note that a file could not be read, or a folder not be listed."""
        if isinstance(error, (SourceRefusedError, PermissionError)):
            self._counts.setdefault(path, 1)
            self.put(path, LOCKED)
        else:
            self.put(path, f"{FAILED}, {type(error).__name__}", suffix=_suffix(path))

    def read(self, path: Path, count: int, errors: Sequence[SensoriumError | OSError] = ()) -> None:
        """Note that a file was read.

        Args:
            path: The file.
            count: How many percepts there were in it.
            errors: Those of its parts that could not be read.
        """
        if errors and not count:
            self.fail(path, errors[0])
        else:
            self.put(path, PARTLY if errors else READ if count else EMPTY)

    @property
    def files(self) -> int:
        """Number of files of all lines."""
        return sum(self._counts.values())

    @property
    def lines(self) -> list[Line]:
        """The lines: what was read, then the others, those counted by suffix last."""
        paths: dict[tuple[str, str, str], list[Path]] = {}
        for path, became in self._became.items():
            if self._counts[path]:
                paths.setdefault(became, []).append(path)
        lines = [
            Line(*became, sum(self._counts[path] for path in of), tuple(of))
            for became, of in paths.items()
        ]
        return sorted(lines, key=_order)

    @property
    def readable(self) -> bool:
        """Whether an extra, an option or a rule would read one of the files passed over."""
        return any(remedy for _, _, remedy in self._became.values())

    def to_dict(self) -> dict[str, Any]:
        """Return the number of files and the lines, JSON-ready."""
        return {"files": self.files, "lines": [line.to_dict() for line in self.lines]}

    def __str__(self) -> str:
        return "\n".join(self._texts())

    def _texts(self) -> Iterator[str]:
        yield f"{self.files:,} file{'' if self.files == 1 else 's'}:"
        for line in self.lines:
            yield f"  {line}"


def _order(line: Line) -> tuple[Any, ...]:
    return (
        line.became not in PLAIN,
        bool(line.suffix),
        -line.count,
        line.became,
        line.suffix,
        line.remedy,
    )


def _suffix(path: Path) -> str:
    return path.suffix.lower() or "no suffix"


def _files_in(path: Path) -> int:
    """Count the files of a folder; what is no folder is one."""
    if not exists(path) or path.is_symlink() or not path.is_dir():
        return 1
    unlisted: list[OSError] = []
    count = 0
    for place, folders, files in os.walk(path, onerror=unlisted.append):
        count += len(files) + sum(Path(place, name).is_symlink() for name in folders)
    return count + len(unlisted)
