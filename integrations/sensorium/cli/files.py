"""Files of a command: which are read, what is checked before, and each as one percept."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium.cli.units import STDIN, Units
from sensorium.errors import (
    MediaDecodeError,
    SensoriumError,
    SourceNotFoundError,
    SourceRefusedError,
)

if TYPE_CHECKING:
    from sensorium.percepts import Percept
    from sensorium.sources import Account, Reason
    from sensorium.sources.finding import FoundFile, OnSkip

URL = re.compile(r"https?:/", re.IGNORECASE)  # a Path keeps one of the slashes


def find_files(
    paths: Sequence[Path],
    *,
    modality: str | None = None,
    rules: Sequence[Mapping[str, Any]] = (),
    failures: dict[Path, SensoriumError | OSError] | None = None,
    account: Account | None = None,
    options: Mapping[str, Any] | None = None,
) -> tuple[list[FoundFile], dict[Path, Reason]]:
    """List the files to read: those given, and those of folders that are known, sorted.

    Args:
        paths: Files and folders.
        modality: Modality of the files; by default their names say it.
        rules: What `parse_rules` returned.
        failures: Receives the errors of folders that cannot be listed.
        account: Notes what became of each file.
        options: What `Units.given` returned.
    Returns:
        The files, and the files of the folders that are skipped, with the reason.
    Raises:
        PerceptFormatError: A rule is not as it should be, or is for no file.
    """
    from sensorium.sources.account import Account
    from sensorium.sources.finding import Search
    from sensorium.sources.rules import rules_of

    skipped: dict[Path, Reason] = {}
    failed = {} if failures is None else failures
    made = rules_of(rules, origin="--map")
    search = Search(
        made,
        modality,
        skipped.__setitem__,
        failed.__setitem__,
        account=Account() if account is None else account,
        options=options or {},
    )
    return search.find(paths), skipped


def check_file(found: FoundFile, units: Units, *, modality: str | None = None) -> None:
    """Check that a file is there, and that what it is and its units are known, without reading it.

    Args:
        found: The file; the path "-" is text from stdin.
        units: Units that the file does not say.
        modality: Modality that was asked for; by default the name says it. Depth and thermal are
            never guessed.
    Raises:
        SourceNotFoundError: The file does not exist.
        SourceRefusedError: The path is a web address.
        MediaDecodeError: The name does not say what the file is.
        UnitError: Units are missing.
    """
    from sensorium.percepts.locations import exists

    path = found.path
    if str(path) == STDIN:
        return
    if URL.match(str(path)):
        raise SourceRefusedError(
            f"the address {str(path)!r}", "a file, as nothing is downloaded", "download it first"
        )
    if not exists(path):
        words = f'for words, run: sensorium remember --text "{path}"'
        raise SourceNotFoundError(
            f"no file {str(path)!r}",
            "an existing file",
            "check the path" if path.suffix else f"check the path; {words}",
        )
    units.options(found, modality)


def read_file(path: Path, units: Units, *, modality: str | None = None) -> Percept:
    """Make a percept of a file; the arguments are those of `check_file`.

    Raises:
        MediaDecodeError: The content is not of the modality, or is many observations.
        PerceptError: `check_file` or the class of the percept failed.
    """
    from sensorium.sources.finding import FoundFile

    found = next(iter(find_files([path], modality=modality)[0]), FoundFile(path))
    check_file(found, units, modality=modality)
    return read_one(found, units.options(found, modality))


def read_one(
    found: FoundFile, options: Mapping[str, Any], on_skip: OnSkip | None = None
) -> Percept:
    """Make the one percept of a file that was checked.

    Args:
        found: The file.
        options: What `Units` returned.
        on_skip: Called with a side file that cannot be read.
    Raises:
        MediaDecodeError: It is not what it is said to be, or is many observations.
        PerceptError: The class of the percept failed.
    """
    if str(found.path) == STDIN:
        from sensorium.percepts import Text

        return Text(sys.stdin.read())
    percepts = list(islice(found.open(options, on_skip=on_skip), 2))
    if len(percepts) != 1:
        count = "many observations" if percepts else "none"
        raise MediaDecodeError(
            f"the recording {found.path.name!r}, which is {count}",
            "a file that is one",
            "run: sensorium look " + shlex.quote(str(found.path)),
        )
    return percepts[0]
