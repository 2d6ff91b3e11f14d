"""Walks over folders: the percepts of all files, whatever their kinds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sensorium.errors import MissingExtraError, SensoriumError
from sensorium.percepts.locations import allowed_path, directories, local_path, looking_at
from sensorium.percepts.percept import Percept, modality_class
from sensorium.percepts.readers import known_options
from sensorium.sources.account import AGAIN, Account
from sensorium.sources.finding import FoundFile, OnFailure, OnSkip, Search
from sensorium.sources.reader import check_options
from sensorium.sources.reasons import Reason, needs_extra
from sensorium.sources.rules import options_of, rules_of
from sensorium.sources.single_file import GENERAL


def walk(
    path: str | os.PathLike[str],
    *,
    modality: str | None = None,
    rules: Iterable[Mapping[str, Any]] = (),
    roots: Sequence[str | Path] | None = None,
    on_skip: OnSkip | None = None,
    on_failure: OnFailure | None = None,
    account: Account | None = None,
    **options: Any,
) -> Iterator[Percept]:
    """Read the files of a folder, and of the folders in it, as percepts: sorted, in bounded memory.

    What a registered reader takes, a file or a whole folder, is read by it; other files by what
    their names say. A `sensorium.toml` in a folder has rules for the files below it.

    Args:
        path: Path or `file:` URI of a folder; or of a file, which is read like one in a folder.
        modality: Read only percepts of this modality, and all files that may be of it. By default
            depth and heat are read where a rule or a reader says so.
        rules: What to read how, before the rules of the folders, each as in `sensorium.toml`:
            `{"match": "depth/*.png", "as": "depth", "unit": "1/5000", "fx": 525}`. Of several that
            match a path, the first counts.
        roots: Directories that the path and its files must lie in, links followed. Give this
            whenever the path comes from an agent or a network; `None` allows every path.
        on_skip: Called with the path of each file that is skipped (hidden, of unknown kind, ...),
            and the reason: a `str` whose `remedy` is the extra, option or rule that would read it,
            if there is one. A file for which an extra is missing is skipped for somebody who
            listens, and a failure otherwise.
        on_failure: Called with the path and the error of each file, or part of a recording, that
            cannot be read; the others are read. By default its error is raised.
        account: Notes what became of every file of the folder, each in one line.
        options: Units and other options, for the files that have such an option.
    Raises:
        SourceNotFoundError: Nothing is at the path.
        SourceRefusedError: A URL, or a path outside `roots`.
        PerceptFormatError: A rule or an option is not as it should be, or a rule of the caller is
            for no file.
        PerceptError: A file cannot be read; raised while iterating.
    """
    found, walked = search_folder(
        path,
        modality=modality,
        rules=rules,
        roots=roots,
        on_skip=on_skip,
        on_failure=on_failure,
        account=account,
        options=options,
    )
    return (percept for each in found for percept in walked.percepts(each))


def search_folder(
    path: str | os.PathLike[str],
    *,
    modality: str | None = None,
    rules: Iterable[Mapping[str, Any]] = (),
    roots: Sequence[str | Path] | None = None,
    on_skip: OnSkip | None = None,
    on_failure: OnFailure | None = None,
    account: Account | None = None,
    options: Mapping[str, Any],
) -> tuple[list[FoundFile], Walk]:
    """Find the files that `walk` reads, and return them with what reads each of them.

    The arguments and errors are those of `walk`.
    """
    allowed = None if roots is None else directories(roots)
    place = local_path(os.fspath(path)) if allowed is None else allowed_path(path, allowed)
    with looking_at(place, "an existing file or folder"):
        place.stat()
    if modality is not None:
        modality_class(modality)
    first = rules_of(rules, origin="rules=")
    noted = Account() if account is None else account
    told = (on_skip or _ignore, on_failure or _raise)
    search = Search(first, modality, *told, allowed, noted, options)
    found = search.find([place])
    _check_options(options, found)
    seen: set[str] | None = None if account is None else set()
    return found, Walk(modality, options, on_skip, on_failure, allowed, noted, seen)


@dataclass(frozen=True)
class Walk:
    """The arguments of `walk` that each file is read with, wherever that is."""

    modality: str | None
    options: Mapping[str, Any]
    on_skip: OnSkip | None
    on_failure: OnFailure | None
    roots: Sequence[Path] | None
    account: Account
    seen: set[str] | None  # digests of what was read; `None` if nobody wants an account

    def percepts(self, found: FoundFile) -> Iterator[Percept]:
        """Yield the percepts of a file; somebody who listens is told what is not read."""
        count, failures, again = 0, [], False

        def note(failure: Any) -> None:
            """Pass on a failure within a recording, which has an `error`."""
            failures.append(failure)
            assert self.on_failure is not None
            self.on_failure(found.path, failure.error)

        try:
            options = found.options(self.options, modality=self.modality)
            if self.on_failure is not None and found.takes("on_failure"):
                options["on_failure"] = note
            for percept in found.open(options, roots=self.roots, on_skip=self._skip):
                count += 1
                again = self.seen is not None and found.reader is None and self._again(percept)
                yield percept
            self.account.read(found.path, count, [each.error for each in failures])
            if again:
                self.account.put(found.path, AGAIN)
        except MissingExtraError as error:
            if self.on_skip is None or found.given:
                self._fail(found.path, error)
            else:
                self._skip(found.path, needs_extra(error))
        except (SensoriumError, OSError) as error:
            self._fail(found.path, error)

    def _again(self, percept: Percept) -> bool:
        """Return whether the same was read before; whoever remembers a percept needs its digest."""
        assert self.seen is not None
        before = percept.digest in self.seen
        self.seen.add(percept.digest)
        return before

    def _skip(self, path: Path, why: Reason) -> None:
        self.account.skip(path, why)
        (self.on_skip or _ignore)(path, why)

    def _fail(self, path: Path, error: SensoriumError | OSError) -> None:
        self.account.fail(path, error)
        (self.on_failure or _raise)(path, error)


def _raise(path: Path, error: SensoriumError | OSError) -> None:
    raise error


def _ignore(path: Path, reason: Reason) -> None:
    """Nobody wants to know what is skipped."""


def _check_options(options: Mapping[str, Any], found: Iterable[FoundFile]) -> None:
    """Check that each option is one of some sense or reader.

    Raises:
        PerceptFormatError: One of them is not.
    """
    known = {*GENERAL, *(name for sense in Percept.modalities for name in options_of(sense))}
    for each in found:
        known |= set(known_options(each.reader, each.path)) if each.reader else set()
    check_options(options, known, "a walk")
