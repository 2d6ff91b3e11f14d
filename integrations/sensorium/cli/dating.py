"""When and where the record of a file is: by `--at`, by the file, by what stands beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium.cli.values import parse_time
from sensorium.errors import PerceptError

if TYPE_CHECKING:
    from sensorium.percepts import Percept
    from sensorium.sources.side_files import SideFile

AUTO, CAPTURED, MODIFIED, NOW = "auto", "captured", "modified", "now"
OWN, FILE_TIME = "the file's own times", "the file's modification time"


@dataclass(frozen=True)
class Dated:
    """When and where the record of a percept is.

    Attributes:
        at: When; `None` for now.
        by: What dated it; `None` for the command itself.
        arguments: Those of `Moment` and `Memory.remember` that say so, and the words that people
            wrote beside the file.
    """

    at: datetime | None
    by: str | None
    arguments: Mapping[str, Any]

    @property
    def shown(self) -> str | None:
        """When, as records show it: ISO 8601 in UTC."""
        return self.at.astimezone(timezone.utc).isoformat() if self.at else None


@dataclass
class Dating:
    """How the files of a command are dated.

    Attributes:
        asked: A time, or what is asked: `"auto"` is what the file or its side file says, else when
            it was last modified; `"captured"` the former, `"modified"` the latter, `"now"` neither.
            A percept of a recording keeps its own time unless a time is asked for.
        heeded: The files to which the side files belong that were read.
        damaged: Side files that cannot be read, with the reason.
    """

    asked: datetime | str = AUTO
    heeded: dict[Path, Path] = field(default_factory=dict)
    damaged: dict[Path, str] = field(default_factory=dict)

    @classmethod
    def parsed(cls, text: str | None) -> Dating:
        """Read the option `--at`.

        Raises:
            BadParameter: It is neither a time nor one of the words.
        """
        if text is None or text in (AUTO, CAPTURED, MODIFIED, NOW):
            return cls(text or AUTO)
        return cls(parse_time(text, "--at"))

    @property
    def stated(self) -> datetime | None:
        """The time that the command says; `None` if it is left to the files."""
        return self.asked if isinstance(self.asked, datetime) else None

    def of(self, path: Path, percept: Percept, *, text: str | None = None) -> Dated:
        """Return when and where the record of a percept is.

        Args:
            path: The file that it was read from.
            percept: The percept.
            text: Words that the command says of it.
        Raises:
            PerceptError: The file cannot be read any more.
        """
        side = self._beside(path)
        arguments: dict[str, Any] = {"text": text}
        if side is not None:
            if side.place is not None:
                arguments["place"] = side.place
            words = [each for each in (text, side.description) if each]
            arguments["text"] = "\n".join(words) or None
        if self.stated is not None:
            return Dated(self.stated, None, {**arguments, "at": self.stated})
        if percept.at is not None:
            return Dated(percept.at, OWN, arguments)
        at, by = self._found(path, percept, side)
        if at is not None:
            arguments["dated"] = at
        elif self.asked in (MODIFIED, NOW):  # which what the file says must not go before
            arguments["dated"] = datetime.now(timezone.utc)
        return Dated(at, by, arguments)

    def together(
        self, paths: Sequence[Path], percepts: Sequence[Percept], *, text: str | None = None
    ) -> Dated:
        """Return when and where the one record of several files is: of the first that was taken."""
        each = [self.of(path, one) for path, one in zip(paths, percepts, strict=True)]
        own = [dated for dated in each if dated.by == OWN]
        first = min(
            (dated for dated in own or each if dated.at is not None),
            key=lambda dated: dated.at or datetime.max,
            default=Dated(None, NOW, {}),
        )
        places = [dated.arguments["place"] for dated in each if "place" in dated.arguments]
        words = [text, *(dated.arguments["text"] for dated in each)]
        arguments = {**first.arguments, "text": "\n".join(w for w in words if w) or None}
        return Dated(first.at, first.by, {**arguments, **({"place": places[0]} if places else {})})

    def _found(
        self, path: Path, percept: Percept, side: SideFile | None
    ) -> tuple[datetime | None, str]:
        """Return the time that files say, and what says it."""
        from sensorium.percepts.capture.capture import Capture
        from sensorium.sources.side_files import capture_with

        if self.asked in (AUTO, CAPTURED):
            own = Capture(percept.captured, percept.captured_by)
            said = capture_with(side, own)
            if said.at is not None and said.by is not None:
                return said.at, said.by
        if self.asked in (AUTO, MODIFIED) and (time := modified(path)) is not None:
            return time, FILE_TIME
        return None, NOW

    def _beside(self, path: Path) -> SideFile | None:
        """Read the side file of a file; what is damaged is noted."""
        from sensorium.sources.side_files import find_side_file, read_side_file

        beside = find_side_file(path)
        if beside is None:
            return None
        try:
            side = read_side_file(beside)
        except PerceptError as error:
            self.damaged[beside] = f"a side file of {path.name} that cannot be read"
            self.damaged[beside] += f": {error.came}"
            return None
        if side is not None:
            self.heeded[beside] = path
        return side


def modified(path: Path) -> datetime | None:
    """Return when a file was last modified; `None` where nothing credible says it."""
    from sensorium.percepts.capture.times import credible

    try:
        return credible(datetime.fromtimestamp(path.stat().st_mtime, timezone.utc))
    except (OSError, OverflowError, ValueError):  # stdin; a time that no calendar has
        return None
