"""Work in a thread, whose progress the client sees."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

import anyio
import anyio.from_thread
import anyio.to_thread
from mcp.server.mcpserver import Context

Result = TypeVar("Result")
Call: TypeAlias = Context[Any, Any]  # what a tool is called with
Step: TypeAlias = Callable[[int, "int | None", str], None]  # done, of how many, and what is next

BEAT = 5.0  # seconds: a step that takes longer is reported again, lest the client gives up


class _Reporter:
    """Reports the steps of one call, and between them that it goes on.

    The protocol wants progress that grows with every report. So one report is sent at a time, and
    each further one of the same step adds a part of the next: 1, 1 1/2, 1 2/3, ...
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self._done = 0
        self._total: int | None = None
        self._message = ""
        self._repeats = 0  # reports since a step was done
        self._sending = anyio.Lock()

    def step(self, done: int, total: int | None, message: str) -> None:
        """Report a step from the thread that works."""
        anyio.from_thread.run(self._advance, done, total, message)

    async def beat(self) -> None:
        """Report again and again, until cancelled."""
        while True:
            await anyio.sleep(BEAT)
            async with self._sending:
                await self._report()

    async def _advance(self, done: int, total: int | None, message: str) -> None:
        async with self._sending:
            if done > self._done:
                self._done, self._repeats = done, 0
            self._total, self._message = total, message
            await self._report()

    async def _report(self) -> None:
        if self._repeats and self._total is not None and self._done >= self._total:
            return  # All is done, and was reported.
        progress = self._done + self._repeats / (self._repeats + 1)
        self._repeats += 1
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):  # nobody listens
            await self._call.report_progress(progress, self._total, self._message)


async def working(call: Call, work: Callable[[Step], Result]) -> Result:
    """Do work in a thread, which may report its steps.

    Args:
        call: The call of the tool, whose client hears of the progress.
        work: Function that does the work; it is called with a function that reports a step.
    Raises:
        SensoriumError: As the work does.
    """
    reporter = _Reporter(call)
    failure: Exception | None = None
    # A task group would wrap an exception that leaves it, so it is raised behind it.
    async with anyio.create_task_group() as group:
        group.start_soon(reporter.beat)
        try:
            result = await anyio.to_thread.run_sync(work, reporter.step)
        except Exception as error:
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure
    return result
