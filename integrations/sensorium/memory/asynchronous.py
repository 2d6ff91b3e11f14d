"""`Memory` for asynchronous programs: the same methods, each of which hops to a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import suppress
from functools import wraps
from threading import Event
from types import TracebackType
from typing import Any, Concatenate, Generic, Literal, TypeVar, cast, overload

from typing_extensions import ParamSpec, Self, Unpack

from sensorium.encoders import supervised
from sensorium.memory.filters import Forgetting, Purging
from sensorium.memory.memory import Memory
from sensorium.memory.receipts import PurgeReceipt
from sensorium.memory.threads import Threads
from sensorium.memory.watching.async_watch import AsyncWatch

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound="AsyncMemory")
F = TypeVar("F", bound=Callable[..., Any])


def hop(
    method: Callable[Concatenate[Memory, P], R],
) -> Callable[Concatenate[AsyncMemory, P], Awaitable[R]]:
    """Make a method that awaits the same method of the memory in a thread."""

    @wraps(method)
    async def hopped(self: AsyncMemory, /, *arguments: P.args, **named: P.kwargs) -> R:
        own: Callable[P, R] = getattr(self.memory, method.__name__)  # that of its class
        return await self._threads.start(own, *arguments, **named)

    return hopped


def hop_with_end(
    method: Callable[Concatenate[Memory, P], R],
) -> Callable[Concatenate[AsyncMemory, P], Awaitable[R]]:
    """Make a method as `hop` does; if the task is cancelled, the method in the thread ends, too.

    The thread is waited for: when the task has ended, nothing is written any more.
    """

    @wraps(method)
    async def hopped(self: AsyncMemory, /, *arguments: P.args, **named: P.kwargs) -> R:
        stop = Event()

        own: Callable[P, R] = getattr(self.memory, method.__name__)

        def work() -> R:
            with supervised(cancel=stop):
                return own(*arguments, **named)

        thread = self._threads.start(work)
        try:
            return await asyncio.shield(thread)
        except asyncio.CancelledError:
            stop.set()
            while not thread.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([thread])
            thread.exception()  # which is heard of, as the task was cancelled
            raise

    return hopped


def signed_like(method: Callable[..., Any]) -> Callable[[F], F]:
    """Give a function the signature and the documentation of another; its types stay its own."""

    def decorate(function: F) -> F:
        return cast(F, wraps(method)(function))

    return decorate


class Opening(Generic[M]):
    """A memory that is being opened: `await` it, or enter it with `async with`."""

    def __init__(self, opened: Callable[[], M]) -> None:
        """Open with a function that may take long, in a thread."""
        self._opened = opened
        self._memory: M | None = None

    def __await__(self) -> Generator[Any, None, M]:
        return asyncio.to_thread(self._opened).__await__()

    async def __aenter__(self) -> M:
        self._memory = await self
        return self._memory

    async def __aexit__(self, *_: object) -> None:
        if self._memory is not None:
            await self._memory.close()


class AsyncMemory:
    """A `Memory` whose methods are awaited; threads of its own do the work.

    Nobody else waits for these threads. Yet a store in this process (Qdrant Edge) keeps Python's
    lock during each call, and the event loop waits as long: milliseconds for a search or a block
    of points, as long as a scan takes in a large memory that is not compacted; docs/memory.md has
    the figures. Through a server, or another process that holds the memory, it does not.

    The arguments, results and errors are those of `Memory`. A task that is cancelled while it
    remembers, recalls, changes, moves or re-embeds ends when its thread has stopped. A stream's own
    methods are not awaited: `push` returns at once unless its queue is full.

    Attributes:
        memory: The memory itself.
    """

    def __init__(self, memory: Memory) -> None:
        """Wrap an open memory, which is closed with this."""
        self.memory = memory
        self._threads = Threads()

    @classmethod
    @signed_like(Memory.open.__func__)  # type: ignore[attr-defined]  # a class method has one
    def open(cls, *arguments: Any, **named: Any) -> Opening[Self]:
        """Open a memory, to be awaited or entered with `async with`; see `Memory.open`."""
        return Opening(lambda: cls(Memory.open(*arguments, **named)))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"Async{self.memory!r}"

    async def for_owner(self, owner: str) -> Self:
        """Open another owner's memories in the same place; see `Memory.for_owner`."""
        other = type(self)(await self._threads.start(self.memory.for_owner, owner))
        other._threads = self._threads
        return other

    @overload
    async def forget(
        self, *ids: str, purge: Literal[False] = False, **options: Unpack[Forgetting]
    ) -> int: ...

    @overload
    async def forget(
        self, *ids: str, purge: Literal[True], **options: Unpack[Purging]
    ) -> PurgeReceipt: ...

    @signed_like(Memory.forget)
    async def forget(self, *ids: str, **options: Any) -> Any:
        """Remove records, or only their media; see `Memory.forget`."""
        forget: Callable[..., Any] = self.memory.forget
        return await self._threads.start(forget, *ids, **options)

    @signed_like(Memory.watch)
    async def watch(self, *arguments: Any, **named: Any) -> AsyncWatch:
        """Tell what matches a question as it arrives; see `Memory.watch`."""
        return AsyncWatch(await self._threads.start(self.memory.watch, *arguments, **named))

    remember = hop_with_end(Memory.remember)
    remember_many = hop_with_end(Memory.remember_many)
    enrich = hop_with_end(Memory.enrich)
    recall = hop_with_end(Memory.recall)
    first = hop_with_end(Memory.first)
    last = hop_with_end(Memory.last)
    before = hop(Memory.before)
    after = hop(Memory.after)
    around = hop(Memory.around)
    how_often = hop_with_end(Memory.how_often)
    episodes = hop_with_end(Memory.episodes)
    get = hop(Memory.get)
    get_many = hop(Memory.get_many)
    timeline = hop(Memory.timeline)
    update = hop_with_end(Memory.update)
    digest = hop_with_end(Memory.digest)
    sweep = hop(Memory.sweep)
    verify = hop(Memory.verify)
    count = hop(Memory.count)
    tally = hop(Memory.tally)
    stats = hop(Memory.stats)
    percepts = hop(Memory.percepts)
    open_medium = hop(Memory.open_medium)
    open_file = hop(Memory.open_file)
    stream = hop(Memory.stream)
    backup = hop_with_end(Memory.backup)
    export = hop_with_end(Memory.export)
    import_ = hop_with_end(Memory.import_)
    promote = hop_with_end(Memory.promote)
    reembed = hop_with_end(Memory.reembed)
    history = hop(Memory.history)
    conflicts = hop(Memory.conflicts)
    name_place = hop(Memory.name_place)
    places = hop(Memory.places)
    share = hop(Memory.share)
    unshare = hop(Memory.unshare)
    shares = hop(Memory.shares)
    flush = hop(Memory.flush)
    compact = hop(Memory.compact)
    close = hop(Memory.close)
