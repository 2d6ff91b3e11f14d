"""Qdrant Edge in this process: the default store, a folder and no server.

What Edge's interface leaves to its users is done here (facts: qdrant-edge-py 0.9.0 as installed):
vectors are checked before it sees them, its write-ahead log stays on, it is flushed on a timer, and
it indexes only when told, in a process of its own.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from typing_extensions import Self

from sensorium.encoders.forking import Lock, mind_forks
from sensorium.errors import StoreClosedError, StoreError, StoreFormatError, StoreLockedError
from sensorium.qdrant.backend import Backend, Progress, Purged, Search, closed
from sensorium.qdrant.durability import FlushTimer
from sensorium.qdrant.edge import purging, reading, writing
from sensorium.qdrant.edge.copying import copy_held
from sensorium.qdrant.edge.failures import disk_full, translating_errors
from sensorium.qdrant.edge.folder import (
    SHARD,
    FolderLock,
    bytes_on_disk,
    drop_stray_shards,
    read_description,
    write_description,
)
from sensorium.qdrant.edge.opening import open_shard
from sensorium.qdrant.edge.room import OPENING, check_free
from sensorium.qdrant.edge.shard import Shard
from sensorium.qdrant.edge.vacuuming import TOGETHER, CopyUnderWay, DeadPoints
from sensorium.qdrant.erasing import erase_folder
from sensorium.qdrant.filters import Filter, Shared
from sensorium.qdrant.ownership import check_own, keys_with_owner, owned_points, taken_ids
from sensorium.qdrant.points import (
    Page,
    Payload,
    Point,
    Scored,
    StoredPoint,
    Vectors,
    check_payload,
    check_points,
)
from sensorium.qdrant.schema import CollectionSchema
from sensorium.qdrant.system_errors import NO_ROOM, translating

logger = logging.getLogger(__name__)

PRIVATE = 0o700  # nobody but its user may look into a new memory


class EdgeBackend(Backend):
    """A collection in a folder, which one process at a time may open.

    The methods are those of `Backend`, documented there. A backend that is not closed releases its
    folder when the interpreter exits; nothing is lost.

    Attributes:
        folder: Folder of the memory.
    """

    def __init__(self, shard: Shard, lock: FolderLock) -> None:
        """Use an open shard; `EdgeBackend.open` opens one.

        Args:
            shard: The shard of the collection.
            lock: The lock of its folder.
        """
        self.folder = shard.folder
        self._shard = shard
        self._lock = lock
        self._timer = FlushTimer(self._flush_on_time)
        self._dead = DeadPoints(shard.engine.info().points_count)
        self._copying = CopyUnderWay()
        self._write_gate = Lock()  # before the others: what writes waits for a purge
        self._guard = Lock()
        self._is_open = True
        self._is_parents = False
        mind_forks(self)

    @classmethod
    def open(
        cls, folder: str | Path, *, schema: CollectionSchema, sharing: bool = False
    ) -> EdgeBackend:
        """Open the memory in a folder, or begin one.

        Args:
            folder: Folder of the memory; a new one is made for its user alone (mode 0700).
            schema: Layout of a new memory. An existing one must have the same space; modalities it
                lacks are added.
            sharing: Whether the caller will answer other processes that open the folder.
        Raises:
            SpaceMismatchError: The memory holds vectors of another space.
            SchemaVersionError: The memory was written with another version of the layout.
            StoreFormatError: The memory is damaged, or the folder holds something else.
            StoreLockedError: Another process, or another backend of this one, has it open.
            StoreFullError: The disk has no room.
            OSError: The folder cannot be made or written.
        """
        folder = Path(folder).expanduser().absolute()
        if folder.exists() and not folder.is_dir():
            raise StoreFormatError(
                f"the file {str(folder)!r} as a memory", "a folder", "name another place"
            )
        with translating(NO_ROOM, lambda _: disk_full(f"the memory {str(folder)!r}")):
            return cls._open(folder, schema, sharing)

    @classmethod
    def _open(cls, folder: Path, schema: CollectionSchema, sharing: bool) -> EdgeBackend:
        """Open a folder as `open` does; the errors of a full disk are the system's."""
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        read_description(folder)  # before anything is written into a folder that is not ours
        check_free(folder, OPENING)
        lock = FolderLock(folder, sharing=sharing)
        try:
            backend = cls(open_shard(folder, schema), lock)
        except BaseException:
            lock.release(lock)
            raise
        lock.hold_for(backend)
        return backend

    def __repr__(self) -> str:
        return f"EdgeBackend({str(self.folder)!r}, {self.schema.space.id})"

    @property
    def schema(self) -> CollectionSchema:
        return self._shard.schema

    def exclusive(self, owner: str) -> AbstractContextManager[None]:
        """Do nothing: no other process has the folder open."""
        return nullcontext()

    def upsert(self, points: Sequence[Point]) -> None:
        if not points:
            return
        check_points(points, self.schema.space.dimension)
        for point in points:
            check_payload(point.payload)
        with self._writing() as shard:
            writing.upsert(shard, points)
        self._vacuum_after(len(points))

    def put_vectors(self, point_id: str, vectors: Mapping[str, Vectors]) -> None:
        check_points([Point(point_id, vectors, {})], self.schema.space.dimension)
        with self._writing() as shard:
            writing.put_vectors(shard, point_id, vectors)
        self._vacuum_after(1)

    def set_payload(self, filter: Filter, payload: Payload, *, clear: Collection[str] = ()) -> None:
        check_own(filter)
        check_payload(payload)
        with self._writing() as shard:
            writing.set_payload(shard, filter, payload, clear)

    def delete(self, filter: Filter) -> None:
        check_own(filter)
        with self._writing() as shard:
            writing.delete(shard, filter)

    def retrieve(
        self,
        ids: Sequence[str],
        *,
        owner: str,
        payload: bool | Sequence[str],
        vectors: bool | Sequence[str],
        shared: Sequence[Shared] = (),
    ) -> list[StoredPoint]:
        with self._using() as shard:
            keys = keys_with_owner(payload, shared)
            points = reading.read_points(shard, ids, keys, vectors)
        return owned_points(points, owner, payload, shared)

    def occupied(
        self, ids: Sequence[str], *, owner: str, payload: bool | Sequence[str]
    ) -> tuple[list[StoredPoint], set[str]]:
        with self._using() as shard:
            points = reading.read_points(shard, ids, keys_with_owner(payload), False)
        taken = taken_ids(points, owner)
        return owned_points(points, owner, payload), taken

    def search(self, searches: Sequence[Search], filter: Filter) -> list[list[Scored]]:
        with self._using() as shard:
            return reading.search(shard, searches, filter)

    def search_text(self, text: str, filter: Filter, *, limit: int) -> list[Scored]:
        with self._using() as shard:
            return reading.search_text(shard, text, filter, limit)

    def scroll(
        self,
        filter: Filter,
        *,
        limit: int,
        newest_first: bool | None = None,
        cursor: str | None = None,
        payload: bool | Sequence[str] = True,
        vectors: bool | Sequence[str] = False,
    ) -> Page:
        with self._using() as shard:
            return reading.scroll(
                shard,
                filter,
                limit=limit,
                newest_first=newest_first,
                cursor=cursor,
                payload=payload,
                vectors=vectors,
            )

    def sample(
        self,
        modality: str,
        filter: Filter,
        *,
        limit: int,
        payload: bool | Sequence[str] = False,
        vectors: bool = True,
    ) -> list[StoredPoint]:
        with self._using() as shard:
            return reading.sample(
                shard, modality, filter, limit=limit, payload=payload, vectors=vectors
            )

    def count(self, filter: Filter) -> int:
        with self._using() as shard:
            return reading.count(shard, filter)

    def facet(self, key: str, filter: Filter, *, limit: int) -> dict[str, int]:
        with self._using() as shard:
            return reading.facet(shard, key, filter, limit)

    def add_modality(self, name: str) -> None:
        with self._write_gate, self._using() as shard:
            self._lock.check(shard.place)
            if name in shard.schema.modalities:
                return
            schema = shard.schema.with_modality(name)
            CollectionSchema.for_space(schema.space, modalities=schema.modalities)  # checks it
            write_description(self.folder, schema, shard.name)
            shard.schema = schema

    def flush(self) -> None:
        """Make what was written safe against loss of power.

        Raises:
            StoreError: It failed now, or when it was last tried on the timer.
        """
        with self._using() as shard:
            self._timer.cancel()
            self._lock.check(shard.place)
            shard.flush()
        error = self._timer.take_error()
        if error is not None:
            raise error

    def compact(self) -> bool:
        """Index new points, and return whether there was anything to gain.

        A process of its own does it, for minutes if there is much: `indexing.expected_seconds` says
        about how long. Other threads go on with their work, and wait when they need this memory. A
        process that dies leaves all as it was.

        Raises:
            StoreError: That process failed.
        """
        with self._write_gate, self._using() as shard:
            self._timer.cancel()
            self._lock.check()
            return shard.index(self._lock.descriptor)

    def snapshot(self) -> str:
        """Copy the shard and the description as they are at one moment; others wait meanwhile.

        Returns:
            The name of the copy in the folder, which the caller removes; if it dies, whoever opens
            the folder next does.
        Raises:
            StoreFullError: The disk has no room for it.
        """
        with self._write_gate, self._using() as shard:
            self._timer.cancel()
            self._lock.check(shard.place)
            shard.flush()
            name = _sibling_name()
            copy_held(shard.place, name)
            return name

    def check_purge(self, *, removed: int) -> None:
        with self._using() as shard:
            purging.check_room(shard, removed)

    def purge(self, *, progress: Progress | None = None) -> Purged:
        with self._write_gate:
            with self._using() as old:
                self._lock.check()
                purging.check_room(old, 0)
                was_indexed = old.engine.info().indexed_vectors_count > 0
                new = Shard(self.folder, _sibling_name(), old.schema)
            try:
                with translating_errors(f"the memory {str(self.folder)!r}"):
                    points = purging.copy_points(self._using, new, progress)
                    indexed = purging.index_again(was_indexed, new, self._lock.descriptor)
                    new.flush()
                    self._exchange(new)
            finally:
                ended = old if self._shard is new else new
                ended.close()
                erased = erase_folder(ended.place)
            self._dead = DeadPoints(points)
        return purging.receipt(self.folder, points, erased, indexed=indexed)

    def _vacuum_after(self, written: int) -> None:
        """Note points that were written, and copy the living ones if many are dead.

        This thread does it, as each new thread would keep some memory of the allocator.
        """
        if not self._dead.wrote(written):
            return
        try:
            self._vacuum()
        except StoreClosedError:  # by another thread; what was written is safe
            pass
        except (StoreError, OSError) as error:  # all is as it was, and only takes more room
            self._dead.failed()
            logger.info("sensorium: %s was not copied to make it small: %s", self.folder, error)

    def _vacuum(self) -> None:
        """Copy the living points into a new shard, if many are dead; writes wait meanwhile.

        A death at any moment leaves the shard that the description names, whole.

        Raises:
            StoreClosedError: The backend was closed meanwhile; nothing was changed.
            StoreError: Edge failed, or the disk has no room; nothing was changed.
        """
        with self._write_gate, self._copying.lock:
            with self._using() as old:
                began, described = time.monotonic(), read_description(self.folder)
                is_due = self._dead.due(old.engine.info().points_count)
                # Not that of a sibling, which is being filled and is not the memory yet
                if not is_due or described is None or described[1] != old.name:
                    return
                self._check_closing()
                self._lock.check(old.place)
                purging.check_room(old, 0)
                was_indexed = old.engine.info().indexed_vectors_count > 0
                new = Shard(self.folder, _sibling_name(), old.schema)
            try:
                place = f"the memory {str(self.folder)!r}"
                with translating_errors(place), self._copying.until_exit(self):
                    points = purging.copy_points(
                        self._using, new, self._check_closing, together=TOGETHER
                    )
                    purging.index_again(was_indexed, new, self._lock.descriptor)
                    new.flush()
                    self._check_closing()
                    self._exchange(new)
            finally:
                ended = old if self._shard is new else new
                ended.close()
                shutil.rmtree(ended.place)
            self._dead.copied(points, began=began)

    def _check_closing(self, done: int = 0, total: int | None = None) -> None:
        """Give a copy up where somebody waits to close.

        Raises:
            StoreClosedError: Somebody does.
        """
        if self._copying.is_given_up:
            raise closed(f"the memory {str(self.folder)!r}")

    def _exchange(self, shard: Shard) -> None:
        """Use another shard of the folder from now on, which its description names."""
        with self._using():
            try:
                write_description(self.folder, shard.schema, shard.name)
            finally:  # even if this thread was interrupted after the file was there
                described = read_description(self.folder)
                if described is not None and described[1] == shard.name:
                    self._shard = shard

    def sibling(self, schema: CollectionSchema) -> Self:
        with self._using():
            self._lock.check()
            # It shares the lock, which this backend goes on to hold until `switch`
            return type(self)(Shard(self.folder, _sibling_name(), schema), self._lock)

    def seal(self, sibling: Self, /) -> bool:
        """Do nothing: no other process can write, and the caller lets no other thread."""
        return False

    def switch(self, sibling: Self, /) -> Self:
        # The sibling's gate, too: from its description on it could be copied, and the copy dropped
        with self._write_gate, sibling._write_gate, self._using():
            sibling.flush()
            sibling.describe()
            self._end()
            self._lock.hold_for(sibling)
            drop_stray_shards(self.folder, sibling.name)
            return sibling

    def after_fork(self) -> None:
        """Leave the folder to the parent, in a forked child."""
        self._is_open, self._is_parents = False, True

    @property
    def identity(self) -> tuple[int, int] | None:
        """What tells the folder from every other, and from a copy of it, while it is open."""
        return self._lock.identity

    @property
    def name(self) -> str:
        """Name of the shard's folder within the folder of the memory."""
        return self._shard.name

    def describe(self) -> None:
        """Write the description of the folder, so that it opens with this collection."""
        write_description(self.folder, self.schema, self.name)

    def discard(self) -> None:
        with self._guard:
            self._end()
            shutil.rmtree(self._shard.place)

    def stats(self) -> dict[str, Any]:
        with self._using() as shard:
            info = shard.engine.info()
            return {
                "kind": "edge",
                "place": str(self.folder),
                "space": shard.schema.space.id,
                "modalities": sorted(shard.modalities),
                "points": info.points_count,
                "indexed_vectors": info.indexed_vectors_count,
                "unindexed_vectors": shard.unindexed(),
                "segments": info.segments_count,
                "bytes": bytes_on_disk(shard.place),
            }

    def close(self) -> None:
        """Flush, and release the folder; the second call does nothing.

        Raises:
            StoreError: The last flush failed; the folder is released all the same.
        """
        self._copying.give_up()
        with self._guard:
            if not self._is_open:
                return
            try:
                if self._shard.is_open:
                    self.flush()
            finally:
                self._end()
                self._lock.release(self)

    def _end(self) -> None:
        """Close the shard; the folder stays locked."""
        self._is_open = False
        self._timer.cancel()
        self._shard.close()

    def _flush_on_time(self) -> None:
        """Flush, where nobody waits; of a folder that is gone nothing is missed.

        At the end of a process the folder of a temporary memory is removed while this may run.
        """
        with self._guard:
            if not self._is_open:
                return
            try:
                with self._using() as shard:
                    self._lock.check()
                    shard.flush()
            except StoreError:
                if Path(self.folder).exists():
                    raise

    @contextmanager
    def _using(self) -> Iterator[Shard]:
        """Give the shard to one thread at a time, and turn Edge's errors into ours.

        Raises:
            StoreClosedError: The backend was closed.
        """
        with self._guard:
            if self._is_parents:
                raise StoreLockedError(
                    f"the memory {str(self.folder)!r}, which the parent process has open alone",
                    "a memory of this process: a forked child cannot use its parent's",
                    "open it in the parent without share=False, or only in the child",
                )
            if not self._is_open:
                raise closed(f"the memory {str(self.folder)!r}")
            with translating_errors(f"the memory {str(self.folder)!r}"):
                yield self._shard

    @contextmanager
    def _writing(self) -> Iterator[Shard]:
        """Use the shard to write, and have it flushed soon after.

        Raises:
            StoreFormatError: The folder was removed or replaced since it was opened.
        """
        with self._write_gate, self._using() as shard:
            self._lock.check(shard.place)
            yield shard
            self._timer.wrote()


def _sibling_name() -> str:
    return f"{SHARD}-{secrets.token_hex(4)}"
