"""What a layout of folders is, and the parts that a folder of it has."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sensorium.errors import SourceRefusedError
from sensorium.percepts.limits import Limits
from sensorium.percepts.motion.choice import Choice
from sensorium.sources.drafts import Draft


@dataclass(frozen=True)
class Asked:
    """What a caller asks of one part.

    Attributes:
        options: Units and the like, which go before those of the layout.
        every: Least seconds from one picture to the next.
        stretch: Longest motion that becomes one percept, in seconds.
        limits: Largest sizes that are accepted.
        known: What every reading of the folder says.
    """

    options: Mapping[str, Any]
    every: float
    stretch: float
    limits: Limits
    known: Mapping[str, Any] = field(default_factory=dict)


class Part(Protocol):
    """One sensor of a folder, as it becomes percepts.

    Attributes:
        name: Name by which it is chosen: `"imu"`, `"depth"`.
        modality: Modality of its percepts.
        options: Names of the options that it takes.
        done: Rows, or files, that were looked at so far.
    """

    @property
    def name(self) -> str: ...  # said above
    @property
    def modality(self) -> str: ...
    @property
    def options(self) -> Collection[str]: ...
    @property
    def done(self) -> int: ...

    def drafts(self, asked: Asked) -> Iterator[Draft]:
        """Yield what can be made a percept, in order of time."""

    def count(self) -> int:
        """Return how many rows, or files, there are, about."""


@dataclass(frozen=True)
class Contents:
    """What there is in a folder.

    Attributes:
        parts: What can be read.
        passed_over: Names of what is there and not read.
    """

    parts: Sequence[Part]
    passed_over: Sequence[str] = ()


class Layout(Protocol):
    """One way in which folders are laid out.

    Attributes:
        name: Word by which it is chosen: `"euroc"`.
        title: What such a folder is called in messages: `"EuRoC (ASL)"`.
    """

    name: str
    title: str

    def matches(self, path: Path) -> bool:
        """Return whether a folder is laid out so, by what is in it."""

    def contents(self, path: Path, limits: Limits, choice: Choice) -> Contents:
        """Return the parts of a folder that `matches`.

        Args:
            path: The folder.
            limits: Largest sizes that are accepted.
            choice: How its tables of motion are read, where the caller says it.

        Raises:
            PerceptError: A file that it needs is missing or damaged.
        """


def inside(folder: Path, path: Path) -> Path:
    """Return a path that a folder names, if it lies in the folder, links followed.

    Raises:
        SourceRefusedError: It does not: who may read the folder may not read all others.
    """
    if not path.resolve().is_relative_to(folder.resolve()):
        raise SourceRefusedError(
            f"{str(path)!r}, which is outside of the folder {str(folder)!r} that names it",
            "files of the folder itself",
            "move or copy them into the folder",
        )
    return path


def entries_of(folder: Path) -> list[Path]:
    """Return what is in a folder, sorted by name, without what is hidden."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
