"""What a caller may do while long work goes on: see how far it is, and give it up.

The wishes of a caller travel in a context variable, so that they reach an encoder through whatever
lies between. An encoder of another make can call `check_cancelled` and `report_windows`, too; one
that does not is heeded less often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from sensorium.errors import ArgumentTypeError, OperationCancelledError, show

Windows: TypeAlias = Callable[[int, "int | None"], None]  # how many are encoded, and of how many


@runtime_checkable
class Cancel(Protocol):
    """Says whether work is to be given up; a `threading.Event` is one."""

    def is_set(self) -> bool:
        """Return whether the work is to end."""


@dataclass(frozen=True)
class _Supervision:
    """The wishes of all callers around some work.

    Attributes:
        cancels: Each of them may give the work up.
        windows: Function that hears of encoded windows; `None` if nobody listens.
    """

    cancels: tuple[Cancel, ...] = ()
    windows: Windows | None = None


_supervision: ContextVar[_Supervision] = ContextVar("supervision", default=_Supervision())  # noqa: B039  # it is frozen


@contextmanager
def supervised(*, cancel: Cancel | None = None, windows: Windows | None = None) -> Iterator[None]:
    """Let what is done in this block be given up, and be watched.

    Args:
        cancel: Looked at between batches of windows, and between pages of records. Blocks within
            each other may all be given up by the outer one.
        windows: Called between forward passes with how many windows of the batch are encoded, and
            of how many as far as that can be told: the number of windows of a long percept is
            estimated. What it raises ends the work.
    Raises:
        ArgumentTypeError: `cancel` has no method `is_set`.
    """
    if cancel is not None and not isinstance(cancel, Cancel):
        raise ArgumentTypeError(
            f"cancel={show(cancel)}", "an object with is_set()", "pass a threading.Event"
        )
    outer = _supervision.get()
    cancels = outer.cancels if cancel is None else (*outer.cancels, cancel)
    token = _supervision.set(_Supervision(cancels, windows or outer.windows))
    try:
        yield
    finally:
        _supervision.reset(token)


@contextmanager
def finishing() -> Iterator[None]:
    """Let what is done in this block come to its end, though the work around it is given up."""
    token = _supervision.set(_Supervision(windows=_supervision.get().windows))
    try:
        yield
    finally:
        _supervision.reset(token)


def check_cancelled(done: int = 0) -> None:
    """End the work if a caller has given it up.

    Args:
        done: How many moments, records or points are done and kept.
    Raises:
        OperationCancelledError: One has.
    """
    if any(cancel.is_set() for cancel in _supervision.get().cancels):
        raise cancelled(done)


def cancelled(done: int) -> OperationCancelledError:
    """Build the error of work that was given up.

    Args:
        done: How many moments, records or points are done and kept.
    """
    return OperationCancelledError(
        f"a call that was given up after {done} were done"
        if done
        else "a call that was given up before anything was done",
        "time to finish",
        "call it again to go on; what was done is kept" if done else "call it again",
        done,
    )


def is_watched() -> bool:
    """Return whether somebody listens to `report_windows`."""
    return _supervision.get().windows is not None


def report_windows(done: int, total: int | None = None) -> None:
    """Say how many windows of a batch are encoded, if somebody listens.

    Args:
        done: Windows that are encoded.
        total: Windows of the batch, or an estimate; `None` if it is not known.
    """
    listener = _supervision.get().windows
    if listener is not None:
        listener(done, total)
