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
    """Reports the steps of one call, and between them that it goes on."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._state: tuple[int, int | None, str] = (0, None, "")
        self._beats = 0

    def step(self, done: int, total: int | None, message: str) -> None:
        """Report from the thread that works."""
        self._state, self._beats = (done, total, message), 0
        anyio.from_thread.run(self._report)

    async def beat(self) -> None:
        """Report again and again, a little more each time: progress must grow."""
        while True:
            await anyio.sleep(BEAT)
            done, total, _ = self._state
            if total is None or done < total:
                self._beats += 1
                await self._report()

    async def _report(self) -> None:
        done, total, message = self._state
        grown = done + self._beats / (self._beats + 1)
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):  # nobody listens
            await self._call.report_progress(grown, total, message)


async def working(call: Call, work: Callable[[Step], Result]) -> Result:
    """Do work in a thread, which may report its steps.

    Args:
        call: Of the tool.
        work: Called with a function that reports a step.
    Raises:
        SensoriumError: As the work does.
    """
    reporter = _Reporter(call)
    failure: Exception | None = None
    async with anyio.create_task_group() as group:  # it would wrap what it sees raised
        group.start_soon(reporter.beat)
        try:
            result = await anyio.to_thread.run_sync(work, reporter.step)
        except Exception as error:
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure
    return result
