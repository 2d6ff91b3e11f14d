"""Forked children of the test's process, and what other threads hold at the moment of the fork."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from sensorium.encoders import forking
from sensorium.qdrant.shared import access

T = TypeVar("T")
PATIENCE = 120  # seconds that a child may take; one that hangs is ended by a signal
LOCKS = (type(threading.Lock()), type(threading.RLock()))
MADE_OF_LOCKS = (threading.Condition, threading.Event, threading.Semaphore, ThreadPoolExecutor)


def in_child(work: Callable[[], T], *, busy: bool = True) -> T:
    """What a function returns in a forked child.

    Args:
        work: The function; an exception, a hang and a signal fail the test.
        busy: Whether another thread holds all locks of Sensorium at the moment of the fork.
    """
    reading, writing = os.pipe()
    with ExitStack() as held:
        if busy:
            held.enter_context(every_lock_held())
        child = os.fork()
        if not child:
            _be_child(work, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert said, f"the child said nothing and ended with {status}; {-signal.SIGALRM}: it hung"
    worked, value = pickle.loads(said)
    assert worked, value
    result: T = value
    return result


def _be_child(work: Callable[[], Any], writing: int) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(PATIENCE)
    gc.enable()
    try:
        try:
            said = pickle.dumps((True, work()))
        except BaseException:
            said = pickle.dumps((False, traceback.format_exc()))
        with os.fdopen(writing, "wb") as stream:
            stream.write(said)
    finally:
        os._exit(0)


@contextmanager
def every_lock_held() -> Iterator[None]:
    """Have another thread hold each lock that an object or a module of Sensorium has.

    Nothing is collected meanwhile: that thread holds locks from within what they guard, too.
    """
    found, ready, done = locks(), threading.Event(), threading.Event()

    def hold() -> None:
        with taken(found):
            ready.set()
            done.wait()

    thread = threading.Thread(target=hold)
    gc.collect()
    gc.disable()
    thread.start()
    ready.wait()
    try:
        yield
    finally:
        done.set()
        thread.join()
        gc.enable()


@contextmanager
def taken(found: Iterable[Any]) -> Iterator[None]:
    """Hold those of some locks that are free."""
    with ExitStack() as held:
        for lock in found:
            if lock.acquire(blocking=False):
                held.callback(lock.release)
        yield


def locks() -> list[Any]:
    """All locks that objects and modules of Sensorium have, each once."""
    found: dict[int, Any] = {}
    for each in gc.get_objects():
        if str(type(each).__module__).startswith("sensorium") and hasattr(each, "__dict__"):
            _gather({"itself": each, **vars(each)}, found)
    for name, module in list(sys.modules.items()):
        if name.startswith("sensorium"):
            _gather(vars(module), found)
            for kind in list(vars(module).values()):
                if isinstance(kind, type) and kind.__module__ == name:
                    for part in list(vars(kind).values()):  # a class may fill itself meanwhile
                        _gather(getattr(part, "__dict__", {}), found)  # of a cached_property
    for lock in (forking._GATE._lock, access._OPENING):
        found.pop(id(lock), None)  # a fork takes them itself, so no other thread has them then
    return list(found.values())


def _gather(attributes: Any, found: dict[int, Any]) -> None:
    for value in list(dict(attributes).values()):
        if isinstance(value, LOCKS):
            found[id(value)] = value
        elif isinstance(value, MADE_OF_LOCKS):
            _gather(vars(value), found)
        elif isinstance(value, Mapping):
            held = [each for each in value.values() if isinstance(each, LOCKS)]
            found.update((id(each), each) for each in held)
