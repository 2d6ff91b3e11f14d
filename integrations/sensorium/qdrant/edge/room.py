"""The room that Edge needs on a disk: it writes to mapped files, where a full disk is a signal.

A write to a mapped page that the disk has no room for ends the process (SIGBUS) and cannot be
caught. So the room is asked for before each write and each flush. While much is free, that is
enough; else what flushes and deletions need is set aside before anything is written.
"""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
from pathlib import Path

from sensorium.qdrant.edge.aside import (
    DELETION,
    bytes_of_holes,
    set_flush_aside,
    set_log_aside,
)
from sensorium.qdrant.edge.failures import disk_full
from sensorium.qdrant.edge.folder import bytes_on_disk
from sensorium.qdrant.system_errors import NO_ROOM, translating

OPENING = 16 * 2**20  # bytes that must be free to open: Edge repeats what it had not flushed
RESERVE = 64 * 2**20  # bytes that must stay free when points are written, or a shard is made
PAYLOAD_RESERVE = 8 * 2**20  # bytes that must stay free when payloads alone are written
SCARCE = 256 * 2**20  # free bytes from which on down no look at the disk is trusted to stay true
COPIES = 4  # times that what is written may take its size: log, storage, indexes


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
        check_free(shard.parent, OPENING + bytes_of_holes(shard))
    _check_room(shard, OPENING)


def check_making(folder: Path) -> None:
    """Check that the disk has room for a new shard.

    Raises:
        StoreFullError: The disk does not have it; nothing is written.
    """
    check_free(folder, RESERVE)


def check_writing(shard: Path, size: int, *, reserve: int | None = None) -> None:
    """Check that the disk has room for a write, and for the flush after it.

    Args:
        shard: Folder of the shard.
        size: Bytes that are written.
        reserve: Bytes that must stay free; by default `RESERVE`.
    Raises:
        StoreFullError: The disk does not have it; nothing is written.
    """
    _check_room(shard, (RESERVE if reserve is None else reserve) + COPIES * size)


def check_flushing(shard: Path) -> None:
    """Check that the disk has room for a flush; closing a shard is one, too.

    Raises:
        StoreFullError: The disk does not have it; nothing is written.
    """
    if shard.exists():
        _check_room(shard, 0)
    else:  # somebody removed it: its files are written to all the same, and cannot be looked at
        there = next(folder for folder in shard.parents if folder.exists())
        check_free(there, RESERVE)


def check_indexing(shard: Path) -> None:
    """Check that the disk has room for a second copy of a shard's segments, and for its index.

    The index copies the vectors once more, with one byte a number in place of two.

    Raises:
        StoreFullError: The disk does not have it; nothing is written.
    """
    holes = bytes_of_holes(shard, flushed=not _reading_fills_holes(shard.parent))
    used = bytes_on_disk(shard)
    check_free(shard.parent, RESERVE + used + used // 2 + holes)


def check_deleting(shard: Path) -> None:
    """Check that a deletion can be written: a full disk does not hinder it, as the cure of it.

    Raises:
        StoreFullError: The disk is full, and what was set aside is used up.
    """
    if shutil.disk_usage(shard.parent).free >= RESERVE:
        return
    with translating(NO_ROOM, lambda _: disk_full(f"the memory {str(shard.parent)!r}")):
        set_log_aside(shard, DELETION)


def _check_room(shard: Path, needed: int) -> None:
    """Check that bytes are free; where little is, set aside first what the next flush needs.

    Raises:
        StoreFullError: The disk does not have the room.
    """
    free = shutil.disk_usage(shard).free
    if free >= needed + SCARCE:
        return
    needed += bytes_of_holes(shard, flushed=True)
    place = f"the memory {str(shard.parent)!r}"
    if free < needed:
        raise disk_full(place, free=free, needed=needed)
    with translating(NO_ROOM, lambda _: disk_full(place)):
        set_flush_aside(shard)


def _reading_fills_holes(folder: Path) -> bool:
    """Return whether the disk gives room to a hole of a file that is read through a mapping."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.truncate(mmap.PAGESIZE)
        with mmap.mmap(file.fileno(), mmap.PAGESIZE, access=mmap.ACCESS_READ) as view:
            view[0]
        return os.fstat(file.fileno()).st_blocks > 0
