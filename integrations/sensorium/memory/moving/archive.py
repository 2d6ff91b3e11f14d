"""The file of a backup: a zip of a memory's folder in which files have no holes.

    memory/...      the bytes of each file that are not zeros alone, one after the other
    manifest.json   of each file its name, length, the places of those bytes, and their SHA-256

Edge makes its files far longer than what is in them. What is left out here becomes a hole again.
"""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Annotated, BinaryIO, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from sensorium.encoders import check_cancelled
from sensorium.errors import StoreFormatError, first_problem, show
from sensorium.memory.moving.manifest import Sha256, Time
from sensorium.qdrant.edge.copying import blocks_with_content

FORMAT: Final = "sensorium-backup"
VERSION: Final = 1
MANIFEST, INSIDE = "manifest.json", "memory/"
LARGEST_MANIFEST = 256 * 2**20  # bytes; a million files need some 200 million
LARGEST_FILE = 2**44  # bytes, with its holes
LONGEST_NAME = 512  # characters
BLOCK = 2**20  # bytes that are read at a time
LEVEL = 1  # of deflate: vectors hardly shrink, and zeros do at any level
# Names of Windows that mean devices, colons and backslashes have no place in a memory's folder
NAME = re.compile(r"(?!\.\.?(/|$))[\w.-]+(/(?!\.\.?(/|$))[\w.-]+)*", re.ASCII)

# What zipfile and zlib raise of files that are not theirs, beside errors of the disk
BROKEN: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    zlib.error,
)

Amount = Annotated[int, Field(ge=0, le=LARGEST_FILE)]


def _check_name(name: str) -> str:
    if len(name) > LONGEST_NAME or not NAME.fullmatch(name):
        raise ValueError(f"a file named {show(name)}")
    return name


class FileEntry(BaseModel):
    """What a manifest says of a file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: Annotated[str, AfterValidator(_check_name)]
    size: Amount
    parts: list[tuple[Amount, Amount]]  # where bytes lie, and how many
    sha256: Sha256  # of these bytes

    @property
    def content(self) -> int:
        """How many bytes are kept of it."""
        return sum(length for _, length in self.parts)


class BackupManifest(BaseModel):
    """What `manifest.json` says of a backup."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    format: Literal["sensorium-backup"] = FORMAT
    version: Literal[1] = VERSION
    created_at: Time
    files: list[FileEntry]


class ArchiveWriter:
    """Writes the files of a backup."""

    def __init__(self, stream: BinaryIO) -> None:
        """Write to a stream that can seek."""
        self._zip = zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)
        self.files: list[FileEntry] = []

    def add(self, file: BinaryIO, name: str) -> None:
        """Add an open file under a name within the memory's folder."""
        digest, parts = hashlib.sha256(), list[tuple[int, int]]()
        with self._zip.open(INSIDE + name, "w", force_zip64=True) as target:
            for offset, block in blocks_with_content(file):
                check_cancelled()
                target.write(block)
                digest.update(block)
                if parts and sum(parts[-1]) == offset:
                    parts[-1] = (parts[-1][0], parts[-1][1] + len(block))
                else:
                    parts.append((offset, len(block)))
        size = os.fstat(file.fileno()).st_size
        self.files.append(FileEntry(name=name, size=size, parts=parts, sha256=digest.hexdigest()))

    def finish(self, created_at: str) -> BackupManifest:
        """Write the manifest; return it."""
        manifest = BackupManifest(created_at=created_at, files=self.files)
        self._zip.writestr(MANIFEST, manifest.model_dump_json())
        self._zip.close()
        return manifest

    def close(self) -> None:
        """Let go of the stream, also if nothing was finished."""
        with suppress(OSError):  # the error that came before is the one to tell
            self._zip.close()


class ArchiveReader:
    """Reads the files of a backup, which somebody else may have made or changed.

    Attributes:
        manifest: What the backup says of its files.
    """

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        """Read the manifest.

        Raises:
            StoreFormatError: It is no backup, a damaged one, or one of a later version.
        """
        self.path = path
        try:
            self._zip = zipfile.ZipFile(stream)
            if self._zip.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
                raise damaged(path, "a manifest that is too large")
            text = self._zip.read(MANIFEST)
            self.manifest = BackupManifest.model_validate_json(text)
        except ValidationError as error:
            raise damaged(path, first_problem(error)) from error
        except BROKEN as error:
            raise damaged(path, str(error)) from error
        self._check_files()

    def _check_files(self) -> None:
        names = [entry.name.lower() for entry in self.manifest.files]
        if len(set(names)) != len(names):
            raise damaged(self.path, "two files of one name")
        for entry in self.manifest.files:
            end = 0
            for offset, length in entry.parts:
                if offset < end or not length:
                    raise damaged(self.path, f"{entry.name} with parts out of order")
                end = offset + length
            if end > entry.size:
                raise damaged(self.path, f"{entry.name}, longer than it says")

    def unpack(self, folder: Path, done: Callable[[int], None]) -> None:
        """Write all files below a folder that is new, and check each.

        Args:
            folder: An empty folder.
            done: Called with the bytes that were written since it was called last.
        Raises:
            StoreFormatError: A file is damaged.
            OSError: A file cannot be written.
        """
        for entry in self.manifest.files:
            target = folder.joinpath(*entry.name.split("/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            digest = hashlib.sha256()
            try:
                with self._zip.open(INSIDE + entry.name) as source, target.open("xb") as writing:
                    writing.truncate(entry.size)
                    for offset, length in entry.parts:
                        writing.seek(offset)
                        for block in self._read(source, length, entry):
                            check_cancelled()
                            writing.write(block)
                            digest.update(block)
                            done(len(block))
                    writing.flush()
                    os.fsync(writing.fileno())
            except BROKEN as error:
                raise damaged(self.path, f"{entry.name}: {error}") from error
            if digest.hexdigest() != entry.sha256:
                raise damaged(self.path, f"{entry.name} with another checksum")

    def _read(self, source: IO[bytes], length: int, entry: FileEntry) -> Iterator[bytes]:
        while length:
            block = source.read(min(length, BLOCK))
            if not block:
                raise damaged(self.path, f"{entry.name}, shorter than it says")
            length -= len(block)
            yield block


def damaged(path: Path, what: str) -> StoreFormatError:
    """Return the error for a file that is no backup, or not any more."""
    return StoreFormatError(
        f"the backup {str(path)!r}: {what}",
        "a file that sensorium backup wrote, as it was",
        "use another copy of it, or another backup",
    )


def is_backup(path: Path) -> bool:
    """Return whether a file is a backup, as far as its list of files says."""
    try:
        with zipfile.ZipFile(path) as archive:
            return MANIFEST in archive.namelist()
    except (OSError, zipfile.BadZipFile, ValueError):
        return False
