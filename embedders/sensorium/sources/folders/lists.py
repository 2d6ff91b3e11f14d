"""Lists of times and files in text, as data sets write them beside their pictures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from sensorium.errors import MediaDecodeError
from sensorium.percepts.codecs.pictures import SUFFIXES
from sensorium.sources.folders.layout import inside
from sensorium.sources.stamps import NANOSECONDS, REAL

LOOKED_AT = 4096  # bytes of a file that tell what it is
LONGEST_LINE = 65_536  # characters
SEPARATOR = re.compile(r"[\s,;]+")
NAME = re.compile(r"\d{9,20}(?:\.\d+)?")  # of a file, if it is a time


class Row(NamedTuple):
    """A row of a list."""

    line: int  # from 1
    cells: list[str]


class Entry(NamedTuple):
    """A picture and its time."""

    time: int  # nanoseconds, of any origin
    path: Path
    where: str  # what names it, in messages


def rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a list, parted at blanks and commas; comments and blank lines left out."""
    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        number = 0
        while line := stream.readline(LONGEST_LINE):
            number += 1
            cells = SEPARATOR.split(line.strip())
            if cells != [""] and not line.lstrip().startswith("#"):
                yield Row(number, cells)


def first_row(path: Path) -> list[str]:
    """Return the cells of the first row of a list; none, of a file that is none or is not there."""
    head = beginning(path)
    for line in head.splitlines():
        if line.strip() and not line.startswith("#"):
            return SEPARATOR.split(line.strip())
    return []


def beginning(path: Path) -> str:
    """Return the first characters of a file; nothing, if there is none, or it is not text."""
    try:
        with path.open("rb") as stream:
            head = stream.read(LOOKED_AT)
    except OSError:
        return ""
    return "" if b"\0" in head else head.decode("utf-8-sig", "replace")


def is_list(path: Path) -> bool:
    """Return whether a file lists times and pictures: `1305031102.175304 rgb/1305.png`."""
    cells = first_row(path)
    return len(cells) == 2 and is_number(cells[0]) and is_picture(cells[1])


def is_number(text: str) -> bool:
    """Return whether a text is a finite number."""
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def is_picture(name: str) -> bool:
    """Return whether a name ends as those of pictures do."""
    return name.lower().endswith((*SUFFIXES, ".pgm", ".ppm", ".exr", ".pfm"))


def nanoseconds_of(text: str, ticks: int, where: str) -> int:
    """Return a time that is written as a number, exactly.

    Args:
        text: The number.
        ticks: How many of its units are one second: 1 for seconds.
        where: What holds it, for the message.
    Raises:
        MediaDecodeError: It is no number.
    """
    if not is_number(text) or abs(Decimal(text)) / ticks > REAL[1] / NANOSECONDS:
        raise MediaDecodeError(
            f"{where} with {text[:40]!r} for a time",
            "seconds" if ticks == 1 else "nanoseconds",
            "correct the line, or take it out",
        )
    return int(Decimal(text) * NANOSECONDS / ticks)


def listed(path: Path, folder: Path, under: Path, ticks: int) -> Iterator[Entry]:
    """Yield the pictures that a list names.

    Args:
        path: The list: a time and a name in each row.
        folder: What the pictures have to lie in.
        under: What their names begin from.
        ticks: Ticks of the times in a second.
    Raises:
        MediaDecodeError: A row is none of a time and a name.
        SourceRefusedError: A name leads out of the folder.
    """
    for number, (line, cells) in enumerate(rows(path)):
        where = f"line {line} of {str(path)!r}"
        if not number and not is_number(cells[0]) and not is_picture(cells[-1]):
            continue  # names of the columns
        if len(cells) < 2:
            raise MediaDecodeError(
                f"{where} with {' '.join(cells)[:40]!r}",
                "a time and the name of a picture",
                "correct the line, or take it out",
            )
        yield Entry(nanoseconds_of(cells[0], ticks, where), inside(folder, under / cells[1]), where)


def named_by_time(folder: Path) -> Iterator[Entry]:
    """Yield the pictures of a folder whose names are times since 1970, of any unit, sorted."""
    found = [
        Entry(time, path, f"the folder {str(folder)!r}")
        for path in folder.iterdir()
        if is_picture(path.name) and (time := _time_of_name(path.stem)) is not None
    ]
    yield from sorted(found)


def _time_of_name(stem: str) -> int | None:
    """Return a name that is a time since 1970 as nanoseconds; its size tells the unit."""
    found = NAME.fullmatch(stem)
    if found is None:
        return None
    for ticks in (1, 10**3, 10**6, 10**9):
        time = int(Decimal(stem) * NANOSECONDS / ticks)
        if REAL[0] <= time < REAL[1]:
            return time
    return None


def count_rows(path: Path) -> int:
    """Return how many lines a file has."""
    with path.open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))


def count_of(entries: Callable[[], Iterator[Entry]]) -> int:
    """Return how many pictures there are in a list that is begun anew."""
    return sum(1 for _ in entries())
