"""What a forked child has of its parent: locks that are free, and nothing that it ends.

Of the parent's threads only the one that forked goes on in the child. What the others held, wrote
or waited for stays as it was at that moment.
"""

from __future__ import annotations

import ctypes
import logging
import os
import sys
import threading
import weakref
from _thread import RLock
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, Protocol
from weakref import WeakSet

logger = logging.getLogger(__name__)

P = ParamSpec("P")
PATIENCE = 30.0  # seconds that a fork waits for what it should not cut short


class Forked(Protocol):
    """An object with something that belongs to one process, such as a thread or a connection."""

    def after_fork(self) -> None:
        """Make the object usable in a forked child: locks (`Lock`) are free there already.

        What belongs to the parent is left alone: not closed, not flushed, not removed.
        """


_OBJECTS: WeakSet[Forked] = WeakSet()
_LOCKS: WeakSet[Lock] = WeakSet()


class Lock(RLock):  # type: ignore[misc]  # not final in CPython, whatever typeshed says
    """A lock that its thread may take again, and that is free in a forked child.

    What the thread that forked holds, it holds in the child, too. This is Python's own class, as no
    interruption (Ctrl-C) must come between the lock and its `with` block.
    """

    def __init__(self) -> None:
        """Make a lock that nobody holds."""
        _LOCKS.add(self)

    def after_fork(self) -> None:
        """Release the lock in a forked child if a thread of the parent held it."""
        lock: Any = self  # which has what Python's own modules use after a fork
        if not lock._is_owned():
            lock._at_fork_reinit()


def mind_forks(each: Forked) -> None:
    """Call `after_fork` of an object in every child that is forked while the object lives."""
    _OBJECTS.add(each)


def finalize(
    each: object, call: Callable[P, Any], *args: P.args, **named: P.kwargs
) -> weakref.finalize[Any, Any]:
    """Do as `weakref.finalize`, in this process alone: the end of a forked child calls nothing."""
    return weakref.finalize(each, _in_process, os.getpid(), call, args, named)


def _in_process(process: int, call: Callable[..., Any], args: Any, named: Any) -> Any:
    return call(*args, **named) if os.getpid() == process else None


def never_collect(each: object) -> None:
    """Let an object live as long as the process, where its end would do harm."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(each))


class _Gate:
    """What forks wait for: threads in code that a fork must not cut short."""

    def __init__(self) -> None:
        self._lock = Lock()  # entered itself: an interruption could leave the condition locked
        self._changed = threading.Condition(self._lock)
        self._inside: set[int] = set()  # threads
        self._forks = 0  # that wait, or are under way

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Let no fork begin in another thread, unless the block takes very long."""
        thread = threading.get_ident()
        if thread in self._inside:
            yield
            return
        try:
            with self._lock:
                self._changed.wait_for(lambda: not self._forks)
                self._inside.add(thread)
            yield
        finally:
            with self._lock:
                self._inside.discard(thread)
                self._changed.notify_all()

    def before_fork(self) -> None:
        with self._lock:
            self._forks += 1
            own = {threading.get_ident()}
            self._changed.wait_for(lambda: self._inside <= own, timeout=PATIENCE)

    def after_fork_in_parent(self) -> None:
        with self._lock:
            self._forks -= 1
            self._changed.notify_all()

    def after_fork(self) -> None:
        self._forks = 0
        self._inside &= {threading.get_ident()}


_GATE = _Gate()
undivided = _GATE.closed


def _after_fork() -> None:
    for lock in list(_LOCKS):
        lock.after_fork()
    _GATE.after_fork()
    torch = sys.modules.get("torch")
    if torch is not None:
        # The threads of OpenMP are the parent's: a child that wants several waits for them for ever
        torch.set_num_threads(1)
    for each in list(_OBJECTS):
        try:
            each.after_fork()
        except OSError as error:  # such as a descriptor that is closed: the others matter more
            logger.warning("sensorium: %r was not left to the parent: %s", each, error)


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(
        before=_GATE.before_fork,
        after_in_parent=_GATE.after_fork_in_parent,
        after_in_child=_after_fork,
    )
