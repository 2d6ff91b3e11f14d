"""Copying: everything an owner remembers, from one store to another."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from sensorium.encoders import check_cancelled
from sensorium.errors import MediaNotFoundError, OwnerError, StoreUnavailableError
from sensorium.memory.layout.parts import (
    drop_parts,
    pages,
    part_counts,
    records_first,
    stored_points,
    without_orphans,
)
from sensorium.memory.media.store import BLOCK, MediaStore
from sensorium.memory.receipts import CopySummary
from sensorium.memory.records import Progress
from sensorium.qdrant.backend import Backend
from sensorium.qdrant.filters import Filter
from sensorium.qdrant.points import Point, StoredPoint
from sensorium.qdrant.schema import CollectionSchema

BATCH = 1_024  # points of a page; a server is asked a few times for each
# Vectors are read of so many rows at a time: a page of the longest records would fill the memory
ROWS = 16_384  # 64 MiB of 1024 dimensions


def copy_records(
    source: Backend,
    target: Backend,
    *,
    owner: str,
    source_media: MediaStore | None = None,
    target_media: MediaStore | None = None,
    progress: Progress | None = None,
    batch: int = BATCH,
    replace: bool = False,
) -> CopySummary:
    """Copy everything an owner remembers from one store to another, with vectors and media.

    A copy can be interrupted and repeated: points that the target has already, with the same
    payload, are skipped.

    Args:
        source: Store of the records, which is only read.
        target: Store to copy to, under the same ids; modalities it lacks are added.
        owner: Owner of the records.
        source_media: Media store of the source.
        target_media: Media store of the target. Without both, no files are copied.
        progress: Function called after every page with how many points are done, and of how many.
        batch: Number of points of a page.
        replace: Write points that the target has already again.
    Raises:
        OperationCancelledError: The caller gave it up.
        SpaceMismatchError: The two stores hold vectors of different spaces.
        RecordError: Another owner has a record of the same id in the target.
        OwnerError: A media store is another owner's.
        StoreUnavailableError: A server cannot be reached, or the target has fewer points at the
            end than were copied.
    """
    for store in (source_media, target_media):
        check_media_owner(store, owner)
    source.schema.check(target.schema.space, "the store to copy from")
    add_modalities(source.schema, target)
    everything = Filter(owner, parts=True)
    total = source.count(everything)
    done = copied = skipped = files = 0
    missing: set[str] = set()
    left: set[str] = set()

    def copy_files(points: Sequence[StoredPoint]) -> tuple[int, set[str]]:
        if source_media is None or target_media is None:
            return 0, set()
        return copy_media(points, target_media, partial(_copy_file, source_media, target_media))

    for points in pages(source, *records_first(owner), limit=batch):
        check_cancelled(done)
        copied_files, lost = copy_files(points)
        files, missing = files + copied_files, missing | lost
        if target_media is None and source_media is not None:
            left |= kept_names(points)
        with target.exclusive(owner):
            whole = without_orphans(target, points, owner=owner)
            existing = stored_points(target, [point.id for point in whole], owner)
            new = [
                point
                for point in whole
                if replace
                or point.id not in existing
                or existing[point.id].payload != point.payload
            ]
            copy_files(whole)  # another process may have dropped one since
            for portion in _portions(new):
                target.upsert(_with_vectors(source, portion, owner=owner))
            drop_parts(target, part_counts([p for p in whole if p.id in existing]), owner=owner)
        copied, skipped = copied + len(new), skipped + len(whole) - len(new)
        done += len(points)
        if progress is not None:
            progress(done, total)
    target.flush()
    if target_media is not None:
        target_media.flush()
    _check_arrived(target, everything, copied + skipped)
    return CopySummary(copied, skipped, files, len(missing), len(left))


def _portions(points: Sequence[StoredPoint]) -> Iterator[Sequence[StoredPoint]]:
    """Cut points where they have `ROWS` rows together."""
    start = rows = 0
    for index, point in enumerate(points):
        windows = sum(point.payload.get("windows", {}).values())
        rows += windows + len(point.payload.get("modalities", ()))
        if rows >= ROWS:
            yield points[start : index + 1]
            start, rows = index + 1, 0
    if start < len(points):
        yield points[start:]


def kept_names(points: Sequence[StoredPoint | Point]) -> set[str]:
    """Return the names of the kept files that points mention."""
    return {name for point in points for name in point.payload.get("hashes", ())}


def copy_media(
    points: Sequence[StoredPoint | Point], target: MediaStore, copy: Callable[[str], bool]
) -> tuple[int, set[str]]:
    """Copy the kept files of points that a media store lacks.

    Args:
        points: Points whose files are copied.
        target: Media store to copy to.
        copy: Function of a file's name that copies it, and returns whether there was such a file.
    Returns:
        The number of files copied, and the names of those that were not there.
    """
    wanted = [name for name in kept_names(points) if not target.exists(name)]
    lost = {name for name in wanted if not copy(name)}
    return len(wanted) - len(lost), lost


def add_modalities(schema: CollectionSchema, backend: Backend) -> None:
    """Add the modalities of a schema that a collection lacks."""
    for name in schema.modalities:
        backend.add_modality(name)


def check_media_owner(media: MediaStore | None, owner: str) -> None:
    """Check that a media store belongs to the owner of the records.

    Raises:
        OwnerError: The media store is another owner's.
    """
    if media is not None and media.owner != owner:
        raise OwnerError(
            f"the media store of {media.owner!r} for the records of {owner!r}",
            "a media store of the same owner",
            f"open it with MediaStore(root, owner={owner!r})",
        )


def _copy_file(source: MediaStore, target: MediaStore, name: str) -> bool:
    """Copy a kept file; return whether the source has it undamaged."""
    try:
        with source.open(name) as stream:
            # First, as the target would keep other content under another name, of no record
            digest = hashlib.sha256()
            while block := stream.read(BLOCK):
                digest.update(block)
            if digest.hexdigest() != Path(name).stem:
                return False
            stream.seek(0)
            target.put(stream, extension=Path(name).suffix[1:])
    except MediaNotFoundError:
        return False
    return True


def _with_vectors(backend: Backend, points: Sequence[StoredPoint], *, owner: str) -> list[Point]:
    """Return whole points; one that was forgotten meanwhile is left out."""
    ids = [point.id for point in points]
    read = backend.retrieve(ids, owner=owner, payload=True, vectors=True)
    return [Point(point.id, point.vectors, point.payload) for point in read]


def _check_arrived(target: Backend, where: Filter, expected: int) -> None:
    arrived = target.count(where)
    if arrived < expected:
        raise StoreUnavailableError(
            f"a copy of {expected} points, {arrived} of which arrived",
            "all of them",
            "copy again: points that arrived are skipped",
        )
