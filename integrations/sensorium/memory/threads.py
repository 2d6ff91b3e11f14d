"""Threads of one's own, so that calls that wait for a store make nobody else wait for a thread.

`asyncio.to_thread` shares the threads of the event loop with the whole program, its look-ups of
names among them: five hundred recalls at once would be ahead of everybody in one queue.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar

from typing_extensions import ParamSpec

from sensorium.encoders.forking import mind_forks

P = ParamSpec("P")
R = TypeVar("R")
MOST = min(32, (os.cpu_count() or 1) + 4)  # as many as an event loop has


class Threads:
    """Some threads, which are started when they are needed and end with this object."""

    def __init__(self) -> None:
        """Start none yet."""
        self.after_fork()
        mind_forks(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Go to another process as threads that are not started yet."""
        return Threads, ()

    def after_fork(self) -> None:
        """Begin anew in a forked child: the threads are the parent's."""
        self._pool = ThreadPoolExecutor(MOST, thread_name_prefix="sensorium")

    def start(
        self, work: Callable[P, R], /, *given: P.args, **named: P.kwargs
    ) -> asyncio.Future[R]:
        """Call a function in a thread, in this context; return what can be awaited.

        Args:
            work: The function.
            given: Its arguments.
            named: Its named arguments.
        """
        call: Callable[[], R] = partial(copy_context().run, partial(work, *given, **named))
        return asyncio.get_running_loop().run_in_executor(self._pool, call)
