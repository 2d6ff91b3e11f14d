"""A private copy of a memory's description and shard, for those who must not write into its folder.

Edge writes into the files of a shard when it opens it, so what is only to be read is copied first.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from sensorium.errors import StoreFormatError, StoreLockedError
from sensorium.qdrant.edge.aside import BLOCK, LOG
from sensorium.qdrant.edge.folder import (
    DESCRIPTION,
    bytes_on_disk,
    check_shards,
    read_description,
)
from sensorium.qdrant.edge.headers import check_headers
from sensorium.qdrant.edge.room import RESERVE, check_free
from sensorium.qdrant.schema import CollectionSchema

TRIES = 5  # copies made while another process writes, until none was written to meanwhile
PAGE = 2**12  # bytes: the smallest hole of a file system
PAUSE = 1.5  # seconds between two tries: a writer flushes a second after its last write


def shard_of(folder: Path) -> Path:
    """Return the folder of a memory's shard.

    Raises:
        StoreFormatError: The folder holds no memory, a damaged one, or links in its shard.
    """
    if folder.is_dir():
        check_shards(folder)
    described = read_description(folder) if folder.is_dir() else None
    if described is None or described[1] is None or not (folder / described[1]).is_dir():
        raise StoreFormatError(
            f"the place {str(folder)!r}, where there is no memory",
            "a folder in which something was remembered",
            "name another folder, or begin a memory there by opening it to write",
        )
    return folder / described[1]


def check_space(folder: Path, schema: CollectionSchema) -> None:
    """Check that a folder holds a memory whose vectors are of a schema's space.

    Raises:
        StoreFormatError: It holds no memory, or a damaged one.
        SchemaVersionError: The memory was written with another version of the layout.
        SpaceMismatchError: It holds vectors of another space.
    """
    shard_of(folder)
    described = read_description(folder)
    if described is not None:
        described[0].check(schema.space, f"the memory {str(folder)!r}")


def length_of_files(folder: Path) -> int:
    """Count the bytes of a memory's shard with its holes, which take room in RAM once read."""
    return sum(file.stat().st_size for file in _files(shard_of(folder)))


def copy_memory(folder: Path, target: Path) -> None:
    """Copy the description and the shard of a memory, as they were at one moment.

    Args:
        folder: Folder of the memory, in which nothing is written. Another process may have it open.
        target: Folder to make, of the same form.
    Raises:
        StoreFormatError: The folder holds no memory, or one whose files are damaged.
        StoreFullError: The disk of the target has no room for the copy.
        StoreLockedError: Another process wrote to the memory during every try.
        OSError: A file cannot be read.
    """
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE)
        shutil.rmtree(target, ignore_errors=True)
        with suppress(FileNotFoundError):  # a file was replaced meanwhile
            shard = shard_of(folder)
            check_headers(shard)
            before = _state(shard)
            target.mkdir()
            _copy(shard, target)
            if _state(shard) == before:
                return
    raise StoreLockedError(
        f"the memory {str(folder)!r}, which another process is writing to",
        f"{PAUSE:.1f} seconds without a write, to copy it as it is at one moment",
        "open it again later, or share one server: docs/deploy.md",
    )


def copy_held(shard: Path, name: str) -> None:
    """Copy the description and the shard of a memory that this process holds, and lets nobody use.

    Args:
        shard: Folder of the shard, which was flushed.
        name: Name of the copy, in the folder of the memory: one of a shard, so that it is removed
            at the next opening if nobody else does.
    Raises:
        StoreFullError: The disk has no room for the copy; nothing is left of it.
        OSError: A file cannot be read or written.
    """
    target = shard.parent / name
    target.mkdir()
    try:
        _copy(shard, target)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise


def _copy(shard: Path, target: Path) -> None:
    check_free(target, RESERVE + bytes_on_disk(shard))
    _copy_file(shard.parent / DESCRIPTION, target / DESCRIPTION)
    _copy_folder(shard, target / shard.name)


def _state(shard: Path) -> dict[str, object]:
    """Describe the files of a shard so that a write between two calls shows."""
    # The description names another shard once the memory was purged or re-embedded
    state: dict[str, object] = {DESCRIPTION: _checksum(shard.parent / DESCRIPTION)}
    for file in _files(shard):
        status = file.stat()
        # The log is written through a mapping, which does not always change the time of the file
        content = _checksum(file) if file.parent.name == LOG else None
        state[str(file)] = (status.st_size, status.st_mtime_ns, content)
    return state


def _checksum(file: Path) -> int:
    checksum = 0
    with file.open("rb", buffering=0) as stream:
        for _, block in blocks_with_content(stream):
            checksum = zlib.crc32(block, checksum)
    return checksum


def blocks_with_content(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield what a file has beside pages of zeros, in blocks with their offsets.

    Args:
        stream: The open file.
    """
    offset, end = 0, os.fstat(stream.fileno()).st_size
    while offset < end:
        if hasattr(os, "SEEK_DATA"):
            try:
                offset = os.lseek(stream.fileno(), offset, os.SEEK_DATA)
            except OSError as error:
                if error.errno == errno.ENXIO:  # a hole up to the end of the file
                    return
                raise
        stream.seek(offset)
        block = stream.read(BLOCK)
        # Pages of zeros on both sides stay holes: an index of a few points has one page of content
        filled = len(block.rstrip(b"\0"))
        if filled:
            begin = (len(block) - len(block.lstrip(b"\0"))) // PAGE * PAGE
            yield offset + begin, block[begin : -(-filled // PAGE) * PAGE]
        offset += BLOCK


def _files(folder: Path) -> Iterator[Path]:
    """Yield all files of a folder and those below it; links are passed over.

    Raises:
        OSError: A folder cannot be read.
    """
    for place, _, names in os.walk(folder, onerror=_fail):
        for name in names:
            file = Path(place) / name
            if file.is_file() and not file.is_symlink():
                yield file


def _fail(error: OSError) -> None:
    raise error


def _copy_folder(source: Path, target: Path) -> None:
    for file in _files(source):
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        _copy_file(file, copy)


def _copy_file(source: Path, target: Path) -> None:
    """Copy a file; blocks of zeros become holes, as Edge makes its files far longer than needed."""
    with source.open("rb", buffering=0) as reading, target.open("xb") as writing:
        writing.truncate(os.fstat(reading.fileno()).st_size)
        for offset, block in blocks_with_content(reading):
            writing.seek(offset)
            writing.write(block)
