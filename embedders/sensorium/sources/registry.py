"""Opening a file with its reader, whatever its kind."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sensorium.errors import MediaDecodeError
from sensorium.percepts.locations import allowed_path, directories, local_path
from sensorium.percepts.percept import Percept
from sensorium.percepts.readers import Reader, read_with, reader_of
from sensorium.sources.single_file import read_single


def open(  # noqa: A001  # used as `sources.open`, like that of every library of files
    path: str | os.PathLike[str],
    *,
    roots: Sequence[str | Path] | None = None,
    **options: Any,
) -> Iterator[Percept]:
    """Open a file or a recording, whatever its kind, as percepts, earlier ones first.

    Each percept has its `uri`, its `at` if the file tells it, and its `reading`: what was taken
    from where, in which unit.

    Args:
        path: Path or `file:` URI of a file, or of a folder that is one recording.
        roots: Directories that the path must lie in, links followed. Give this whenever the path
            comes from an agent or a network; `None` allows every path.
        options: What the reader of this kind of file takes: the arguments of `bag` for a recording
            of a robot; for any other file `modality=`, `mime_type=`, `at=`, `limits=`, the units of
            the modality, and `with_=`, the other files of a motion. Unknown ones are errors. With
            `modality=`, a recording yields only the percepts of that modality.
    Raises:
        SourceNotFoundError: Nothing is at the path.
        SourceRefusedError: A URL, a path outside `roots`, or a file that may not be read.
        MediaDecodeError: No reader knows what it is, or it is damaged.
        PerceptFormatError: The reader does not know an option.
        MissingExtraError: The reader needs an extra that is not installed; the message has the
            command.
        PerceptError: The class of a percept refuses the content.
    """
    allowed = None if roots is None else directories(roots)
    place = local_path(os.fspath(path)) if allowed is None else allowed_path(path, allowed)
    return open_with(reader_of(place, options.get("modality")), place, options, roots=allowed)


def open_with(
    reader: Reader | None,
    place: Path,
    options: Mapping[str, Any],
    *,
    roots: Sequence[Path] | None = None,
) -> Iterator[Percept]:
    """Open a file with the reader that takes it; the other arguments are those of `open`.

    Args:
        reader: What `reader_of` returned for it.
        place: Absolute path, which lies in `roots`.
        options: What the reader takes.
        roots: Directories that other files of it must lie in.
    Raises:
        PerceptError: As of `open`.
    """
    if reader is not None:
        return read_with(reader, place, options)
    if place.is_dir():
        raise MediaDecodeError(
            f"the folder {str(place)!r}, which no reader knows",
            "a file, or a folder that is one recording",
            "read its files: sensorium.sources.walk(folder)",
        )
    return read_single(place, options, roots=roots)
