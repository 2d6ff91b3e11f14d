"""A memory as LangGraph's store."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from langgraph.store.base import (
    BaseStore,
    GetOp,
    IndexConfig,
    ListNamespacesOp,
    Op,
    PutOp,
    Result,
    SearchOp,
    TTLConfig,
)
from typing_extensions import Self

from sensorium.encoders import Encoder
from sensorium.errors import MediaNotFoundError, PerceptError, QueryError, RecordNotFoundError
from sensorium.langgraph.configs import check_index, check_ttl
from sensorium.langgraph.filters import check_filter
from sensorium.langgraph.indexing import LOOP, Index, index_encoder, refuse_coroutines
from sensorium.langgraph.items import StoredItem, expiry, json_value, moment_of
from sensorium.langgraph.namespaces import MARK, Namespace, check_op, item_id
from sensorium.langgraph.searching import Found, Searcher
from sensorium.langgraph.sweeping import Sweeper
from sensorium.memory import Memory, Moment
from sensorium.memory.checks import check_metadata
from sensorium.memory.closing import Closing
from sensorium.memory.place import OWNER
from sensorium.qdrant import Range

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

logger = logging.getLogger(__name__)

SWEEP_MINUTES = 5.0  # between sweeps, where nobody says it
TICK = timedelta(microseconds=1)  # by which items put at once follow each other


class SensoriumStore(Closing, BaseStore):
    """LangGraph's long-term memory in a memory of all senses. May be used from several threads.

    Every item is a record; pictures, sounds and other media in its value are embedded, too. The
    asynchronous methods run in a thread. Expired items are invisible at once.

    Attributes:
        memory: Where the items are.
        ttl_config: LangGraph's settings of the time to live.
    """

    supports_ttl = True

    def __init__(
        self, memory: Memory, *, index: IndexConfig | None = None, ttl: TTLConfig | None = None
    ) -> None:
        """See an open memory as a store. Other records of the memory are left alone.

        Args:
            memory: Closed by whoever opened it, after the store.
            index: `fields` to embed, by default all of a value. `embed` and `dims` only as the
                memory was opened with them: `Memory.open(..., encoder=index_encoder(index))`.
            ttl: `default_ttl` in minutes, `refresh_on_read` and `sweep_interval_minutes`.
        Raises:
            SpaceMismatchError: `embed` is not what the memory was opened with.
            QueryError: No memory, an index without `embed` or `dims`, wrong fields, or settings
                that are none.
        """
        if not isinstance(memory, Memory):
            raise QueryError(
                f"memory={memory!r}"[:200], "an open Memory", 'write SensoriumStore.open("folder")'
            )
        self.memory = memory
        self.ttl_config = check_ttl(ttl)
        self._index = Index(memory.encoder, index)
        self._searcher = Searcher(memory, self._index)
        self._sweeper = Sweeper(self.sweep_ttl)
        self._owns_memory = False
        # Threads of its own: those of the loop may be what an asynchronous `embed` waits for
        self._threads = ThreadPoolExecutor(thread_name_prefix="sensorium-langgraph")
        self._writing = threading.RLock()  # held between looking what is there and writing
        self._last = datetime.min.replace(tzinfo=timezone.utc)

    @classmethod
    def open(
        cls,
        place: str | Path | QdrantClient = ":memory:",
        *,
        owner: str = OWNER,
        encoder: str | Encoder | None = None,
        index: IndexConfig | None = None,
        ttl: TTLConfig | None = None,
        media: str | Path | None = None,
        api_key: str | None = None,
    ) -> Self:
        """Open a memory and a store on it, which closes it; for use in a `with` block.

        Args:
            place: A folder, the URL of a Qdrant server, `":memory:"` or any `QdrantClient`.
            owner: Whose items; by default as on the command line.
            encoder: By default what `index` embeds with, else `"sensorium-mini"`.
            index: As LangGraph has it.
            ttl: As LangGraph has it.
            media: A folder or fsspec URL for media, where the place is a server.
            api_key: Of a server.
        Raises:
            SensoriumError: As `Memory.open`, `index_encoder` and the class itself.
        """
        check_ttl(ttl)  # before there is a folder
        config = check_index(index)
        if encoder is None:
            own = "embed" in config or "dims" in config
            encoder = index_encoder(config) if own else "sensorium-mini"
        memory = Memory.open(place, owner=owner, encoder=encoder, media=media, api_key=api_key)
        try:
            store = cls(memory, index=index, ttl=ttl)
        except BaseException:
            memory.close()
            raise
        store._owns_memory = True
        return store

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.close)

    def __repr__(self) -> str:
        return f"SensoriumStore({self.memory!r})"

    def close(self) -> None:
        """Stop sweeping, and close the memory if the store opened it; again, nothing happens."""
        self._sweeper.stop()
        if self._owns_memory:
            self.memory.close()

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Do several things at once: reads see what was there before, then all is written.

        Of several puts of one key the last counts. What cannot be an operation or a value fails
        the batch before anything is written; a value that cannot be embedded is not written,
        and its error is raised when the others are.

        Returns:
            One result an operation, in order; `None` of those that write.
        Raises:
            InvalidNamespaceError: Labels that are none.
            SensoriumError: Another operation, filter, value or ttl that is none; an item that
                cannot be embedded or kept; the store as a whole failed.
        """
        if self._index.is_async:
            refuse_coroutines()  # which may hold up the loop that another thread waits for
        ops = list(ops)
        puts: dict[tuple[Namespace, str], PutOp] = {}
        for op in ops:
            check_op(op)
            if isinstance(op, SearchOp):
                check_filter(op.filter)
            elif isinstance(op, PutOp):
                puts[tuple(op.namespace), op.key] = op
        results = self._read(ops)
        self._write(list(puts.values()))
        return results

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Do several things at once in a thread; as `batch`.

        An asynchronous `embed` of the index runs on the loop of the caller.
        """
        loop = asyncio.get_running_loop()
        context = copy_context()
        context.run(LOOP.set, loop)
        return await loop.run_in_executor(self._threads, context.run, self.batch, ops)

    def _read(self, ops: list[Op]) -> list[Result]:
        """Answer all that reads, and let what was read live on."""
        wanted = [item_id(op.namespace, op.key) for op in ops if isinstance(op, GetOp)]
        records = {one.id: one for one in self.memory.get_many(wanted)} if wanted else {}
        used: dict[str, StoredItem] = {}
        results: list[Result] = []
        for op in ops:
            found: list[Found] = []
            if isinstance(op, ListNamespacesOp):
                results.append(self._searcher.namespaces(op))
            elif isinstance(op, SearchOp):
                found = self._shown(self._searcher.search(op))
                results.append([item.search_item(score) for item, score in found])
            elif isinstance(op, GetOp):
                record = records.get(item_id(op.namespace, op.key))
                stored = StoredItem.of(record) if record else None
                stored = stored and stored.completed(self.memory)
                found = [(stored, None)] if stored else []
                results.append(stored.item() if stored else None)
            else:
                results.append(None)
            if isinstance(op, (GetOp, SearchOp)) and op.refresh_ttl:
                used |= {item.record.id: item for item, _ in found}
        self._refresh(used)
        return results

    def _shown(self, found: Sequence[Found]) -> list[Found]:
        """Complete what a search found; what lost its media keeps the others' company without."""
        shown: list[Found] = []
        for stored, score in found:
            try:
                item = stored.completed(self.memory)
            except (MediaNotFoundError, PerceptError) as error:
                logger.warning("sensorium: the item %r lacks its media: %s", stored.key, error)
                item = stored
            if item is not None:
                shown.append((item, score))
        return shown

    def _refresh(self, used: Mapping[str, StoredItem]) -> None:
        """Let items that were read, and not put again since, expire as long after now as ever."""
        aging = {name: stored for name, stored in used.items() if stored.ttl is not None}
        if not aging:
            return
        with self._writing:
            now = datetime.now(timezone.utc)
            for record in self.memory.get_many(aging):
                ttl = aging[record.id].ttl if record.at == aging[record.id].record.at else None
                if ttl is not None:
                    with suppress(RecordNotFoundError):  # expired or deleted meanwhile
                        self.memory.update(record.id, expires_at=expiry(ttl, now))

    def _write(self, puts: Sequence[PutOp]) -> None:
        kept = [op for op in puts if op.value is not None]
        deleted = [item_id(op.namespace, op.key) for op in puts if op.value is None]
        with self._writing:
            moments = self._moments(kept) if kept else []
            report = self.memory.remember_many(moments, keep_media=True)
            if deleted:
                self.memory.forget(*deleted, tags=[MARK])
        report.raise_first()

    def _moments(self, puts: Sequence[PutOp]) -> list[Moment]:
        """Write items as moments: all of them, or none if one cannot be."""
        there = self.memory.get_many([item_id(op.namespace, op.key) for op in puts])
        stored = {one.id: item for one in there if (item := StoredItem.of(one))}
        moments = []
        for op in puts:
            value = json_value(op.value)
            check_metadata({"value": value})
            indexed = self._index.of(value, op.index)
            before = stored.get(item_id(op.namespace, op.key))
            self._last = now = max(datetime.now(timezone.utc), self._last + TICK)
            moments.append(
                moment_of(
                    op,
                    value,
                    indexed,
                    created_at=before.created_at if before else None,
                    now=now,
                    keep_media=bool(indexed.media) and self.memory.keeps_media,
                )
            )
        return moments

    def sweep_ttl(self) -> int:
        """Remove the items that have expired, and return how many there were."""
        now = datetime.now(timezone.utc)
        return self.memory.forget(tags=[MARK], where=Range("expires_at", lte=now))

    def start_ttl_sweeper(self, sweep_interval_minutes: float | None = None) -> Future[None]:
        """Remove what has expired now and then, in a daemon thread; nothing new if it runs.

        Args:
            sweep_interval_minutes: By default that of `ttl`, else 5.
        Returns:
            Done when the thread has ended; cancelling it stops the thread.
        Raises:
            QueryError: Not a positive number.
        """
        minutes = sweep_interval_minutes
        if minutes is None:
            minutes = (self.ttl_config or {}).get("sweep_interval_minutes")
        return self._sweeper.start(SWEEP_MINUTES if minutes is None else minutes)

    def stop_ttl_sweeper(self, timeout: float | None = None) -> bool:
        """Stop that thread.

        Args:
            timeout: Seconds to wait for it; `None` for as long as a sweep takes.
        Returns:
            Whether it stands still.
        """
        return self._sweeper.stop(timeout)
