"""A watch for asynchronous programs, which wait for its hits with `async for`."""

from __future__ import annotations

import asyncio
import math
from time import monotonic

from typing_extensions import Self

from sensorium.memory.records import Hit
from sensorium.memory.threads import Threads
from sensorium.memory.watching.watch import Watch


class AsyncWatch:
    """The hits of a standing question, as memories arrive: `async for hit in watch`.

    A thread of its own looks. A task that is cancelled while it waits loses nothing: the next hit
    is for whoever asks next.

    Attributes:
        watch: The watch itself.
    """

    def __init__(self, watch: Watch) -> None:
        """Wrap a watch, which is closed with this."""
        self.watch = watch
        self._cursor = watch.cursor
        self._threads = Threads()
        self._looking: asyncio.Future[tuple[Hit | None, str]] | None = None

    @property
    def cursor(self) -> str:
        """How far it has come: behind the last hit that was returned."""
        return self._cursor

    @property
    def is_closed(self) -> bool:
        """Whether it, or its memory, was closed: there will be no more hits."""
        return self.watch.is_closed

    async def poll(self, patience: float = 0.0) -> Hit | None:
        """Return the next hit; see `Watch.poll`."""
        return await self._next(patience)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Hit:
        hit = await self._next(self.watch.timeout)
        while hit is None and self.watch.holds_back and not self.watch.is_closed:
            hit = await self._next(self.watch.patience)
        if hit is None:
            raise StopAsyncIteration
        return hit

    async def close(self) -> None:
        """End it; whoever waits for the next hit gets none. A second call does nothing."""
        self.watch.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _next(self, patience: float | None) -> Hit | None:
        """Wait in short turns, so that no thread waits for ever for what nobody awaits."""
        end = math.inf if patience is None else monotonic() + patience
        while True:
            left = end - monotonic()
            hit, cursor = await self._looked(max(0.0, min(left, self.watch.patience)))
            self._cursor = cursor
            if hit is not None or self.watch.is_closed or left <= self.watch.patience:
                return hit

    async def _looked(self, patience: float) -> tuple[Hit | None, str]:
        if self._looking is None:
            self._looking = self._threads.start(self._look, patience)
        looking = self._looking
        try:
            return await asyncio.shield(looking)
        finally:
            if looking.done():  # else this task was cancelled, and the next one goes on with it
                self._looking = None

    def _look(self, patience: float) -> tuple[Hit | None, str]:
        hit = self.watch.poll(patience)
        return hit, self.watch.cursor
