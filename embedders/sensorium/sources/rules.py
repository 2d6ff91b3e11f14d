"""Rules for the files of folders: which pattern of paths is read as what, with which units."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from sensorium.errors import PerceptFormatError, show
from sensorium.percepts.audio import Audio
from sensorium.percepts.imu import IMU
from sensorium.percepts.percept import Percept
from sensorium.percepts.video import Video
from sensorium.sources.single_file import WITH

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RULES_FILE = "sensorium.toml"
SKIP = "skip"  # stands where a rule has a modality
ANY = "**"  # any number of folders
SET = re.compile(r"\[!?\]?[^\]]*\]")  # characters of a pattern in brackets
LONGEST = 2**20  # bytes of a file of rules
# Options of motion beside its units
OF_TABLES = (
    "columns",
    "time_unit",
    "date_order",
    "clock",
    WITH,
)

OF_SOUNDS = ("track",)


@dataclass(frozen=True, eq=False)  # two rules may say the same
class Rule:
    """How files are read whose path matches a pattern.

    Attributes:
        match: The pattern.
        origin: Where the rule stands, in messages.
        base: Folder that a pattern beginning with "/" starts from; `None` is the root.
        modality: A modality, `SKIP`, or `None`: whatever the file is.
        options: Units and other options of its reader.
    """

    match: str
    origin: str
    base: Path | None
    modality: str | None
    options: Mapping[str, Any]

    def matches(self, path: Path) -> bool:
        """Return whether the end of an absolute path matches; after a first "/", all of it."""
        if not self.match.startswith("/"):
            return _match(path.parts, (ANY, *self.match.split("/")))
        if self.base is not None and not path.is_relative_to(self.base):
            return False
        within = path.relative_to(self.base or path.anchor)
        return _match(within.parts, self.match[1:].split("/"))

    def __str__(self) -> str:
        return f"the rule {self.match!r} of {self.origin}"


def rules_of(given: Iterable[Mapping[str, Any]], *, origin: str) -> list[Rule]:
    """Make rules of their fields.

    Args:
        given: One mapping for each rule, as docs/sources.md has it: `{"match": "depth/*.png", "as":
            "depth", "unit": "1/5000", "fx": 525}`.
        origin: Where they stand, in messages.
    Raises:
        PerceptFormatError: A field is missing, unknown, or not what it should be.
    """
    return [_rule(fields, origin, None) for fields in given]


def read_rules(folder: Path) -> list[Rule]:
    """Return the rules in the `sensorium.toml` of a folder; none if it has no such file.

    Raises:
        PerceptFormatError: The file is damaged, or a rule is not as it should be.
    """
    file = folder / RULES_FILE
    if not file.is_file():
        return []
    if file.stat().st_size > LONGEST:
        raise _wrong(f"{str(file)!r}, of more than 1 MiB", "a list of rules", "shorten it")
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong(f"{str(file)!r} ({error})", "TOML", "correct it") from error
    rules = content.pop("files", [])
    tables = isinstance(rules, list) and all(isinstance(each, dict) for each in rules)
    if content or not tables:
        wrong = f"the key {', '.join(content)}" if content else "files that is not a list of tables"
        raise _wrong(
            f"{str(file)!r} with {wrong}",
            'tables that begin with [[files]] and have match = "..."',
            "correct it, or delete it",
        )
    made = [_rule(fields, str(file), folder) for fields in rules]
    for rule in made:
        _check_within(rule, folder)
    return made


def options_of(modality: str) -> frozenset[str]:
    """Return the names of the options that files of a modality have."""
    cls = Percept.modalities[modality]
    own = OF_TABLES if cls is IMU else OF_SOUNDS if cls in (Audio, Video) else ()
    return frozenset((*cls.needs, *own))


def _rule(fields: Mapping[str, Any], origin: str, base: Path | None) -> Rule:
    """Check the fields of a rule.

    Raises:
        PerceptFormatError: One of them is wrong.
    """
    if not isinstance(fields, Mapping):
        raise _wrong(f"the rule {show(fields)} of {origin}", "a mapping", "see docs/sources.md")
    options = {WITH if name == "with" else name: each for name, each in fields.items()}
    match, modality = options.pop("match", None), options.pop("as", None)
    if not isinstance(match, str) or _is_bad(match):
        raise _wrong(
            f"the rule {show(dict(fields))} of {origin}",
            'match, the end of a path such as "depth/*.png", where * is any part of a name and ** '
            "any number of folders",
            "correct match: no backslash, no .. and no open bracket; for all of a folder write "
            '"folder/**"',
        )
    if modality not in (None, SKIP, *Percept.modalities):
        raise _wrong(
            f"the rule {match!r} of {origin}, as = {show(modality)}",
            f"one of {', '.join((*Percept.modalities, SKIP))}",
            "correct it, or leave as out",
        )
    known = set(options) if modality is None else set()
    if modality in Percept.modalities:
        known = {*options_of(modality)}
    unknown = sorted(options.keys() - known)
    if unknown:
        names = [name.rstrip("_") for name in sorted(known)]
        raise _wrong(
            f"the rule {match!r} of {origin} with {', '.join(unknown)}",
            f"what {modality} has: {', '.join(names) or 'nothing more'}",
            "correct the name, or delete it",
        )
    return Rule(match, origin, base, modality, options)


def _is_bad(match: str) -> bool:
    parts = match.removeprefix("/").split("/")
    is_open = any("[" in SET.sub("", part) for part in parts)
    return not all(parts) or "\\" in match or "\0" in match or ".." in parts or is_open


def _check_within(rule: Rule, folder: Path) -> None:
    """Check that a rule found in a folder names no files outside of it.

    Raises:
        PerceptFormatError: It does.
    """
    others = rule.options.get(WITH, ())
    for each in [others] if isinstance(others, str) else others:
        path = Path(str(each))
        if path.is_absolute() or ".." in path.parts:
            raise _wrong(
                f"{rule} with {str(each)!r}", f"a file in {str(folder)!r}", "move it there"
            )


def _match(parts: Sequence[str], patterns: Sequence[str]) -> bool:
    """Return whether the parts of a path match those of a pattern, each from first to last."""
    reached = {0}  # the patterns that the parts so far may have used up
    for part in parts:
        reached = {
            index + step
            for index in _passing(reached, patterns)
            if index < len(patterns)
            for step in (
                (0,)
                if patterns[index] == ANY
                else (1,)
                if fnmatchcase(part, patterns[index])
                else ()
            )
        }
    return len(patterns) in _passing(reached, patterns)


def _passing(reached: Iterable[int], patterns: Sequence[str]) -> set[int]:
    """Return what is reached if every `**` may also be no folder at all."""
    found = set(reached)
    for index in range(len(patterns)):
        if index in found and patterns[index] == ANY:
            found.add(index + 1)
    return found


def _wrong(came: str, needed: str, remedy: str) -> PerceptFormatError:
    return PerceptFormatError(came, needed, remedy)
