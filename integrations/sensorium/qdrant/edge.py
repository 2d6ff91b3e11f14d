"""Qdrant Edge in this process: the default store, a folder and no server.

What its interface leaves to its users is done here (facts: qdrant-edge-py 0.9.0 as installed):
vectors are checked before it sees them, its write-ahead log stays on, it is flushed on a timer, it
indexes only when told, in a process of its own (it holds Python's lock meanwhile), and named
vectors are made when first needed, since each costs its full size for every point.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import threading
import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import qdrant_edge as edge
from filelock import FileLock

from sensorium.errors import PointError, SensoriumError, StoreClosedError, StoreError
from sensorium.qdrant.backend import Search
from sensorium.qdrant.edge_conversion import (
    converted,
    edge_points,
    edge_query,
    edge_vectors,
    selector,
    stored_point,
)
from sensorium.qdrant.edge_filters import translated
from sensorium.qdrant.edge_folder import (
    SHARD,
    bytes_on_disk,
    create_vector,
    full,
    locked,
    open_shard,
    present_modalities,
    read_description,
    translated_error,
    write_description,
)
from sensorium.qdrant.filters import Filter
from sensorium.qdrant.paging import ORDER, ordered_page
from sensorium.qdrant.points import (
    Page,
    Payload,
    Point,
    Scored,
    StoredPoint,
    Vectors,
    check_points,
)
from sensorium.qdrant.schema import TEXT, CollectionSchema

logger = logging.getLogger(__name__)

FLUSH_AFTER = 1.0  # seconds from a write to the flush that makes it safe against loss of power
RESERVE = 64 * 2**20  # bytes that stay free: Edge writes to mapped files, which must not fail
# Edge gathers points it has not indexed until told; told by a process that does nothing else
COMPACT = """
import sys, qdrant_edge
shard = qdrant_edge.EdgeShard.load(sys.argv[1])
print(int(shard.optimize()))
shard.close()
"""
U = edge.UpdateOperation
T = TypeVar("T")


class EdgeBackend:
    """A collection in a folder, owned by one process at a time. May be used from several threads.

    A backend that is not closed is closed when the interpreter exits.
    """

    def __init__(
        self, folder: Path, schema: CollectionSchema, shard: edge.EdgeShard, lock: FileLock
    ) -> None:
        """Use `EdgeBackend.open`."""
        self.folder = folder
        self._schema = schema
        self._shard = shard
        self._present = present_modalities(folder)
        self._guard = threading.RLock()
        self._timer: threading.Timer | None = None
        self._flush_error: StoreError | None = None
        self._open = True
        self._release = weakref.finalize(self, lock.release)
        self._parts = self._expiring = True  # until counted
        self._parts = bool(shard.facet(edge.FacetRequest("part_of", limit=1)).hits)
        self._expiring = self._holds_expiry()

    @classmethod
    def open(cls, folder: str | Path, *, schema: CollectionSchema) -> EdgeBackend:
        """Open the memory in a folder, or begin one.

        Args:
            folder: Made where it is missing.
            schema: What it must be, or becomes; modalities it lacks are added.
        Raises:
            SpaceMismatchError: It holds vectors of another space.
            SchemaVersionError: It was written by another version of the layout.
            StoreFormatError: It is damaged, or something else.
            StoreLockedError: Somebody else has it open.
            OSError: The folder cannot be made or written.
        """
        folder = Path(folder).expanduser().absolute()
        folder.mkdir(parents=True, exist_ok=True)
        lock = locked(folder)
        try:
            stored = read_description(folder)
            if stored is not None:
                stored.check(schema.space, f"the memory {str(folder)!r}")
                for name in schema.modalities:
                    stored = stored.with_modality(name)
            shard = open_shard(folder, stored or schema)
            write_description(folder, stored or schema)
            return cls(folder, stored or schema, shard, lock)
        except BaseException:
            lock.release()
            raise

    def __repr__(self) -> str:
        return f"EdgeBackend({str(self.folder)!r}, {self._schema.space.id})"

    @property
    def schema(self) -> CollectionSchema:
        """The layout, with the space of the vectors."""
        return self._schema

    @contextmanager
    def _using(self) -> Iterator[edge.EdgeShard]:
        """Give the shard to one thread at a time, and Edge's errors their names."""
        with self._guard:
            if not self._open:
                raise StoreClosedError(
                    f"the memory {str(self.folder)!r} after close()",
                    "an open one",
                    "open it again, and use it within its with block",
                )
            try:
                yield self._shard
            except SensoriumError:
                raise
            except Exception as error:  # Edge raises nothing more precise
                raise translated_error(error, f"the memory {str(self.folder)!r}") from error

    def upsert(self, points: Sequence[Point]) -> None:
        """Write whole points, replacing those of the same id.

        Raises:
            PointError: Vectors or a payload that cannot be stored; nothing is written then.
            StoreFullError: The disk has no room; nothing is written then.
        """
        if not points:
            return
        check_points(points, self._schema.space.dimension)
        with self._using() as shard:
            self._check_room(points)
            for name in {name for point in points for name in point.vectors}:
                self._ensure(name)
            shard.update(U.upsert_points(edge_points(points)))
            self._note(point.payload for point in points)
            self._schedule_flush()

    def put_vectors(self, point_id: str, vectors: Mapping[str, Vectors]) -> None:
        """Write some modalities of a point; its others stay."""
        point = Point(point_id, vectors, {})
        check_points([point], self._schema.space.dimension)
        with self._using() as shard:
            self._check_room([point])
            for name in vectors:
                self._ensure(name)
            shard.update(U.update_vectors([edge.PointVectors(point_id, edge_vectors(vectors))]))
            self._schedule_flush()

    def set_payload(self, filter: Filter, payload: Payload, *, clear: Collection[str] = ()) -> None:
        """Write top-level keys of every point a filter means, and remove those in `clear`."""
        with self._using() as shard:
            where = self._translated(filter)
            if payload:
                shard.update(converted(lambda: U.set_payload_by_filter(where, payload)))
            if clear:
                shard.update(U.delete_payload_by_filter(where, list(clear)))
            self._note([payload])
            self._schedule_flush()

    def retrieve(
        self, ids: Sequence[str], *, payload: bool | Sequence[str], vectors: bool | Sequence[str]
    ) -> list[StoredPoint]:
        """Read points by id, in no particular order; those that are not there are left out.

        The owner is not checked here: ask for `owner` in the payload and compare it.
        """
        with self._using() as shard:
            wanted = self._wanted(vectors)
            found = shard.retrieve(list(ids), selector(payload), wanted)
        return [stored_point(record) for record in found]

    def search(self, searches: Sequence[Search], filter: Filter) -> list[list[Scored]]:
        """Find the nearest points of each search, best first."""
        with self._using() as shard:
            known = [search for search in searches if search.modality in self._present]
            if not known:
                return [[] for _ in searches]
            where = self._translated(filter)
            requests = [
                edge.QueryRequest(
                    limit=search.limit,
                    query=edge.Query.Nearest(edge_query(search), using=search.modality),
                    filter=where,
                )
                for search in known
            ]
            answers = iter(shard.query_batch(edge.QueryBatchRequest(requests)))
        return [
            [Scored(str(hit.id), hit.score) for hit in next(answers)] if search in known else []
            for search in searches
        ]

    def search_text(self, text: str, filter: Filter, *, limit: int) -> list[Scored]:
        """Find points whose `page_content` holds words of `text`, best BM25 score first.

        How rare a word is, is counted among the owner's points alone.
        """
        with self._using() as shard:
            mine = edge.SearchParams(idf=edge.IdfParams(translated(Filter(filter.owner))))
            request = edge.QueryRequest(
                limit=limit,
                query=edge.TextQuery(TEXT, text),
                filter=self._translated(filter),
                params=mine,
            )
            return [Scored(str(hit.id), hit.score) for hit in shard.query(request)]

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
        """Read a page of points; by `at` if an order is given, else by id."""
        with self._using() as shard:
            where, wanted = self._translated(filter), self._wanted(vectors)
            keys = selector(payload)
            if newest_first is None:
                request = edge.ScrollRequest(
                    offset=cursor,
                    limit=limit,
                    filter=where,
                    with_payload=keys,
                    with_vector=wanted,
                )
                records, offset = shard.scroll(request)
                after = None if offset is None else str(offset)
                return Page([stored_point(record) for record in records], after)
            direction = edge.Direction.Desc if newest_first else edge.Direction.Asc
            if not isinstance(keys, bool):
                keys = [*keys, ORDER]

            def fetch(start: str | None, count: int) -> list[StoredPoint]:
                request = edge.ScrollRequest(
                    limit=count,
                    filter=where,
                    with_payload=keys or [ORDER],
                    with_vector=wanted,
                    order_by=edge.OrderBy(ORDER, direction, start),
                )
                return [stored_point(record) for record in shard.scroll(request)[0]]

            return ordered_page(fetch, limit=limit, cursor=cursor)

    def sample(
        self,
        modality: str,
        filter: Filter,
        *,
        limit: int,
        payload: bool | Sequence[str] = False,
        vectors: bool = True,
    ) -> list[StoredPoint]:
        """Read random points that have a modality, by default with its vectors."""
        with self._using() as shard:
            if modality not in self._present:
                return []
            having = edge.Filter(must=[self._translated(filter), edge.HasVectorCondition(modality)])
            request = edge.QueryRequest(
                limit=limit,
                query=edge.Sample.Random,
                filter=having,
                with_vector=[modality] if vectors else False,
                with_payload=selector(payload),
            )
            return [stored_point(record) for record in shard.query(request)]

    def count(self, filter: Filter) -> int:
        """Count points, exactly."""
        with self._using() as shard:
            return shard.count(edge.CountRequest(exact=True, filter=self._translated(filter)))

    def facet(self, key: str, filter: Filter, *, limit: int) -> dict[str, int]:
        """Count points by the values of a keyword field, the most frequent first."""
        with self._using() as shard:
            where = self._translated(filter)
            hits = shard.facet(edge.FacetRequest(key, limit=limit, exact=True, filter=where)).hits
        return {str(hit.value): hit.count for hit in hits}

    def delete(self, filter: Filter) -> None:
        """Remove the points a filter means."""
        with self._using() as shard:
            shard.update(U.delete_points_by_filter(self._translated(filter)))
            self._schedule_flush()

    def add_modality(self, name: str) -> None:
        """Add a named vector to the collection; nothing happens if it is there."""
        with self._using():
            if name in self._schema.modalities:
                return
            schema = self._schema.with_modality(name)
            write_description(self.folder, schema)
            self._schema = schema

    def flush(self) -> None:
        """Make what was written safe against loss of power.

        Raises:
            StoreError: It failed now, or when it was last tried on the timer.
        """
        with self._using() as shard:
            self._cancel_flush()
            shard.flush()
            error, self._flush_error = self._flush_error, None
        if error is not None:
            raise error

    def compact(self) -> bool:
        """Index what is not indexed yet; say whether there was anything to do.

        A process of its own does it, for minutes if there is much; other threads go on with their
        work, and wait when they need this memory. A process that dies leaves all as it was.

        Raises:
            StoreError: That process failed.
        """
        with self._using() as shard:
            self._cancel_flush()
            shard.flush()
            shard.close()
            try:
                command = [sys.executable, "-c", COMPACT, str(self.folder / SHARD)]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
            finally:
                self._shard = open_shard(self.folder, self._schema)
            if done.returncode:
                raise StoreError(
                    f"the indexing of {str(self.folder)!r}, which failed: {done.stderr[-200:]}",
                    "memory and disk for a second copy of the vectors",
                    "try again with more room; nothing is lost",
                )
            return done.stdout.strip() == "1"

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
                "bytes": bytes_on_disk(self.folder / SHARD),
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

    def _translated(self, filter: Filter) -> edge.Filter:
        """Translate a filter; conditions that every point of the shard fulfils are left out."""
        expiry = filter.alive_at is not None and self._expiring
        if expiry:
            alone = Filter(filter.owner, alive_at=filter.alive_at, parts=True)
            everyone = edge.Filter(must=translated(alone).must_not)
            expiry = self._shard.count(edge.CountRequest(exact=True, filter=everyone)) > 0
        return translated(filter, expiry=expiry, parts=self._parts)

    def _holds_expiry(self) -> bool:
        has = edge.Filter(must_not=[edge.IsEmptyCondition("expires_at")])
        return self._shard.count(edge.CountRequest(exact=False, filter=has)) > 0

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

    def _wanted(self, vectors: bool | Sequence[str]) -> bool | list[str]:
        if vectors is False:
            return False
        names = self._present if vectors is True else self._present.intersection(vectors)
        return sorted(names) or False

    def _schedule_flush(self) -> None:
        if self._timer is None:
            myself = weakref.ref(self)
            self._timer = threading.Timer(FLUSH_AFTER, _flush_later, [myself])
            self._timer.daemon = True
            self._timer.start()

    def _cancel_flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def flush_now_and_then(self) -> None:
        """Flush for the timer: an error waits for the next `flush` or `close`."""
        with self._guard:
            self._timer = None
            if not self._open:
                return
            try:
                with self._using() as shard:
                    shard.flush()
            except StoreError as error:
                self._flush_error = error
                logger.warning("sensorium: flushing failed: %s", error)


def _flush_later(backend: weakref.ref[EdgeBackend]) -> None:
    alive = backend()
    if alive is not None:
        alive.flush_now_and_then()
