"""Asynchronous twins of methods, for frameworks that want each method twice."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from typing_extensions import ParamSpec

from sensorium.memory.threads import Threads

P = ParamSpec("P")
R = TypeVar("R")
THREADS = Threads()  # of all adapters together


async def to_thread(work: Callable[P, R], /, *given: P.args, **named: P.kwargs) -> R:
    """Do as `asyncio.to_thread`, in threads that nobody outside Sensorium waits for."""
    return await THREADS.start(work, *given, **named)


def in_thread(method: Callable[P, R]) -> Callable[P, Coroutine[Any, Any, R]]:
    """Make the asynchronous twin of a method, which runs the method in a thread.

    A subclass that overrides the method has changed its twin, too.
    """
    name = method.__name__

    async def twin(*arguments: P.args, **named: P.kwargs) -> R:
        owner, *others = arguments
        result: R = await to_thread(getattr(owner, name), *others, **named)
        return result

    twin.__name__, twin.__doc__ = f"a{name}", f"Run `{name}` in a thread."
    twin.__qualname__ = method.__qualname__.removesuffix(name) + twin.__name__
    return twin
