"""A memory as LangGraph's store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

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

from sensorium.agents.opening import check_memory, closed_on_failure
from sensorium.agents.threads import to_thread
from sensorium.encoders import Encoder
from sensorium.encoders.forking import Lock, mind_forks
from sensorium.errors import MediaNotFoundError, PerceptError, RecordNotFoundError
from sensorium.langgraph.configs import check_index, check_ttl
from sensorium.langgraph.embedding import (
    LOOP,
    check_not_in_coroutine,
    index_encoder,
    is_in_coroutine,
)
from sensorium.langgraph.filters import filter_of
from sensorium.langgraph.index import Index
from sensorium.langgraph.items import StoredItem, expiry, moment_of
from sensorium.langgraph.namespaces import MARK, Namespace, check_op, item_id
from sensorium.langgraph.searching import Found, Searcher
from sensorium.langgraph.sweeping import Sweeper
from sensorium.langgraph.values import json_value
from sensorium.memory import Memory, Moment
from sensorium.memory.checks import check_metadata
from sensorium.memory.closing import Closing
from sensorium.memory.place import OWNER
from sensorium.memory.writing.clock import MomentClock
from sensorium.qdrant import Range

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

logger = logging.getLogger(__name__)

SWEEP_MINUTES = 5.0  # between sweeps, by default
HINT = (
    "SensoriumStore was called from a coroutine, whose event loop waits until the store has done "
    "its work: write await store.aput(...) for store.put(...), and so for its other methods"
)


class SensoriumStore(Closing, BaseStore):
    """LangGraph's long-term memory in a memory of all modalities; several threads may use it.

    Every item is a record; pictures, sounds and other media in its value are embedded, too. The
    asynchronous methods run in a thread. An expired item is invisible at once.

    Attributes:
        memory: Memory that holds the items.
        ttl_config: LangGraph's settings of the time to live.
    """

    supports_ttl = True

    def __init__(
        self,
        memory: Memory,
        *,
        index: IndexConfig | None = None,
        ttl: TTLConfig | None = None,
        model: str | None = None,
    ) -> None:
        """Keep items in an open memory, beside its other records.

        Args:
            memory: Open memory, which the caller closes after the store.
            index: Index with `fields` to embed, by default all of a value. It may have `embed` and
                `dims` if the memory was opened with them:
                `Memory.open(..., encoder=index_encoder(index))`.
            ttl: Settings: `default_ttl` in minutes, `refresh_on_read`, `sweep_interval_minutes`.
            model: Name of the vectors' space, see `index_encoder`.
        Raises:
            SpaceMismatchError: The memory was opened with another `embed`.
            QueryError: The memory is not a `Memory`, or the index or the settings are wrong.
        """
        self.memory = check_memory(memory, remedy='write SensoriumStore.open("folder")')
        self.ttl_config = check_ttl(ttl)
        self._index = Index(memory.encoder, index, model=model)
        self._searcher = Searcher(memory, self._index)
        self._owns_memory = False
        self._has_hinted = False
        self._begin()

    def _begin(self) -> None:
        """Make what belongs to one process."""
        self._sweeper = Sweeper(self.sweep_ttl)
        self._writing = Lock()  # held from reading what exists until it is written
        self._clock = MomentClock()
        self.after_fork()
        mind_forks(self)

    def after_fork(self) -> None:
        """Have threads of its own, in a forked child, too."""
        # Not those of the loop, for which an asynchronous `embed` may wait
        self._threads = ThreadPoolExecutor(thread_name_prefix="sensorium-langgraph")

    def __getstate__(self) -> dict[str, Any]:
        own = ("_sweeper", "_threads", "_writing", "_clock")
        return {name: value for name, value in vars(self).items() if name not in own}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._begin()

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
        model: str | None = None,
    ) -> Self:
        """Open a memory and a store on it, which closes it; for use in a `with` block.

        Args:
            place: A folder, the URL of a Qdrant server, `":memory:"` or a `QdrantClient`.
            owner: Owner of the items; the default is that of the command line.
            encoder: Encoder, or its name; by default what `index` embeds with, or else
                `"sensorium-mini"`.
            index: LangGraph's settings of the index.
            ttl: LangGraph's settings of the time to live.
            media: A folder or fsspec URL for media, if the place is a server.
            api_key: Key of a server.
            model: Name of the vectors' space, see `index_encoder`.
        Raises:
            QueryError: The index or the settings of the time to live are wrong.
            SensoriumError: `Memory.open` failed.
        """
        # Before a folder is made
        check_ttl(ttl)
        config = check_index(index)
        if encoder is None:
            embeds = "embed" in config or "dims" in config
            encoder = index_encoder(config, model=model) if embeds else "sensorium-mini"
        memory = Memory.open(place, owner=owner, encoder=encoder, media=media, api_key=api_key)
        with closed_on_failure(memory):
            store = cls(memory, index=index, ttl=ttl, model=model)
        store._owns_memory = True
        return store

    @classmethod
    async def aopen(cls, place: str | Path | QdrantClient = ":memory:", **options: Any) -> Self:
        """Run `open` in a thread; an asynchronous `embed` runs on the caller's loop."""
        loop = asyncio.get_running_loop()
        context = copy_context()
        context.run(LOOP.set, loop)
        opened: Callable[[], Self] = partial(context.run, cls.open, place, **options)
        return await loop.run_in_executor(None, opened)

    @classmethod
    def from_conn_string(cls, conn_string: str | Path, **options: Any) -> Self:
        """Open a store, as `open` does; the name that LangGraph's other stores have for it."""
        return cls.open(conn_string, **options)

    def setup(self) -> Awaitable[None]:
        """Do nothing: opening has made what is needed. It may be awaited, or not.

        LangGraph's other stores need this call before their first use.
        """
        return _Done()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await to_thread(self.close)

    def __repr__(self) -> str:
        return f"SensoriumStore({self.memory!r})"

    def close(self) -> None:
        """Stop sweeping, and close the memory if the store opened it. May be called twice."""
        self._sweeper.stop()
        if self._owns_memory:
            self.memory.close()

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Execute operations: reads see the items from before the batch, then all is written.

        Of several puts of one key the last counts. A wrong operation or value fails the batch
        before anything is written; a value that cannot be embedded is not written, and its error
        is raised after the others are written. A coroutine that calls this is told once, in the
        log, of the asynchronous methods.

        Returns:
            One result for each operation, in order; `None` for operations that write.
        Raises:
            InvalidNamespaceError: A label of a namespace is wrong.
            QueryError: An operation is wrong.
            FilterError: A filter is wrong.
            RecordError: A value or a time to live is wrong.
            SensoriumError: An item could not be embedded or kept, or the memory failed.
        """
        if self._index.is_async:
            check_not_in_coroutine()
        elif not self._has_hinted and is_in_coroutine():
            self._has_hinted = True
            logger.warning(HINT)
        checked: list[Op] = []
        puts: dict[tuple[Namespace, str], PutOp] = {}
        for op in ops:
            check_op(op)
            if isinstance(op, SearchOp):
                checked.append(op._replace(filter=filter_of(op.filter)))
                continue
            checked.append(op)
            if isinstance(op, PutOp):
                puts[tuple(op.namespace), op.key] = op
        results = self._read(checked)
        self._write(list(puts.values()))
        return results

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Call `batch` in a thread; an asynchronous `embed` runs on the caller's loop."""
        loop = asyncio.get_running_loop()
        context = copy_context()
        context.run(LOOP.set, loop)
        return await loop.run_in_executor(self._threads, context.run, self.batch, ops)

    def _read(self, ops: list[Op]) -> list[Result]:
        """Execute the operations that read, and renew the time to live of what was read."""
        wanted = [item_id(op.namespace, op.key) for op in ops if isinstance(op, GetOp)]
        found_records = self.memory.get_many(wanted) if wanted else []
        records = {record.id: record for record in found_records}
        used: dict[str, StoredItem] = {}
        results: list[Result] = []
        for op in ops:
            found: list[Found] = []
            if isinstance(op, ListNamespacesOp):
                results.append(self._searcher.namespaces(op))
            elif isinstance(op, SearchOp):
                found = self._complete(self._searcher.search(op))
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

    def _complete(self, found: Sequence[Found]) -> list[Found]:
        """Restore media into found items; an item whose media is gone is returned without it."""
        completed: list[Found] = []
        for stored, score in found:
            try:
                item = stored.completed(self.memory)
            except (MediaNotFoundError, PerceptError) as error:
                logger.warning("sensorium: the item %r lacks its media: %s", stored.key, error)
                item = stored
            if item is not None:
                completed.append((item, score))
        return completed

    def _refresh(self, used: Mapping[str, StoredItem]) -> None:
        """Renew the expiry of items that were read, and were not put again in the meantime."""
        aging = {name: stored for name, stored in used.items() if stored.ttl is not None}
        if not aging:
            return
        with self._writing:
            now = datetime.now(timezone.utc)
            for record in self.memory.get_many(aging):
                ttl = aging[record.id].ttl if record.at == aging[record.id].record.at else None
                if ttl is not None:
                    with suppress(RecordNotFoundError):  # expired or deleted in the meantime
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
        """Return moments of all items, or raise if one cannot be written."""
        existing = self.memory.get_many([item_id(op.namespace, op.key) for op in puts])
        stored = {record.id: item for record in existing if (item := StoredItem.of(record))}
        moments = []
        for op in puts:
            value = json_value(op.value)
            check_metadata({"value": value})
            indexed = self._index.select(value, op.index)
            before = stored.get(item_id(op.namespace, op.key))
            now = self._clock.next(datetime.now(timezone.utc))
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
        """Remove the items that have expired, and return their number."""
        now = datetime.now(timezone.utc)
        return self.memory.forget(tags=[MARK], where=Range("expires_at", lte=now))

    def start_ttl_sweeper(self, sweep_interval_minutes: float | None = None) -> Future[None]:
        """Remove expired items at intervals, in a daemon thread, unless it is running already.

        Args:
            sweep_interval_minutes: Minutes between sweeps; by default those of `ttl`, or else 5.
        Returns:
            A future that is done when the thread has ended; cancelling it stops the thread.
        Raises:
            QueryError: The interval is not a positive number.
        """
        minutes = sweep_interval_minutes
        if minutes is None:
            minutes = (self.ttl_config or {}).get("sweep_interval_minutes")
        return self._sweeper.start(SWEEP_MINUTES if minutes is None else minutes)

    def stop_ttl_sweeper(self, timeout: float | None = None) -> bool:
        """Stop the thread that removes expired items.

        Args:
            timeout: Longest time to wait, in seconds; `None` waits until a sweep ends.
        Returns:
            Whether the thread has ended.
        """
        return self._sweeper.stop(timeout)


class _Done(Awaitable[None]):
    """What may be awaited, and has happened already."""

    def __await__(self) -> Generator[None, None, None]:
        return
        yield
