"""Walks over folders: the percepts of all files, whatever their kinds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sensorium.errors import SensoriumError
from sensorium.percepts.locations import allowed_path, directories, local_path, looking_at
from sensorium.percepts.percept import Percept, modality_class
from sensorium.percepts.readers import known_options
from sensorium.sources.finding import FoundFile, OnFailure, OnSkip, Search
from sensorium.sources.reader import check_options
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
            and the reason.
        on_failure: Called with the path and the error of each file, or part of a recording, that
            cannot be read; the others are read. By default its error is raised.
        options: Units and other options, for the files that have such an option.
    Raises:
        SourceNotFoundError: Nothing is at the path.
        SourceRefusedError: A URL, or a path outside `roots`.
        PerceptFormatError: A rule or an option is not as it should be, or a rule of the caller is
            for no file.
        PerceptError: A file cannot be read; raised while iterating.
    """
    allowed = None if roots is None else directories(roots)
    place = local_path(os.fspath(path)) if allowed is None else allowed_path(path, allowed)
    with looking_at(place, "an existing file or folder"):
        place.stat()
    if modality is not None:
        modality_class(modality)
    first = rules_of(rules, origin="rules=")
    search = Search(first, modality, on_skip or _ignore, on_failure or _raise, allowed)
    found = search.find([place])
    _check_options(options, found)
    return (
        percept
        for each in found
        for percept in _percepts(each, options, modality, on_failure, allowed)
    )


def _percepts(
    found: FoundFile,
    given: Mapping[str, Any],
    modality: str | None,
    on_failure: OnFailure | None,
    roots: Sequence[Path] | None,
) -> Iterator[Percept]:
    """Yield the percepts of a file; somebody who listens is told what is not read."""
    try:
        options = found.options(given, modality=modality)
        if on_failure is not None and found.takes("on_failure"):
            options["on_failure"] = _noting(found.path, on_failure)
        yield from found.open(options, roots=roots)
    except (SensoriumError, OSError) as error:
        (on_failure or _raise)(found.path, error)


def _noting(path: Path, on_failure: OnFailure) -> Callable[[Any], object]:
    """Return what a reader calls with a failure, which has an `error`."""
    return lambda failure: on_failure(path, failure.error)


def _raise(path: Path, error: SensoriumError | OSError) -> None:
    raise error


def _ignore(path: Path, reason: str) -> None:
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
