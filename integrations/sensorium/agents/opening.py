"""Opening a memory for an adapter, and closing it if the adapter cannot be made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from sensorium.errors import QueryError, SensoriumError, show
from sensorium.memory import Memory


class Closable(Protocol):
    """Anything that is released by `close()`."""

    def close(self) -> None:
        """Release what is held."""


Opened = TypeVar("Opened", bound=Closable)


@contextmanager
def closed_on_failure(opened: Opened) -> Iterator[Opened]:
    """Close what was just opened if the block raises; leave it open otherwise.

    Args:
        opened: A memory, or an adapter that closes one.
    """
    try:
        yield opened
    except BaseException:
        opened.close()
        raise


def check_memory(
    memory: object, *, remedy: str, error: type[SensoriumError] = QueryError
) -> Memory:
    """Check that an adapter was given an open memory, and return it.

    Args:
        memory: The object to check.
        remedy: What the caller should write instead.
        error: Class of the error.
    Raises:
        QueryError: The object is not a `Memory`; or an error of another class, if one is given.
    """
    if isinstance(memory, Memory):
        return memory
    raise error(f"memory={show(memory)}", "an open Memory", remedy)
