"""Finding the reader of a file, and opening the file with it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from sensorium.errors import (
    MediaDecodeError,
    PerceptFormatError,
    SensoriumError,
)
from sensorium.percepts.locations import allowed_path, directories, local_path, looking_at
from sensorium.percepts.percept import Percept
from sensorium.percepts.signatures import PREFIX
from sensorium.sources.reader import Reader

GROUP = "sensorium.readers"  # group of the entry points by which packages offer readers
BUILT_IN = (  # in the order in which they are asked; the last takes every file
    "sensorium.sources.bags.bag:BagReader",
    "sensorium.sources.single_file:FileReader",
)

_registered: list[Reader] = []


def register_reader(reader: Reader) -> None:
    """Ask a reader, before those of installed packages and the built-in ones.

    Args:
        reader: The reader; the one registered last is asked first.
    Raises:
        PerceptFormatError: It has no `matches` or no `read`, or is a class.
    """
    _registered.insert(0, _checked(reader, "registered"))


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
            of a robot; for any other file `modality=`, `mime_type=`, `at=`, `limits=` and the units
            of the modality. Unknown ones are errors.
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
    head = _head(place)
    for reader in _readers():
        if reader.matches(place, head):
            return reader.read(place, options)
    raise MediaDecodeError(
        f"the folder {str(place)!r}, which no reader knows",
        "a file, or a folder that is one recording",
        "open its files one by one",
    )


def _head(path: Path) -> bytes:
    """Return the first bytes of a file; nothing, for a folder."""
    with looking_at(path, "an existing file or folder"):
        if path.is_dir():
            return b""
        with path.open("rb") as stream:
            return stream.read(PREFIX)


def _readers() -> Iterator[Reader]:
    """Yield the readers in the order in which they are asked; each is imported when it is its turn.

    Raises:
        PerceptFormatError: What a package offers cannot be imported, or is not a reader.
    """
    yield from _registered
    built_in = [EntryPoint(place, place, GROUP) for place in BUILT_IN]
    for point in [*sorted(entry_points(group=GROUP)), *built_in]:
        try:
            made = getattr(import_module(point.module), point.attr)()
        except SensoriumError:  # it says itself what to install
            raise
        except (ImportError, AttributeError, TypeError, OSError) as error:
            raise PerceptFormatError(
                f"the reader {point.name!r} of an installed package ({error})",
                "the class of a reader that can be imported and takes no arguments",
                "update the package that offers it, or uninstall it",
            ) from error
        yield _checked(made, point.name)


def _checked(reader: object, name: str) -> Reader:
    if isinstance(reader, type) or not isinstance(reader, Reader):
        raise PerceptFormatError(
            f"{reader!r} as a reader ({name})",
            "an object with matches(path, head) and read(path, options)",
            "see docs/sources.md for a whole one",
        )
    return reader
