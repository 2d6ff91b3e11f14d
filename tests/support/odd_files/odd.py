"""What one odd file is: how it is made, and what has to become of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

Make = Callable[[Path], object]
Fate = Literal["read", "beside", "skipped", "failed"]

# When all files were last modified, so that what is dated by it is known
MODIFIED = datetime(2021, 6, 7, 8, 9, 10, tzinfo=timezone.utc)
FILE_TIME, OWN = "the file's modification time", "the file's own times"
LOCAL = ", in this machine's local time"


@dataclass(frozen=True)
class Odd:
    """One file of the folder, and the truth about it.

    Attributes:
        name: Its path in the folder, with slashes.
        make: Writes it to the path that it is called with, or its content.
        fate: `"read"`, or why it has no record of its own: `"beside"` another file whose record it
            belongs to, `"skipped"`, or `"failed"`.
        why: Words of the reason or of the error.
        senses: Modality of each of its records, in order.
        words: Words that have to be in one of its records.
        says: What its reading has to say.
        at: When it was; by default `MODIFIED`.
        by: What says when.
        place: Latitude and longitude.
        of: Name of the file whose record is its, too.
        needs: Module without which it can be neither made nor read.
        modified: When it was last modified, in seconds since 1970.
        whole: Whether a folder is one thing, whose entries are not looked at.
        closed: Whether it may not be read, which does not keep the superuser from it.
    """

    name: str
    make: Make | bytes
    fate: Fate = "read"
    why: str = ""
    senses: tuple[str, ...] = ()
    words: str = ""
    says: str = ""
    at: datetime | None = MODIFIED
    by: str | None = FILE_TIME
    place: tuple[float, float] | None = None
    of: str = ""
    needs: str = ""
    modified: float = MODIFIED.timestamp()
    whole: bool = False
    closed: bool = False


def read(name: str, make: Make | bytes, *senses: str, **truth: object) -> Odd:
    """A file that becomes one record for each of these modalities."""
    return Odd(name, make, "read", senses=senses, **truth)  # type: ignore[arg-type]  # of Odd


def skipped(name: str, make: Make | bytes, why: str, **truth: object) -> Odd:
    """A file that is passed over for a reason."""
    return Odd(name, make, "skipped", why, **truth)  # type: ignore[arg-type]


def failed(name: str, make: Make | bytes, why: str, **truth: object) -> Odd:
    """A file that cannot be read, with words of the error."""
    return Odd(name, make, "failed", why, **truth)  # type: ignore[arg-type]


def beside(name: str, make: Make | bytes, of: str, **truth: object) -> Odd:
    """A file that belongs to the record of another."""
    return Odd(name, make, "beside", of=of, **truth)  # type: ignore[arg-type]


def copy_of(name: str) -> Make:
    """Make a copy of another file of the same folder, which was made before."""
    return lambda path: path.write_bytes((path.parent / name).read_bytes())


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=timezone.utc)  # type: ignore[misc, arg-type]  # of a date


def local(*parts: int) -> datetime:
    """A time in the zone of this machine."""
    return datetime(*parts).astimezone()  # type: ignore[arg-type]
