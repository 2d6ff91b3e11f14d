"""How a table in text is written, found out from its first lines.

Lines before the header, a `sep=` line, comments, what separates cells, decimal commas, names in one
row or two, a row of units, stamps before the lines, and semicolons behind them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from sensorium.errors import SensoriumError
from sensorium.percepts.tables.cells import (
    has_decimal_commas,
    holds_values,
    is_moment,
    split,
    words,
)
from sensorium.percepts.tables.letters import UNPACKING, Letters, unreadable
from sensorium.percepts.tables.text_table import ENDING, STAMP, TextTable, is_comment

LOOKED_AT = 200  # lines
SEPARATORS = ("\t", ";", ",", "|", " ")  # in the order in which they are tried
ENDED = 0.9  # of the lines, of which each ends with a semicolon that separates nothing
AXES = frozenset("xyz")
RULE = re.compile(r"[ \t|:+=-]*-{3}[ \t|:+=-]*")
HERTZ = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?) ?Hz\b", re.IGNORECASE)
RATE_WORDS = re.compile(r"rate|frequency|sampl|\bat \d", re.IGNORECASE)
FILTER_WORDS = re.compile(r"bandwidth|cut-?off|pass", re.IGNORECASE)
STAMPED = "time"  # name of the column that stamps before lines make


@dataclass(frozen=True)
class Head:
    """The first lines of a table, parted into cells.

    Attributes:
        lines: All of them.
        separator: What separates cells.
        rows: Lines that are neither blank nor comments, with their places.
        start: Index of the first row of values among them.
    """

    lines: list[str]
    separator: str
    rows: list[tuple[int, list[str]]]
    start: int

    @property
    def width(self) -> int:
        """Cells of a row of values."""
        return len(self.rows[self.start][1])

    def above(self) -> list[list[str]]:
        """Return the rows of words above the values, of names and of units."""
        start, width = self.start, self.width
        above = [cells for _, cells in self.rows[:start] if len(cells) == width]
        if start and not above and len(self.rows[start - 1][1]) > 1:
            above = [
                cells for _, cells in self.rows[start - 1 : start] if abs(len(cells) - width) < 2
            ]  # with a name too many, or too few
        commented = [
            split(line.lstrip("#%/ "), self.separator)
            for line in self.lines[: self.rows[start][0]]
            if is_comment(line)
        ]
        return above or [cells for cells in commented if len(cells) == width][-1:]


def first_lines(letters: Letters) -> list[str]:
    """Return the first lines of a text.

    Raises:
        MediaDecodeError: It is packed, and damaged.
        SourceTooLargeError: A line without end.
    """
    try:
        return list(islice(letters.lines(), LOOKED_AT))
    except SensoriumError:
        raise
    except (*UNPACKING, OSError) as error:
        raise unreadable(letters.source.name, str(error)) from error


def sniff(letters: Letters, lines: list[str]) -> TextTable:
    """Find out how a table is written.

    Args:
        letters: The file.
        lines: Its first lines.
    Raises:
        MediaDecodeError: It is not a table of numbers in text.
    """
    said = _said_separator(lines)
    body = [
        (place, line.rstrip("\r\n"))
        for place, line in enumerate(lines)
        if line.strip() and not _is_rule(line) and not (place == 0 and said)
    ]
    stamped = sum(STAMP.match(line) is not None for _, line in body) * 2 > len(body) > 0
    for separator in [said] if said else SEPARATORS:
        ended = separator == "," and _are_ended([line for _, line in body])
        rows = [
            (place, split(_plain(line, separator, stamped=stamped, ended=ended), separator))
            for place, line in body
        ]
        start = _first_row(rows)
        if start is not None:
            break
    else:
        return _without_rows(letters, [line for _, line in body])
    head = Head(lines, separator, rows, start)
    names, units = _header(head.above())
    if stamped and names:
        names = (STAMPED, *(names[1:] if len(names) == head.width else names))
    values = [cell for _, cells in rows[start:] for cell in cells]
    return TextTable(
        letters,
        rows[start][0],
        separator,
        has_decimal_commas(values, separator),
        names,
        units,
        head.width,
        stamped,
        ended,
        _said_rate(lines[: rows[start][0]]),
        _described(lines[: rows[start][0]], separator),
    )


def _plain(line: str, separator: str, *, stamped: bool, ended: bool) -> str:
    if stamped:
        line = STAMP.sub(rf"\1{separator}", line)
    return ENDING.sub(r"\1", line).split(";")[0] if ended else line


def _are_ended(lines: Sequence[str]) -> bool:
    found = sum(ENDING.search(line) is not None for line in lines)
    return len(lines) > 0 and found >= ENDED * len(lines)


def _header(above: list[list[str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names and the units that rows of words say.

    Where the last row of names says the same more than once, as `x y z x y z`, the row above it
    says of what; a cell that is empty there goes on with the one before.
    """
    rows = [words(cells) for cells in above]
    units: tuple[str, ...] = ()
    if len(rows) > 1 and _are_units(rows[-1]):
        units = rows.pop()
    if not rows:
        return (), units
    names = rows.pop()
    while rows and len(set(names)) < len(names) and not any(map(is_moment, rows[-1])):
        names = tuple(f"{a} {b}".strip() for a, b in zip(_filled(rows.pop()), names, strict=True))
    return names, units


def _filled(cells: Sequence[str]) -> list[str]:
    filled: list[str] = []
    for cell in cells:
        filled.append(cell or (filled[-1] if filled else ""))
    return filled


def _without_rows(letters: Letters, body: list[str]) -> TextTable:
    """Return a table that ends with its header; what has no header either is none."""
    last = body[-1] if body else ""
    separator = max(SEPARATORS[:-1], key=last.count)
    names = words(split(last, separator))
    if len(body) > 1 or len(names) < 2 or not any(c.isalpha() for c in last):
        raise unreadable(letters.source.name, "no rows of numbers")
    return TextTable(letters, LOOKED_AT, separator, False, names, (), len(names))


def _first_row(rows: list[tuple[int, list[str]]]) -> int | None:
    """Return the index of the first row of values, which the next one is as wide as."""
    for index, (_, cells) in enumerate(rows):
        if not holds_values(cells):
            continue
        below = rows[index + 1][1] if index + 1 < len(rows) else cells
        if len(below) == len(cells) and holds_values(below):
            return index
    return None


def _is_rule(line: str) -> bool:
    """Return whether a line is a comment, or a rule between names and rows."""
    return is_comment(line) or RULE.fullmatch(line.rstrip("\r\n")) is not None


def _said_rate(lines: Sequence[str]) -> float | None:
    """Return the rate of the rows in Hz that lines above them say; not that of a filter."""
    told = {
        float(found[1])
        for line in lines
        if RATE_WORDS.search(line) and not FILTER_WORDS.search(line)
        for found in HERTZ.finditer(line)
    }
    return told.pop() if len(told) == 1 else None


def _described(lines: Sequence[str], separator: str) -> dict[str, tuple[str, ...]]:
    """Return what comments call the cells of rows, by the word that these rows begin with."""
    told = [words(split(line.lstrip("#%/ "), separator)) for line in lines if is_comment(line)]
    listed = [cells for cells in told if len(cells) > 2 and cells[0].isalnum()]
    return {cells[0]: cells for cells in listed} if len(listed) > 1 else {}


def _are_units(cells: Sequence[str]) -> bool:
    """Return whether cells are short and mostly of the letters that units are made of."""
    shown = [cell.strip() for cell in cells if cell.strip()]
    if {cell.lower() for cell in shown} & AXES:  # a second row of names
        return False
    short = [
        cell for cell in shown if len(cell) <= 12 and re.search(r"[/^²°%]|^[a-zA-Z]{1,4}$", cell)
    ]
    return bool(shown) and len(short) * 2 > len(shown)


def _said_separator(lines: Sequence[str]) -> str | None:
    """Return the separator that a first line `sep=;` says, as spreadsheets write it."""
    found = re.fullmatch(r'"?sep=(.|\\t)"?', lines[0].strip("\r\n")) if lines else None
    return found[1].replace("\\t", "\t") if found else None
