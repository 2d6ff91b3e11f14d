"""Purging a shard: its points move into a new one, and the old one is erased.

Edge marks points as deleted. Their payload, vectors and words stay in its files and its log, and
its optimizer leaves them there until a tenth of a segment is deleted, so only a new shard is sure
to hold nothing but what lives.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import qdrant_edge as edge

from sensorium.errors import StoreError, StoreFullError
from sensorium.qdrant.backend import Progress, Purged
from sensorium.qdrant.edge import reading, room, writing
from sensorium.qdrant.edge.folder import bytes_on_disk
from sensorium.qdrant.edge.shard import Shard
from sensorium.qdrant.erasing import Erasure
from sensorium.qdrant.points import Point, StoredPoint

IDS = 1024  # ids read in one request
ROWS = 8192  # vectors held at a time, unless a single point has more
FLUSH = 64  # writes between two flushes, after which Edge can shorten its log
LOGS = 128 * 2**20  # bytes that a new shard takes, however few its points

DISK = (
    "Blocks that the disk freed: what was deleted earlier, and on flash memory or a file system "
    "that copies when it writes, also what was overwritten just now.",
    "Snapshots, backups, exports and copies of the folder, and a swap file.",
)


def check_room(shard: Shard, removed: int) -> None:
    """Check that the disk has room for a second copy of the points that stay.

    Args:
        shard: The shard that is to be purged.
        removed: How many points will be removed before.
    Raises:
        StoreFullError: It does not have it.
    """
    info = shard.engine.info()
    share = max(0, info.points_count - removed) / max(1, info.points_count)
    copies = 2 if info.indexed_vectors_count else 1  # indexing copies the vectors once more
    needed = int(bytes_on_disk(shard.place) * share * copies) + LOGS + room.RESERVE
    free = shutil.disk_usage(shard.folder).free
    if free < needed:
        raise StoreFullError(
            f"{free / 1e6:.0f} MB free on the disk of the memory {str(shard.folder)!r}",
            f"about {needed / 1e6:.0f} MB: a purge writes all that stays a second time",
            "free some space and call it again; nothing was purged",
        )


def copy_points(
    using: Callable[[], AbstractContextManager[Shard]],
    target: Shard,
    progress: Progress | None,
    *,
    together: int | None = None,
) -> int:
    """Copy every owner's points with payload and vectors; return how many.

    Args:
        using: Gives the source for a moment, so that others can read it meanwhile.
        target: An empty shard.
        progress: Called with how many points are done, and of how many.
        together: How many points are read at a time, while nobody else comes to work; by
            default `IDS`.
    """
    with using() as source:
        total = source.engine.info().points_count
    done = 0
    for number, ids in enumerate(_groups(using, together or IDS), 1):
        with using() as source:
            points = reading.read_points(source, ids, True, True)
        writing.upsert(target, [_whole(point) for point in points])
        if number % FLUSH == 0:
            target.flush()
        done += len(points)
        if progress is not None:
            progress(done, total)
    return done


def _whole(point: StoredPoint) -> Point:
    return Point(point.id, point.vectors, point.payload)


def _groups(
    using: Callable[[], AbstractContextManager[Shard]], together: int
) -> Iterator[Sequence[str]]:
    """Yield the ids of all points, so many at a time that their vectors fit into memory."""
    offset = None
    while True:
        request = edge.ScrollRequest(
            offset=offset, limit=together, with_payload=["windows"], with_vector=False
        )
        with using() as source:
            records, offset = source.engine.scroll(request)
            modalities = len(source.modalities)
        group, rows = list[str](), 0
        for record in records:
            windows = (record.payload or {}).get("windows", {})
            own = modalities + sum(windows.values())
            if group and rows + own > ROWS:
                yield group
                group, rows = [], 0
            group.append(str(record.id))
            rows += own
        if group:
            yield group
        if offset is None:
            return


def index_again(source_indexed: bool, target: Shard, lock: int | None) -> bool:
    """Index a shard if the one that it replaces was; return whether it is as ready as that one.

    A purge does not fail for an index, which `compact` can build later.

    Args:
        source_indexed: Whether that one was indexed.
        target: The shard.
        lock: Descriptor of the lock of the memory's folder.
    """
    if not source_indexed:
        return True
    try:
        target.index(lock)
    except StoreError:
        return False
    return True


def receipt(folder: Path, points: int, erased: Erasure, *, indexed: bool) -> Purged:
    """Say what was done with a folder, and what nobody can promise."""
    done = [
        f"What stays, {points} points of all owners, was written into a new shard of "
        f"{str(folder)!r}; the old one, with its write-ahead log, was overwritten and removed."
    ]
    if not indexed:
        done.append("The search index could not be built again: call compact().")
    return Purged(points, erased, tuple(done), DISK)
