"""Readers: the classes that read files of other kinds than one percept's, and who is asked when."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from sensorium.errors import PerceptFormatError, SensoriumError, SourceRefusedError
from sensorium.percepts.locations import looking_at
from sensorium.percepts.percept import Percept, modality_class
from sensorium.percepts.signatures import PREFIX

GROUP = "sensorium.readers"  # group of the entry points by which packages offer readers
DOCUMENTS = (
    *("pdf:PdfReader", "office:OfficeReader", "books:BookReader", "web:PageReader"),
    *("mail:MailReader", "subtitles:SubtitleReader", "chats:ChatReader", "tables:TableReader"),
    "long_text:LongTextReader",
)
# Asked last, in this order. They stand above the percepts, and are imported when it is their turn.
BUILT_IN = (
    "sensorium.sources.bags.bag:BagReader",
    "sensorium.sources.folders.folder:FolderReader",
    *(f"sensorium.sources.documents.{place}" for place in DOCUMENTS),
)


@runtime_checkable
class Reader(Protocol):
    """Files, or folders, of one kind, read as percepts.

    A reader may also have some of these:
    `options`, the names of the options that it knows, or a method that returns them for a path:
    `walk` and the command line, which read files of many kinds, give a reader those that it has.
    `modalities`, those of the percepts that it yields: asked for another one, it is passed over.
    `splits`, true if what it yields are the pieces of a file that is one percept as well, as a long
    text is; `percept_from_media` makes that one.
    `why_skipped(path)`, why a file of a folder is not read unless its modality is asked for.
    """

    def matches(self, path: Path, head: bytes) -> bool:
        """Return whether this reader is for a file.

        Args:
            path: Absolute path of an existing file or folder.
            head: First 512 bytes of the file, or fewer if it is shorter; empty for a folder.
        """

    def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
        """Yield the percepts of a file, earlier ones first, in bounded memory.

        Args:
            path: Absolute path of a file that `matches`.
            options: Keywords of the call of `sensorium.sources.open`. Those that the reader does
                not know are errors: see `check_options`.
        """


_registered: list[Reader] = []


def register_reader(reader: Reader) -> None:
    """Ask a reader, before those of installed packages and the built-in ones.

    Args:
        reader: The reader; the one registered last is asked first.
    Raises:
        PerceptFormatError: It has no `matches` or no `read`, or is a class.
    """
    _registered.insert(0, _checked(reader, "registered"))


def reader_of(path: Path, modality: str | None = None) -> Reader | None:
    """Return the reader that takes a file or a folder; `None` if it is read as one percept, or not.

    Args:
        path: Absolute path.
        modality: The modality that is asked for; by default any.
    Raises:
        SourceNotFoundError: Nothing is at the path.
        SourceRefusedError: It may not be read.
        PerceptFormatError: What a package offers cannot be imported, or is not a reader.
    """
    with looking_at(path, "an existing file or folder"):
        head = b""
        if path.is_file():
            with path.open("rb") as stream:
                head = stream.read(PREFIX)
        elif not path.is_dir():
            path.stat()  # nothing there; or a device or a pipe, which no reader is asked about
            return None
    try:
        asked = (each for each in _readers() if _reads(each, modality))
        return next((each for each in asked if each.matches(path, head)), None)
    except SensoriumError:
        raise
    except OSError as error:  # of a folder that may not be listed
        raise SourceRefusedError(
            f"the path {str(path)!r}, which cannot be read ({error.strerror})",
            "permission to read it",
            "change its permissions, or run this as a user who may read it",
        ) from error


def _reads(reader: Reader, modality: str | None) -> bool:
    """Return whether a reader may yield percepts of a modality: it may, unless it says not."""
    modalities: Collection[str] | None = getattr(reader, "modalities", None)
    return modality is None or modalities is None or modality in modalities


def known_options(reader: Reader, path: Path) -> Collection[str]:
    """Return the names of the options that a reader says it knows, for a path that it takes."""
    names: Any = getattr(reader, "options", ())
    return set(names(path) if callable(names) else names)


def why_skipped(reader: Reader | None, path: Path) -> str | None:
    """Return why a file of a folder is not read unless somebody asks for it; `None` if it is.

    Args:
        reader: The reader that takes the file.
        path: The file.
    """
    why: Callable[[Path], str | None] | None = getattr(reader, "why_skipped", None)
    return None if why is None else why(path)


def read_with(reader: Reader, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
    """Read a file with a reader. With a `modality` among the options, only percepts of it.

    Raises:
        PerceptFormatError: No such modality.
        PerceptError: As of the reader.
    """
    modality = options.get("modality")
    if modality is not None and "modality" in known_options(reader, path):
        return reader.read(path, options)
    rest = {name: value for name, value in options.items() if name != "modality"}
    if modality is None:
        return reader.read(path, rest)
    modality_class(modality)
    return (each for each in reader.read(path, rest) if each.modality == modality)


def _readers() -> Iterator[Reader]:
    """Yield the readers in the order in which they are asked; each is imported when it is its turn.

    Raises:
        PerceptFormatError: What a package offers cannot be imported, or is not a reader.
    """
    yield from _registered
    for point in _offered():
        yield _made(point)
    for place in BUILT_IN:
        yield _built_in(place)


@lru_cache  # many files are asked about, and an entry point is slow to be made and compared
def _built_in(place: str) -> Reader:
    return _made(EntryPoint(place, place, GROUP))


@lru_cache  # the search through all installed packages takes as long as it takes to read a file
def _offered() -> tuple[EntryPoint, ...]:
    return tuple(sorted(entry_points(group=GROUP)))


@lru_cache
def _made(point: EntryPoint) -> Reader:
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
    return _checked(made, point.name)


def _checked(reader: object, name: str) -> Reader:
    if isinstance(reader, type) or not isinstance(reader, Reader):
        raise PerceptFormatError(
            f"{reader!r} as a reader ({name})",
            "an object with matches(path, head) and read(path, options)",
            "see docs/sources.md for a whole one",
        )
    return reader
