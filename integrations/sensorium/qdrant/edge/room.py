"""The room that Edge needs on a disk: it writes to mapped files, where a full disk is a signal.

A write to a mapped page that the disk has no room for ends the process (SIGBUS) and cannot be
caught. So the room is asked for before each write, and what a deletion needs is set aside.
"""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
from pathlib import Path

from sensorium.qdrant.edge.failures import disk_full
from sensorium.qdrant.system_errors import NO_ROOM

OPENING = 16 * 2**20  # bytes that must be free to open: Edge repeats what it had not flushed
RESERVE = 64 * 2**20  # bytes that must stay free when points are written, or a shard is made
PAYLOAD_RESERVE = 8 * 2**20  # bytes that must stay free when payloads alone are written
COPIES = 4  # times that what is written may take its size: log, storage, indexes
BLOCK = 2**16  # bytes of the log that are looked at together; no vectors or texts are such zeros
DELETION = 2 * BLOCK  # bytes of the log from its last block on that a deletion may touch
AHEAD = 6 * BLOCK  # bytes that are set aside: a thousand deletions
LOG = "wal"  # folder of Edge's write-ahead log, in the folder of a shard


def check_free(folder: Path, needed: int) -> None:
    """Check that a disk has so many bytes free.

    Raises:
        StoreFullError: It does not.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise disk_full(f"the memory {str(folder)!r}", free=free, needed=needed)


def check_opening(shard: Path) -> None:
    """Check that the disk has room for opening a shard.

    On a disk in RAM (tmpfs), reading a hole of a mapped file takes room, and Edge reads all of its
    files when it opens them.

    Args:
        shard: Folder of the shard, in a folder that exists.
    Raises:
        StoreFullError: The disk does not have it; nothing is written.
    """
    check_free(shard.parent, OPENING)
    if _reading_fills_holes(shard.parent):
        check_free(shard.parent, OPENING + _bytes_of_holes(shard))


def check_making(folder: Path) -> None:
    """Check that the disk has room for a new shard.

    Raises:
        StoreFullError: The disk does not have it; nothing is written.
    """
    check_free(folder, RESERVE)


def check_writing(folder: Path, size: int, *, reserve: int | None = None) -> None:
    """Check that the disk has room for a write.

    Args:
        folder: Folder of the memory.
        size: Bytes that are written.
        reserve: Bytes that must stay free; by default `RESERVE`.
    Raises:
        StoreFullError: The disk does not have it; nothing is written.
    """
    check_free(folder, (RESERVE if reserve is None else reserve) + COPIES * size)


def check_indexing(shard: Path) -> None:
    """Check that the disk has room for a second copy of a shard's segments.

    Raises:
        StoreFullError: The disk does not have it; nothing is written.
    """
    holes = _bytes_of_holes(shard) if _reading_fills_holes(shard.parent) else 0
    used = sum(path.stat().st_blocks * 512 for path in shard.rglob("*") if path.is_file())
    check_free(shard.parent, RESERVE + used + holes)


def check_deleting(shard: Path) -> None:
    """Check that a deletion can be written: a full disk does not hinder it, as the cure of it.

    Raises:
        StoreFullError: The disk is full, and what was set aside is used up.
    """
    if shutil.disk_usage(shard.parent).free >= RESERVE:
        return
    try:
        set_log_aside(shard, DELETION)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise disk_full(f"the memory {str(shard.parent)!r}") from error


def set_log_aside(shard: Path, size: int = AHEAD) -> None:
    """Give the next bytes of the write-ahead log their room on the disk.

    Raises:
        OSError: The disk has no room.
    """
    if not hasattr(os, "posix_fallocate"):
        return
    for file in (shard / LOG).glob("open-*"):
        descriptor = os.open(file, os.O_RDWR)
        try:
            length = os.fstat(descriptor).st_size
            written = _end_of_log(descriptor, length)
            # In steps: a failure on tmpfs takes back what an earlier call set aside in its range
            for start in range(written, min(written + size, length), BLOCK):
                os.posix_fallocate(descriptor, start, min(BLOCK, length - start))
        finally:
            os.close(descriptor)


def _end_of_log(descriptor: int, length: int) -> int:
    """Return an offset at or soon after the last byte of a log: zeros alone follow it."""
    low, high = 0, -(-length // BLOCK)  # blocks: those before `low` are written, `high` is not
    while low < high:
        middle = (low + high) // 2
        if os.pread(descriptor, BLOCK, middle * BLOCK).strip(b"\0"):
            low = middle + 1
        else:
            high = middle
    return max(0, low - 1) * BLOCK  # the last block that is written may have room itself


def _reading_fills_holes(folder: Path) -> bool:
    """Return whether the disk gives room to a hole of a file that is read through a mapping."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.truncate(mmap.PAGESIZE)
        with mmap.mmap(file.fileno(), mmap.PAGESIZE, access=mmap.ACCESS_READ) as view:
            view[0]
        return os.fstat(file.fileno()).st_blocks > 0


def _bytes_of_holes(shard: Path) -> int:
    """Count the bytes that the files of a shard lack, without those of the log."""
    found = 0
    for path in shard.rglob("*"):
        if path.is_file() and path.parent.name != LOG:
            status = path.stat()
            found += max(0, status.st_size - status.st_blocks * 512)
    return found
