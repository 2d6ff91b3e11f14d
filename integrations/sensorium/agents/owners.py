"""Many owners in one place: each one's memories are opened when they are first used."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

from sensorium.encoders.forking import Lock
from sensorium.errors import SensoriumError
from sensorium.memory import Memory
from sensorium.qdrant.backend import closed

logger = logging.getLogger(__name__)

MOST_OPENED = 256  # owners whose memories stay open between their calls


@dataclass
class _Opened:
    """The open memory of an owner, and how many use it now."""

    memory: Memory
    users: int = 0


class OwnersMemories:
    """The memories of owners in the place of one memory, for threads that serve them at once.

    An owner has one open memory at a time, which all of its calls share. It stays open between
    calls; if that are too many, those least recently used are closed, and opened again when needed.

    Attributes:
        place: The memory whose place and encoder all owners share.
    """

    def __init__(self, memory: Memory, *, most: int = MOST_OPENED) -> None:
        """Open memories in the place of `memory`, which stays the caller's to close, after this.

        Args:
            memory: The memory whose place and encoder all owners share.
            most: How many stay open between calls.
        """
        self.place = memory
        self._most = most
        self._begin()

    def _begin(self) -> None:
        """Open nothing yet."""
        self._opened: OrderedDict[str, _Opened] = OrderedDict()  # least recently used first
        self._lock = Lock()
        self._is_closed = False

    def __deepcopy__(self, memo: object) -> OwnersMemories:
        return self  # as the memory of the place is: nothing is opened that nobody closes

    def __getstate__(self) -> dict[str, Any]:
        return {"place": self.place, "_most": self._most}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._begin()

    @contextmanager
    def using(self, owner: str) -> Iterator[Memory]:
        """Use the memory of an owner, which is not closed meanwhile.

        Raises:
            OwnerError: `owner` is not a name.
            StoreClosedError: This was closed.
        """
        one = self._taken(owner)
        try:
            yield one.memory
        finally:
            with self._lock:
                one.users -= 1
                self._close_spare()

    def of(self, owner: Callable[[], str]) -> Memory:
        """Return what calls of a `Memory` go through: each is of the owner that is named then.

        Args:
            owner: Names the owner of a call; called in the thread of the call.
        """
        return cast(Memory, _MemoryOfCaller(self, owner))

    def close(self) -> None:
        """Close all of them, those in use after their last use; a second call does nothing."""
        with self._lock:
            self._is_closed = True
            self._close_spare()

    def _taken(self, owner: str) -> _Opened:
        with self._lock:
            if self._is_closed:
                raise closed("the memories of owners")
            one = self._opened.get(owner)
            if one is None:
                one = self._opened[owner] = _Opened(self.place.for_owner(owner))
            one.users += 1
            self._opened.move_to_end(owner)
            return one

    def _close_spare(self) -> None:
        """Close what is too many and not in use.

        The lock is held meanwhile: an owner's memory must not be opened beside an old one.
        """
        most = 0 if self._is_closed else self._most
        for owner, one in list(self._opened.items()):
            if len(self._opened) <= most:
                return
            if not one.users:
                del self._opened[owner]
                _close(one.memory)


def _close(memory: Memory) -> None:
    """Close a memory. What fails is of an earlier call, so it is logged."""
    try:
        memory.close()
    except (SensoriumError, OSError) as error:
        logger.warning("closing the memory of the owner %r failed: %s", memory.owner, error)


class _MemoryOfCaller:
    """A memory whose owner is named anew by each call."""

    def __init__(self, memories: OwnersMemories, owner: Callable[[], str]) -> None:
        self._memories = memories
        self._owner = owner

    def __getattr__(self, name: str) -> Any:
        """Return a method that uses the caller's memory, or what an attribute of that is."""
        known = getattr(Memory, name)
        if not callable(known):
            with self._memories.using(self._owner()) as memory:
                return getattr(memory, name)

        @wraps(known)
        def method(*arguments: Any, **named: Any) -> Any:
            with self._memories.using(self._owner()) as memory:
                return getattr(memory, name)(*arguments, **named)

        return method
