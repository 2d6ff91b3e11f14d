"""When and where the record of a file is, by `--at` or by the file; and its captions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium.cli.values import parse_time

if TYPE_CHECKING:
    from sensorium.percepts import Percept

AUTO, CAPTURED, MODIFIED, NOW = "auto", "captured", "modified", "now"
OWN, FILE_TIME = "the file's own times", "the file's modification time"


@dataclass(frozen=True)
class Dated:
    """When and where the record of a percept is.

    Attributes:
        at: When; `None` for now.
        by: What dated it; `None` for the command itself.
        arguments: Those of `Moment` and `Memory.remember` that say so, and the words that people
            wrote in the file and beside it.
        keywords: Theirs, which become tags.
    """

    at: datetime | None
    by: str | None
    arguments: Mapping[str, Any]
    keywords: tuple[str, ...] = ()

    def of_record(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a record of which the command says others, tags among them."""
        tags = tuple(dict.fromkeys((*arguments["tags"], *self.keywords)))
        return {**arguments, **self.arguments, "tags": tags}

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
        captions: Whether what people wrote in a picture, and beside it, is told with it.
    """

    asked: datetime | str = AUTO
    captions: bool = True

    @classmethod
    def parsed(cls, text: str | None, *, captions: bool = True) -> Dating:
        """Read the option `--at`.

        Raises:
            BadParameter: It is neither a time nor one of the words.
        """
        if text is None or text in (AUTO, CAPTURED, MODIFIED, NOW):
            return cls(text or AUTO, captions)
        return cls(parse_time(text, "--at"), captions)

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
        arguments: dict[str, Any] = {"text": text}
        keywords: tuple[str, ...] = ()
        if self.captions:
            words = [each for each in (text, percept.description) if each]
            arguments["text"] = "\n".join(words) or None
            keywords = percept.keywords
        if self.stated is not None:
            return Dated(self.stated, None, {**arguments, "at": self.stated}, keywords)
        if percept.at is not None:
            return Dated(percept.at, OWN, arguments, keywords)
        at, by = self._found(path, percept)
        if at is not None:
            arguments["dated"] = at
        elif self.asked in (MODIFIED, NOW):  # which what the file says must not go before
            arguments["dated"] = datetime.now(timezone.utc)
        return Dated(at, by, arguments, keywords)

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
        dating = [one for dated, one in zip(each, percepts, strict=True) if dated is first]
        place = next((place for one in (*dating, *percepts) if (place := one.place)), None)
        words = [text, *(dated.arguments["text"] for dated in each)]
        arguments = {**first.arguments, "text": "\n".join(w for w in words if w) or None}
        keywords = tuple(name for dated in each for name in dated.keywords)
        return Dated(first.at, first.by, {**arguments, "place": place}, keywords)

    def _found(self, path: Path, percept: Percept) -> tuple[datetime | None, str]:
        """Return the time that files say, and what says it."""
        if self.asked in (AUTO, CAPTURED):
            at, by = percept.captured, percept.captured_by
            if at is not None and by is not None:
                return at, by
        if self.asked in (AUTO, MODIFIED) and (time := modified(path)) is not None:
            return time, FILE_TIME
        return None, NOW


def modified(path: Path) -> datetime | None:
    """Return when a file was last modified; `None` where nothing credible says it."""
    from sensorium.percepts.capture.times import credible

    try:
        return credible(datetime.fromtimestamp(path.stat().st_mtime, timezone.utc))
    except (OSError, OverflowError, ValueError):  # stdin; a time that no calendar has
        return None
