"""Edge's errors in our own words. They are all of one kind and differ only in their text."""

from __future__ import annotations

from sensorium.errors import StoreError, StoreFormatError, StoreFullError, StoreLockedError

# What Edge says, in its own words, when the file system does not let it write
FULL = ("No space left", "os error 28", "Disk quota")


def translated_error(error: Exception, place: str, *, opening: bool = False) -> StoreError:
    """Return our error for one of Edge's.

    Args:
        error: Edge's error.
        place: Name of the memory in messages.
        opening: Whether the shard was being opened, so that its files may be damaged.
    """
    text = " ".join(str(error).split())[:200]
    if any(sign in text for sign in FULL):
        return disk_full(place)
    if "WouldBlock" in text:
        return StoreLockedError(
            f"{place}, whose shard another process has open",
            "one owner at a time",
            "close it there",
        )
    if opening:
        return StoreFormatError(
            f"{place}, which cannot be opened ({text})",
            "the files as Sensorium left them",
            "restore the folder from a copy, or import an export of it",
        )
    return StoreError(f"{place}, which refused ({text})", "a request it can answer", "report this")


def disk_full(place: str) -> StoreFullError:
    """Return the error for a disk without room."""
    return StoreFullError(
        f"the disk of {place}, which is full",
        "room for what is written; nothing acknowledged before is lost",
        "free some space, forget what is old, or move the memory",
    )
