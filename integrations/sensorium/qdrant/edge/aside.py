"""Room that files of a shard are given before Edge writes to them: then a full disk is no signal.

Edge maps files that are far longer than what is in them. A page that is written for the first time
gets its room from the disk only then, and the process ends (SIGBUS) where there is none. What a
system reads at once may lie in one large page, so a page that was written before is no safer while
there are holes around it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

BLOCK = 2**16  # bytes of the log that are looked at together; no vectors or texts are such zeros
DELETION = 2 * BLOCK  # bytes of the log from its last block on that a deletion may touch
AHEAD = 6 * BLOCK  # bytes that are set aside: a thousand deletions
LOG = "wal"  # folder of Edge's write-ahead log, in the folder of a shard
# Beginnings of names of the files that are written when points are, and not when they are flushed
VALUES = ("page_", "chunk_")


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


def set_flush_aside(shard: Path) -> None:
    """Give the files that a flush writes to their room on the disk, whole.

    Raises:
        OSError: The disk has no room.
    """
    if not hasattr(os, "posix_fallocate"):
        return
    for file, lacking in holes(shard, flushed=True):
        if lacking:
            descriptor = os.open(file, os.O_RDWR)
            try:
                os.posix_fallocate(descriptor, 0, os.fstat(descriptor).st_size)
            finally:
                os.close(descriptor)


def holes(shard: Path, *, flushed: bool = False) -> Iterator[tuple[Path, int]]:
    """Yield the files of a shard, without its log, and how many bytes of room each lacks.

    Args:
        shard: Folder of the shard; nothing is yielded if it is not there.
        flushed: Whether to yield only the files that a flush writes to.
    """
    for place, _, names in os.walk(shard):
        folder = Path(place)
        if folder.name == LOG:
            continue
        for name in names:
            if not (flushed and name.startswith(VALUES)):
                status = (folder / name).stat()
                blocks = getattr(status, "st_blocks", status.st_size)  # Windows does not say
                yield folder / name, max(0, status.st_size - 512 * blocks)


def bytes_of_holes(shard: Path, *, flushed: bool = False) -> int:
    """Count the bytes that the files of `holes` lack together."""
    return sum(lacking for _, lacking in holes(shard, flushed=flushed))


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
