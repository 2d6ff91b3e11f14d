"""Tables of text that hold no motion: bank statements, lists of addresses, logs of temperatures.

They are nothing that is seen, heard or felt, so they are read only when asked for as text: each row
as a line that repeats the names of its columns, by which words find it.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sensorium.errors import MediaDecodeError, Phrase
from sensorium.percepts.encodings.decoding import decoded
from sensorium.percepts.motion.columns import explain
from sensorium.percepts.percept import Percept
from sensorium.percepts.text import Text
from sensorium.sources.documents.parts import GENERAL, TEXT, Part, as_percepts, read_text
from sensorium.sources.reader import check_options

SUFFIXES = frozenset((".csv", ".tsv"))
HEAD = 2**14  # bytes that tell whether there is motion in a table
LOOKED_AT = 50  # lines of them
SEPARATORS = ("\t", ";", ",", "|")
MOTION = frozenset(("accel", "linear", "gravity", "gyro"))
AXES = 3


class TableReader:
    """Reads a table without columns of motion as words, when it is asked for as text."""

    options = (*GENERAL, "modality", "encoding")
    modalities = TEXT

    def matches(self, path: Path, head: bytes) -> bool:
        """Return whether it is a table of text with named columns, none of them of motion."""
        if path.suffix.lower() not in SUFFIXES or not head:
            return False
        with path.open("rb") as stream:
            return is_without_motion(stream.read(HEAD))

    def why_skipped(self, path: Path) -> str | None:
        """Return why such a file of a folder is not read unless somebody asks for it."""
        return "no columns of motion; --as text reads its rows as words"

    def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
        """Yield the rows as lines of words, in stretches, with `modality="text"`.

        Raises:
            PerceptFormatError: An option is unknown.
            MediaDecodeError: It is not asked for as text, or nothing tells its encoding.
            EmptyPerceptError: There are no rows in it.
        """
        check_options(options, self.options, f"the table {str(path)!r}")
        modality = options.get("modality")
        if modality is None:
            raise MediaDecodeError(
                f"the table {path.name!r}, with no columns of motion",
                "a table of motion, or the wish to read its rows as words",
                Phrase(
                    "say {0} if it is a table of motion with names of its own, or {1}",
                    {"modality": "imu"},
                    {"modality": Text.modality},
                ),
            )
        return as_percepts(_parts(path, options), path, options)


def is_without_motion(head: bytes) -> bool:
    """Return whether a table has names of columns, and none that are of motion.

    Args:
        head: Its first bytes.
    """
    try:
        text = decoded(head[: head.rfind(b"\n") + 1] or head).text
    except MediaDecodeError:  # programs of sensors write ASCII; with zeros, it is no text at all
        return 0 not in head
    separator, rows = _table(text)
    names = _header(rows)
    if names is None:
        return False
    return not any(_is_of_motion(row) for row in rows[:LOOKED_AT]) and bool(separator)


def _parts(path: Path, options: Mapping[str, Any]) -> Iterator[Part]:
    read = read_text(path, options)
    _, rows = _table(read.text)
    names = _header(rows)
    first = rows.index(names) if names is not None else -1
    lines = ["; ".join(filter(None, row)) for row in rows[:first]]  # what stands above the table
    lines += [_line(names or [], row) for row in rows[first + 1 :]]
    words = "\n".join(filter(None, lines))
    yield Part(words, "", {"columns": names or [], "rows": len(rows) - first - 1, **read.reading})


def _line(names: Sequence[str], row: Sequence[str]) -> str:
    """Write a row with the names of its columns: `date: 2024-03-04, amount: -43.20`."""
    padded = [*names, *[""] * (len(row) - len(names))]
    cells = (
        f"{name}: {cell}" if name else cell for name, cell in zip(padded, row, strict=False) if cell
    )
    return ", ".join(cells)


def _table(text: str) -> tuple[str, list[list[str]]]:
    """Return what separates the cells of a table, and its rows without blank ones."""
    lines = text.splitlines()
    if lines and lines[0].startswith("sep=") and len(lines[0]) == len("sep=,"):
        separator, text = lines[0][-1], "\n".join(lines[1:])
    else:
        separator = max(SEPARATORS, key=lambda each: _width(lines[:LOOKED_AT], each))
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:  # a cell beyond the limit of the module
        rows = [line.split(separator) for line in lines]
    stripped = ([cell.strip() for cell in row] for row in rows)
    return separator, [row for row in stripped if any(row)]


def _width(lines: Sequence[str], separator: str) -> tuple[int, int]:
    """Return how many lines have as many cells as most have, and how many those are."""
    widths = Counter(line.count(separator) for line in lines if line.strip())
    width, count = max(widths.items(), key=lambda each: (each[1], each[0]), default=(0, 0))
    return (count if width else 0, width)


def _header(rows: Sequence[list[str]]) -> list[str] | None:
    """Return the row of names: the first one as wide as most, of words alone."""
    widths = Counter(len(row) for row in rows)
    width = max(widths, key=lambda each: widths[each], default=0)
    for row in rows[:LOOKED_AT]:
        told = [cell for cell in row if cell]
        if len(row) == width > 1 and len(told) > width // 2:
            return row if not any(_is_number(cell) for cell in told) else None
    return None


def _is_number(cell: str) -> bool:
    return cell.strip("+-%€$£ ").replace(".", "").replace(",", "").isdigit()


def _is_of_motion(row: Sequence[str]) -> bool:
    """Return whether cells are names of columns of motion: of a sensor, or three bare axes."""
    columns = explain(row)
    bare = {column.axis for column in columns if column.kind == "bare"}
    return len(bare) == AXES or any(column.kind in MOTION for column in columns)
