"""Objects that mind being carried over a fork: their locks may be held by a thread that is gone."""

from __future__ import annotations

import os
import sys
from typing import Protocol
from weakref import WeakSet


class Forked(Protocol):
    """An object with locks, or with what belongs to one process."""

    def after_fork(self) -> None:
        """Make the object usable in a child process, where only the thread that forked goes on.

        Locks are made anew, and what belongs to the parent is left alone: not closed, not removed.
        """


_OBJECTS: WeakSet[Forked] = WeakSet()


def mind_forks(each: Forked) -> None:
    """Call `after_fork` of an object in every child that is forked while the object lives."""
    _OBJECTS.add(each)


def _after_fork() -> None:
    torch = sys.modules.get("torch")
    if torch is not None:
        # The threads of OpenMP are the parent's: a child that wants several waits for them for ever
        torch.set_num_threads(1)
    for each in list(_OBJECTS):
        each.after_fork()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_after_fork)
