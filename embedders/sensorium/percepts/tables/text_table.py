"""Tables of numbers in text, as programs and people write them.

Cells are parsed by NumPy, some thousand lines at a time; only the columns that are wanted are kept.
How a table is written, `sensorium.percepts.tables.sniffing` finds out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import MediaDecodeError
from sensorium.percepts.tables.cells import is_value, split, to_number, words
from sensorium.percepts.tables.letters import UNPACKING, Letters, unreadable

FOOTER = 4  # lines below the rows that may be words
COMMENTS = ("#", "%", "//")
STAMP = re.compile(  # before a line, as the serial monitor of the Arduino IDE writes it
    r"^[ \t]*(\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?)[ \t]*->[ \t]*", re.MULTILINE
)
COMMA = re.compile(r"(?<=\d),(?=\d)")
ABSENT = r"(?i)(?<={mark})[ ]*(?:na|n/a|null|none|-)(?={mark}|[\r\n])"  # words for no number
ENDING = re.compile(r";+[ \t]*(\r?)$", re.MULTILINE)  # of rows whose cells commas part


@dataclass(frozen=True)
class TextTable:
    """How a table is written.

    Attributes:
        letters: The file, and how its letters are written.
        first: Lines before the first row of values.
        separator: What separates cells; a blank stands for any number of them.
        decimal_comma: Whether `1,5` is a number.
        names: Names of the columns; empty if there is no header.
        units: What the row below the names says; empty if there is none.
        width: Cells of a row.
        stamped: Whether a time of day and an arrow stand before each line: the first cell.
        ended: Whether rows end with semicolons, which may also stand between rows of one line.
        rate: Rows a second, if the lines above them say it.
        described: Names of the cells of rows that begin with a word, by that word, where comments
            list them: `# Accel,utcTimeMillis,AccelXMps2,...`.
    """

    letters: Letters
    first: int
    separator: str
    decimal_comma: bool
    names: tuple[str, ...]
    units: tuple[str, ...]
    width: int
    stamped: bool = False
    ended: bool = False
    rate: float | None = None
    described: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the source in messages."""
        return self.letters.source.name

    def rows(self) -> Iterator[tuple[int, str]]:
        """Yield the rows of values with the numbers of their lines, from 1; blank ones left out."""
        for number, block in self._blocks():
            yield from self._lines(number, block)

    def numbers(self, wanted: Sequence[int]) -> Iterator[NDArray[np.float64]]:
        """Yield columns `(n, len(wanted))`, some thousand rows at a time; NaN where none is told.

        Raises:
            MediaDecodeError: A cell is not a number, or missing (with its line).
        """
        for number, block in self._blocks():
            rows = self._even(block, wanted)
            if rows is None:  # an empty cell, a comment, or something worse: cell by cell
                rows = self._uneven(self._lines(number, block), wanted)
            if len(rows):
                yield rows

    def texts(self, wanted: int) -> Iterator[str]:
        """Yield the cells of one column."""
        for number, line in self.rows():
            yield self._cells(number, line, [wanted])[0]

    def cells(self) -> Iterator[list[str]]:
        """Yield whole rows, with points for decimal commas; they may differ in length."""
        for _, line in self.rows():
            cells = [cell.strip() for cell in split(line, self.separator)]
            yield [COMMA.sub(".", cell) for cell in cells] if self.decimal_comma else cells

    def _blocks(self) -> Iterator[tuple[int, str]]:
        """Yield whole lines after the header, with the number of the first of them."""
        try:
            yield from self._read_blocks()
        except UNPACKING as error:
            raise unreadable(self.name, str(error)) from error

    def _read_blocks(self) -> Iterator[tuple[int, str]]:
        number, skipped, rest = self.first + 1, self.first, ""
        held: str | None = None  # the newest lines, which may be the last
        for read in self.letters.blocks():
            self.letters.check(rest, 0)
            block, end, rest = (rest + read).rpartition("\n")
            while skipped and end:
                _, end, block = block.partition("\n")
                skipped -= 1
            if not end:
                continue
            if held is not None:
                yield number, held
                number += held.count("\n") + 1
            held = self._plain(block)
        self.letters.check(rest, 0)
        rest = self._plain(rest)
        lines = [] if held is None else held.split("\n")
        if rest and not skipped and not self._is_cut(rest):
            lines.append(rest)
        yield number, "\n".join(self._without_footer(lines))

    def _plain(self, block: str) -> str:
        """Return lines as rows of cells: their stamps as first cells, and without endings."""
        if self.stamped:
            block = STAMP.sub(rf"\1{self.separator}", block)
        if self.ended:
            block = ENDING.sub(r"\1", block).replace(";", "\n")
        return block

    def _is_cut(self, line: str) -> bool:
        """Return whether a line without an end is a row whose last cells were not written."""
        cells = split(line, self.separator)
        begun = bool(cells) and bool(cells[0].strip())
        return begun and len(cells) < self.width and is_value(cells[0])

    def _without_footer(self, lines: list[str]) -> list[str]:
        """Return the last lines of a file without words below the rows: `End of file`."""
        end = len(lines)
        while end > max(0, len(lines) - FOOTER) and _is_footer(lines[end - 1], self.separator):
            end -= 1
        return lines[:end]

    def _lines(self, number: int, block: str) -> Iterator[tuple[int, str]]:
        for offset, line in enumerate(block.split("\n")):
            if line.strip() and not is_comment(line) and not self._is_header(line):
                yield number + offset, line

    def _is_header(self, line: str) -> bool:
        """Return whether a line says the names again, as in files that were put together."""
        if not self.names or not line.lstrip(' "').startswith(self.names[0] or " "):
            return False
        return words(split(line, self.separator)) == self.names

    def _even(self, block: str, wanted: Sequence[int]) -> NDArray[np.float64] | None:
        """Parse a block whose every line has a number in every cell that is wanted."""
        if self.decimal_comma and self.separator == ",":
            return None
        if self.decimal_comma:
            block = block.replace(",", ".")
        if not block.strip():
            return np.empty((0, len(wanted)))
        rows = self._parse(block, wanted)
        if rows is None and self.separator != " ":
            rows = self._parse(_filled(block, self.separator), wanted)
        if rows is None and self.separator != " ":
            absent = ABSENT.format(mark=re.escape(self.separator))
            rows = self._parse(re.sub(absent, "nan", _filled(block, self.separator)), wanted)
        return rows

    def _parse(self, block: str, wanted: Sequence[int]) -> NDArray[np.float64] | None:
        lines = block.split("\n")
        try:
            return np.loadtxt(
                lines,
                np.float64,
                comments=None,
                delimiter=None if self.separator == " " else self.separator,
                usecols=list(wanted),
                ndmin=2,
                quotechar='"',
            )
        except ValueError:
            return None

    def _uneven(
        self, lines: Iterator[tuple[int, str]], wanted: Sequence[int]
    ) -> NDArray[np.float64]:
        rows = [
            [self._number(number, cell) for cell in self._cells(number, line, wanted)]
            for number, line in lines
        ]
        return np.array(rows, np.float64).reshape(-1, len(wanted))

    def _number(self, line: int, cell: str) -> float:
        try:
            return to_number(cell, comma=self.decimal_comma)
        except ValueError as error:
            raise self._unreadable(line, f"{cell!r} is not a number") from error

    def _cells(self, number: int, line: str, wanted: Sequence[int]) -> list[str]:
        cells = split(line, self.separator)
        if len(cells) <= max(wanted):
            raise self._unreadable(number, f"{len(cells)} cells, not {max(wanted) + 1} or more")
        return [cells[index].strip() for index in wanted]

    def _unreadable(self, line: int, why: str) -> MediaDecodeError:
        return unreadable(self.name, f"line {line}: {why}")


def is_comment(line: str) -> bool:
    """Return whether a line is a comment."""
    return line.lstrip().startswith(COMMENTS)


def _filled(block: str, mark: str) -> str:
    """Return lines with NaN in cells that are empty."""
    for _ in range(2):  # of two in a row, the first pass fills one
        block = block.replace(mark + mark, f"{mark}nan{mark}")
    block = block.replace(f"\n{mark}", f"\nnan{mark}").replace(f"{mark}\n", f"{mark}nan\n")
    return f"nan{block}" if block.startswith(mark) else block


def _is_footer(line: str, separator: str) -> bool:
    """Return whether a line is empty, or of words without a value in a cell of its own."""
    if not line.strip():
        return True
    told = re.search(r"[A-Za-z]{3}", line) is not None
    return told and not any(is_value(cell) for cell in split(line, separator))
