"""Work in a thread, whose progress the client sees."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import Any, TypeAlias, TypeVar

import anyio
import anyio.from_thread
import anyio.lowlevel
import anyio.to_thread
from mcp.server.mcpserver import Context

from sensorium.encoders import supervised
from sensorium.errors import OperationCancelledError

Result = TypeVar("Result")
Call: TypeAlias = Context[Any, Any]  # what a tool is called with
Step: TypeAlias = Callable[[int, "int | None", str], None]  # done, of how many, and what is next

BEAT = 5.0  # seconds: a step that takes longer is reported again, lest the client gives up
PAUSE = 1.0  # seconds between two reports of windows
SHORT = 64  # windows: a batch that has more is counted while it is encoded


class _Reporter:
    """Reports the steps of one call, and between them that it goes on.

    The protocol wants progress that grows with every report. So one report is sent at a time, and
    each further one of the same step adds a part of the next: 1, 1 1/2, 1 2/3, ... A step whose
    windows are counted is as far as they are.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self._done = 0
        self._total: int | None = None
        self._message = ""
        self._repeats = 0  # reports since a step was done
        self._share = 0.0  # part of the next step that was reported
        self._heard = -math.inf  # when windows were last reported, in seconds
        self._sending = anyio.Lock()

    def step(self, done: int, total: int | None, message: str) -> None:
        """Report a step from the thread that works."""
        anyio.from_thread.run(self._advance, done, total, message)

    def windows(self, done: int, total: int | None) -> None:
        """Report, from the thread that works, how many windows of a step are encoded."""
        if total is None or total <= SHORT or time.monotonic() - self._heard < PAUSE:
            return
        self._heard = time.monotonic()
        message = f"window {done:,} of about {total:,}"
        anyio.from_thread.run(self._reach, done / (total + 1), message)

    async def beat(self) -> None:
        """Report again and again, until cancelled."""
        while True:
            await anyio.sleep(BEAT)
            if time.monotonic() - self._heard < BEAT:
                continue
            async with self._sending:
                await self._report()

    async def _advance(self, done: int, total: int | None, message: str) -> None:
        async with self._sending:
            if done > self._done:
                self._done, self._repeats, self._share = done, 0, 0.0
            self._total, self._message = total, message
            await self._report()

    async def _reach(self, share: float, message: str) -> None:
        async with self._sending:
            if share > self._share:
                self._share, self._message = share, message
                await self._send()

    async def _report(self) -> None:
        if self._repeats and self._total is not None and self._done >= self._total:
            return  # All is done, and was reported.
        if self._repeats:
            self._share += (1 - self._share) / (self._repeats + 1)
        self._repeats += 1
        await self._send()

    async def _send(self) -> None:
        progress = self._done + self._share
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):  # nobody listens
            await self._call.report_progress(progress, self._total, self._message)


async def working(call: Call, work: Callable[[Step], Result]) -> Result:
    """Do work in a thread, which may report its steps.

    If the client cancels the call, what is encoded in the thread ends at its next batch of windows,
    and is not kept; the thread is waited for.

    Args:
        call: The call of the tool, whose client hears of the progress.
        work: Function that does the work; it is called with a function that reports a step.
    Raises:
        SensoriumError: As the work does.
    """
    reporter, stop = _Reporter(call), Event()

    def supervise() -> Result:
        with supervised(cancel=stop, windows=reporter.windows):
            return work(reporter.step)

    async def heed() -> None:
        try:
            await anyio.sleep_forever()
        finally:  # the call is cancelled, or done
            stop.set()

    failure: Exception | None = None
    # A task group would wrap an exception that leaves it, so it is raised behind it.
    async with anyio.create_task_group() as group:
        group.start_soon(reporter.beat)
        group.start_soon(heed)
        try:
            result = await anyio.to_thread.run_sync(supervise)
        except Exception as error:
            failure = error
        group.cancel_scope.cancel()
    if isinstance(failure, OperationCancelledError):
        await anyio.lowlevel.checkpoint()  # a cancelled call ends as such
    if failure is not None:
        raise failure
    return result
