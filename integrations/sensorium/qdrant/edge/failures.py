"""Edge's errors in our own words. They are all of one kind and differ only in their text."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sensorium.errors import (
    SensoriumError,
    StoreError,
    StoreFormatError,
    StoreFullError,
    StoreLockedError,
)

# What Edge says, in its own words, when the file system does not let it write
FULL = ("No space left", "os error 28", "Disk quota", "File too large", "os error 27", "code: 27")
# What Rust raises where Edge met what it never expects: a BaseException, which nobody catches
PANIC = "PanicException"
ENGINE = ("qdrant_edge", "pyo3_runtime")  # packages of the classes that Edge may raise
INTACT = "the files as Sensorium left them"
RESTORE = "restore the folder from a copy, or import an export of it"
LONGEST = 200  # characters of Edge's own words that a message quotes


@contextmanager
def translating_errors(place: str, *, opening: bool = False) -> Iterator[None]:
    """Turn the errors of Edge, and its panics, into ours.

    Args:
        place: Name of the memory in messages.
        opening: Whether the shard is being opened, so that its files may be damaged.
    Raises:
        StoreError: Edge failed. What is no error at all, such as KeyboardInterrupt, stays itself,
            and so does an error of another package, which says itself what to do: tools that watch
            a program raise theirs where it calls the system.
    """
    try:
        yield
    except SensoriumError:
        raise
    except BaseException as error:  # Edge raises nothing more precise
        is_error = isinstance(error, Exception) and not _is_foreign(error)
        if not is_error and not is_panic(error):
            raise
        raise translated_error(error, place, opening=opening) from error


def _is_foreign(error: BaseException) -> bool:
    """Return whether the class of an error is neither of Python nor of Edge."""
    package = type(error).__module__.partition(".")[0]
    return package not in sys.stdlib_module_names and package not in ENGINE


def is_panic(error: BaseException) -> bool:
    """Return whether an error is a panic of Rust; its class cannot be imported."""
    return type(error).__name__ == PANIC


def translated_error(error: BaseException, place: str, *, opening: bool = False) -> StoreError:
    """Return our error for one of Edge's.

    Args:
        error: Edge's error.
        place: Name of the memory in messages.
        opening: Whether the shard was being opened, so that its files may be damaged.
    """
    text = " ".join(str(error).split())
    if any(sign in text for sign in FULL):
        return disk_full(place)
    if "WouldBlock" in text:
        return StoreLockedError(
            f"{place}, whose shard another process has open",
            "one owner at a time",
            "close it there",
        )
    if opening or is_panic(error):
        failed = "cannot be opened" if opening else "has damaged files"
        return StoreFormatError(
            f"{place}, which {failed} ({text[:LONGEST]})",
            INTACT,
            RESTORE,
        )
    return StoreError(
        f"{place}, which refused ({text[:LONGEST]})", "a request it can answer", "report this"
    )


def damaged_vectors(modality: str, lengths: Sequence[int], dimension: int) -> StoreFormatError:
    """Return the error for vectors that are not as long as the memory's.

    Args:
        modality: Name of the vectors.
        lengths: Numbers of numbers that their rows have.
        dimension: What every row should have.
    """
    return StoreFormatError(
        f"a memory with damaged files ({modality} has rows of {lengths} numbers, not {dimension})",
        INTACT,
        RESTORE,
    )


def disk_full(place: str, *, free: int | None = None, needed: int | None = None) -> StoreFullError:
    """Return the error for a disk without room.

    Args:
        place: Name of the memory in messages.
        free: Bytes that are free, if the disk was asked.
        needed: Bytes that must be free.
    """
    if free is None or needed is None:
        full, room = "which is full", "room for what is written"
    else:
        full = f"which has {free / 2**20:.1f} MiB free"
        room = f"{needed / 2**20:.1f} MiB for what is written"
    return StoreFullError(
        f"the disk of {place}, {full}",
        f"{room}; nothing acknowledged before is lost",
        "free some space, forget what is old, or move the memory",
    )
