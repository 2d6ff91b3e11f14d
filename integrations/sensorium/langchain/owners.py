"""Whose memories a run reads and writes, and bounding other programs to one owner."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config

from sensorium.agents.opening import check_memory
from sensorium.agents.owners import OwnersMemories
from sensorium.errors import OwnerError
from sensorium.memory import Memory
from sensorium.qdrant.filters import Filter

if TYPE_CHECKING:
    from qdrant_client import models

# A name, or a function that reads it from a `Run`; programs may write it for a `ToolRuntime`
Owner: TypeAlias = str | Callable[[Any], str]


class Run(dict[str, Any]):
    """The run of a tool or a retriever: its `RunnableConfig`, and what LangGraph knows of it.

    It is read as a config, `run["configurable"]["user_id"]`, and as LangChain's `ToolRuntime`,
    `run.context.user_id`, `run.config`, `run.state`. Outside of a graph, it has only its config.
    """

    def __init__(self, config: RunnableConfig | None, runtime: Any = None) -> None:
        """Describe a run.

        Args:
            config: Its config; by default that of the runnable that is running.
            runtime: LangChain's `ToolRuntime`, if a tool was given one.
        """
        super().__init__(ensure_config(config))
        self._runtime = runtime

    @property
    def config(self) -> RunnableConfig:
        """The run's config."""
        return cast(RunnableConfig, self)

    def __getattr__(self, name: str) -> Any:
        """Return what the runtime has, e.g. its `context`."""
        runtime = _runtime_of_graph() if self._runtime is None else self._runtime
        return getattr(runtime, name)


def _runtime_of_graph() -> Any:
    """Return LangGraph's runtime of the node that is running; `None` outside of a graph."""
    runtimes = sys.modules.get("langgraph.runtime")
    try:
        return runtimes and runtimes.get_runtime()
    except (RuntimeError, LookupError):
        return None


@contextmanager
def memory_of(memories: OwnersMemories, owner: Owner | None, run: Run) -> Iterator[Memory]:
    """Lend the memory of a run's owner: never that of the place because a run names nobody.

    Args:
        memories: The memories of all owners of a place.
        owner: Who is meant; `None` for the owner of the place's own memory.
        run: The run, from which a function reads the owner.
    Raises:
        OwnerError: The run names nobody, or what is no name.
    """
    if owner is None:
        yield memories.place
        return
    try:
        name = owner if isinstance(owner, str) else owner(run)
    except (LookupError, AttributeError, TypeError) as error:
        raise OwnerError(
            f"a run in which owner= found nobody ({type(error).__name__}: {error})",
            "the owner whose memories are meant",
            'pass what owner= reads: invoke(..., {"configurable": {"user_id": "ada"}}) or '
            "invoke(..., context=...)",
        ) from error
    with memories.using(name) as lent:
        yield lent


def owner_filter(memory: Memory) -> models.Filter:
    """Return the filter by which LangChain's own Qdrant store sees what a memory sees.

    That store, and any other client of the collection, reads and deletes the memories of all owners
    unless each of its calls has such a filter.

    Args:
        memory: The memory whose owner is meant.
    Returns:
        A filter for `similarity_search(..., filter=)` and for calls of `qdrant_client`: this
        owner's records that have not expired by now. Make it anew for each call.
    Raises:
        QueryError: Not an open memory.
    """
    from sensorium.qdrant.client.filters import translated

    owner = check_memory(memory, remedy="pass Memory.open(client, owner=...)").owner
    return translated(Filter(owner, alive_at=datetime.now(timezone.utc)))
