"""Qdrant Edge in this process: the default store, a folder and no server.

What its interface leaves to its users is done here (facts: qdrant-edge-py 0.9.0 as installed):
vectors are checked before it sees them, its write-ahead log stays on, it is flushed on a timer, it
indexes only when told, in a process of its own (it holds Python's lock meanwhile), and named
vectors are made when first needed, since each costs its full size for every point.
"""

from __future__ import annotations

import secrets
import shutil
import weakref
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import qdrant_edge as edge
from filelock import FileLock
from typing_extensions import Self

from sensorium.errors import PointError, StoreFormatError
from sensorium.qdrant.edge.conversion import (
    edge_points,
    edge_vectors,
)
from sensorium.qdrant.edge.folder import (
    SHARD,
    bytes_on_disk,
    create_vector,
    drop_strays,
    full,
    locked,
    open_shard,
    read_description,
    write_description,
)
from sensorium.qdrant.edge.reading import EdgeReader
from sensorium.qdrant.edge.upkeep import FlushTimer, index
from sensorium.qdrant.filters import Filter
from sensorium.qdrant.points import (
    Payload,
    Point,
    Vectors,
    check_payload,
    check_points,
)
from sensorium.qdrant.schema import CollectionSchema

OPENING = 16 * 2**20  # bytes that must be free to open: Edge maps new files even to read
RESERVE = 64 * 2**20  # bytes that stay free: Edge writes to mapped files, which must not fail
PRIVATE = 0o700  # what a memory holds is nobody else's business
U = edge.UpdateOperation


class EdgeBackend(EdgeReader):
    """A collection in a folder, owned by one process at a time. May be used from several threads.

    One that is not closed lets its folder go when the interpreter exits; nothing is lost by it.
    """

    def __init__(
        self,
        folder: Path,
        schema: CollectionSchema,
        shard: edge.EdgeShard,
        lock: FileLock,
        *,
        name: str,
    ) -> None:
        """Use `EdgeBackend.open`."""
        super().__init__(folder, name, schema, shard)
        self._timer = FlushTimer(self._flush_on_time)
        self._lock = lock
        self._release: Any = weakref.finalize(self, lock.release)

    @classmethod
    def open(cls, folder: str | Path, *, schema: CollectionSchema) -> EdgeBackend:
        """Open the memory in a folder, or begin one.

        Args:
            folder: Made where it is missing, for its user alone (0700).
            schema: What it must be, or becomes; modalities it lacks are added.
        Raises:
            SpaceMismatchError: It holds vectors of another space.
            SchemaVersionError: It was written by another version of the layout.
            StoreFormatError: It is damaged, or something else.
            StoreLockedError: Somebody else has it open.
            OSError: The folder cannot be made or written.
        """
        folder = Path(folder).expanduser().absolute()
        if folder.exists() and not folder.is_dir():
            raise StoreFormatError(
                f"the file {str(folder)!r} as a memory", "a folder", "name another place"
            )
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        read_description(folder)  # before anything is written into a folder that is not ours
        if shutil.disk_usage(folder).free < OPENING:
            raise full(f"the memory {str(folder)!r}")
        lock = locked(folder)
        try:
            stored = read_description(folder)
            name = SHARD
            if stored is not None:
                before, name = stored
                before.check(schema.space, f"the memory {str(folder)!r}")
                for modality in schema.modalities:
                    before = before.with_modality(modality)
                schema = before
            shard = open_shard(folder, name, schema)
            write_description(folder, schema, name)
            drop_strays(folder, name)
            return cls(folder, schema, shard, lock, name=name)
        except BaseException:
            lock.release()
            raise

    def __repr__(self) -> str:
        return f"EdgeBackend({str(self.folder)!r}, {self._schema.space.id})"

    def upsert(self, points: Sequence[Point]) -> None:
        """Write whole points, replacing those of the same id.

        Raises:
            PointError: Vectors or a payload that cannot be stored; nothing is written then.
            StoreFullError: The disk has no room; nothing is written then.
        """
        if not points:
            return
        check_points(points, self._schema.space.dimension)
        for point in points:
            check_payload(point.payload)
        with self._using() as shard:
            self._check_room(points)
            for name in {name for point in points for name in point.vectors}:
                self._ensure(name)
            shard.update(U.upsert_points(edge_points(points)))
            self._note(point.payload for point in points)
            self._timer.wrote()

    def put_vectors(self, point_id: str, vectors: Mapping[str, Vectors]) -> None:
        """Write some modalities of a point; its others stay."""
        point = Point(point_id, vectors, {})
        check_points([point], self._schema.space.dimension)
        with self._using() as shard:
            self._check_room([point])
            for name in vectors:
                self._ensure(name)
            shard.update(U.update_vectors([edge.PointVectors(point_id, edge_vectors(vectors))]))
            self._timer.wrote()

    def set_payload(self, filter: Filter, payload: Payload, *, clear: Collection[str] = ()) -> None:
        """Write top-level keys of every point a filter means, and remove those in `clear`."""
        check_payload(payload)
        with self._using() as shard:
            ids = self._ids(filter)  # first: what is written may be what the filter asks for
            if payload and ids:
                shard.update(U.set_payload(ids, payload))
            if clear and ids:
                shard.update(U.delete_payload(ids, list(clear)))
            self._note([payload])
            self._timer.wrote()

    def delete(self, filter: Filter) -> None:
        """Remove the points a filter means."""
        with self._using() as shard:
            shard.update(U.delete_points_by_filter(self._translated(filter)))
            self._timer.wrote()

    def add_modality(self, name: str) -> None:
        """Add a named vector to the collection; nothing happens if it is there."""
        with self._using():
            if name in self._schema.modalities:
                return
            schema = self._schema.with_modality(name)
            CollectionSchema.for_space(schema.space, modalities=schema.modalities)  # checks it
            write_description(self.folder, schema, self._name)
            self._schema = schema

    def flush(self) -> None:
        """Make what was written safe against loss of power.

        Raises:
            StoreError: It failed now, or when it was last tried on the timer.
        """
        with self._using() as shard:
            self._timer.cancel()
            shard.flush()
        error = self._timer.take_error()
        if error is not None:
            raise error

    def _flush_on_time(self) -> None:
        with self._guard:
            if self._open:
                with self._using() as shard:
                    shard.flush()

    def compact(self) -> bool:
        """Index what is not indexed yet; say whether there was anything to do.

        A process of its own does it, for minutes if there is much; other threads go on with their
        work, and wait when they need this memory. A process that dies leaves all as it was.

        Raises:
            StoreError: That process failed.
        """
        with self._using() as shard:
            self._timer.cancel()
            shard.flush()
            shard.close()
            try:
                return index(self.folder / self._name)
            finally:
                self._shard = open_shard(self.folder, self._name, self._schema)

    def sibling(self, schema: CollectionSchema) -> Self:
        """Begin another collection in the same folder, which `switch` may put in this one's place.

        Args:
            schema: Of another space.
        """
        with self._using():
            name = f"{SHARD}-{secrets.token_hex(4)}"
            shard = open_shard(self.folder, name, schema)
            sibling = type(self)(self.folder, schema, shard, self._lock, name=name)
            sibling._release.detach()  # the folder stays this one's
            return sibling

    def switch(self, sibling: Self, /) -> Self:
        """Put a sibling in this collection's place, at once and for good; return it."""
        with self._using() as shard:
            sibling.flush()
            write_description(self.folder, sibling.schema, sibling._name)
            self._open = False
            self._timer.cancel()
            shard.close()
            self._release.detach()
            sibling._release = weakref.finalize(sibling, self._lock.release)
            drop_strays(self.folder, sibling._name)
            return sibling

    def discard(self) -> None:
        """Remove a sibling that is not wanted any more."""
        with self._guard:
            self._open = False
            self._timer.cancel()
            self._shard.close()
            shutil.rmtree(self.folder / self._name)

    def stats(self) -> dict[str, Any]:
        """Describe the store itself: kind, place, points, bytes, what is indexed."""
        with self._using() as shard:
            info = shard.info()
            return {
                "kind": "edge",
                "place": str(self.folder),
                "space": self._schema.space.id,
                "modalities": sorted(self._present),
                "points": info.points_count,
                "indexed_vectors": info.indexed_vectors_count,
                "segments": info.segments_count,
                "bytes": bytes_on_disk(self.folder / self._name),
            }

    def close(self) -> None:
        """Flush and release; nothing happens the second time.

        Raises:
            StoreError: The last flush failed.
        """
        with self._guard:
            if not self._open:
                return
            try:
                self.flush()
            finally:
                self._open = False
                self._shard.close()
                self._release()

    def _note(self, payloads: Any) -> None:
        """Remember that there are now points which a condition could leave out."""
        if self._parts and self._expiring:
            return
        for payload in payloads:
            self._parts = self._parts or "part_of" in payload
            self._expiring = self._expiring or "expires_at" in payload

    def _ensure(self, name: str) -> None:
        """Make a named vector the first time it is written."""
        if name in self._present:
            return
        if name not in self._schema.modalities:
            raise PointError(
                f"a vector of the modality {name!r}",
                f"one of {', '.join(self._schema.modalities)}",
                f"add it to the collection first: add_modality({name!r})",
            )
        self._shard.update(create_vector(name, self._schema))
        self._present.add(name)

    def _check_room(self, points: Sequence[Point]) -> None:
        needed = 4 * sum(rows.nbytes for point in points for rows in point.vectors.values())
        if shutil.disk_usage(self.folder).free < RESERVE + needed:
            raise full(f"the memory {str(self.folder)!r}")
