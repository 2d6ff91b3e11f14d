"""Documents that are zip archives of XML: how their parts are read, and bombs refused."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from sensorium.errors import MediaDecodeError, SourceRefusedError, SourceTooLargeError
from sensorium.percepts.limits import MIB

ZIP = b"PK\x03\x04"
LARGEST = 256 * MIB  # bytes of one part of a document
ENCRYPTED = 0x1  # bit of a zip entry that has a password
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ElementTree.ParseError),
    RecursionError,  # of elements within elements
)


class Archive:
    """An open zip archive; see `opened`."""

    def __init__(self, file: zipfile.ZipFile, path: Path) -> None:
        self._file, self._path = file, path
        self._names = frozenset(file.namelist())

    @property
    def names(self) -> frozenset[str]:
        """Names of its parts."""
        return self._names

    def size(self, name: str) -> int:
        """Return how many bytes a part says that it has; no more are read of it."""
        return self._file.getinfo(name).file_size

    def read(self, name: str) -> bytes:
        """Return a part.

        Raises:
            MediaDecodeError: There is no such part.
            SourceRefusedError: It has a password.
            SourceTooLargeError: It is too large.
        """
        if name not in self._names:
            raise damaged(self._path, f"no part {name!r}")
        entry = self._file.getinfo(name)
        if entry.flag_bits & ENCRYPTED:
            raise SourceRefusedError(
                f"the document {self._path.name!r}, which has a password",
                "a document that anybody can open",
                "save a copy without the password",
            )
        with self._file.open(entry) as stream:
            data = stream.read(LARGEST + 1)  # whatever size the entry says
        if len(data) > LARGEST:
            raise SourceTooLargeError(
                f"{self._path.name!r}, whose part {name!r} has more than {LARGEST} bytes",
                "a document",
                "split it, or save it as PDF",
            )
        return data

    def xml(self, name: str) -> ElementTree.Element:
        """Return a part that is XML.

        Raises:
            MediaDecodeError: It is not, or defines entities, which no such document does.
            PerceptError: As of `read`.
        """
        data = self.read(name)
        if b"<!ENTITY" in data:
            raise damaged(self._path, f"entities in {name!r}")
        return ElementTree.fromstring(data)

    def related(self, name: str) -> dict[str, str]:
        """Return what a part of an office document refers to, by the ids of its relations."""
        place = PurePosixPath(name)
        relations = str(place.parent / "_rels" / f"{place.name}.rels")
        if relations not in self._names:
            return {}
        return {
            each.get("Id", ""): joined(place.parent, each.get("Target", ""))
            for each in self.xml(relations)
            if each.get("TargetMode") != "External"
        }


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open a document that is a zip archive; what damaged bytes raise within becomes our error.

    Raises:
        MediaDecodeError: It is damaged.
    """
    try:
        with zipfile.ZipFile(path) as file:
            yield Archive(file, path)
    except DAMAGE as error:
        raise damaged(path, str(error)) from error


def joined(folder: PurePosixPath, target: str) -> str:
    """Return the name of a part that another one refers to, seen from its folder."""
    parts: list[str] = []
    for part in (
        "/" / folder / target if not target.startswith("/") else PurePosixPath(target)
    ).parts:
        if part == "..":
            parts = parts[:-1]
        elif part not in ("/", "."):
            parts.append(part)
    return "/".join(parts)


def local(tag: object) -> str:
    """Return the name of an element without its namespace."""
    return str(tag).rpartition("}")[2]


def damaged(path: Path, why: str) -> MediaDecodeError:
    """Build the error for a document that cannot be read."""
    return MediaDecodeError(
        f"the document {path.name!r}, which cannot be read ({why})",
        "a whole document",
        "check that all of it has arrived, open and save it anew, or save it as PDF",
    )
