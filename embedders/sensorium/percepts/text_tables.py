"""Tables of numbers in text, as programs and people write them.

Sniffed from the first lines: how letters are encoded, gzip, a `sep=` line, lines before the header,
comments, what separates cells, decimal commas, and a row of units. Cells are parsed by NumPy, some
thousand lines at a time; only the columns that are wanted are kept.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import MediaDecodeError, SensoriumError, SourceTooLargeError
from sensorium.percepts.source import Encoded

LONGEST_LINE = 2**16  # characters
LOOKED_AT = 200  # lines
HEAD = 2**14  # bytes that tell how letters are encoded
FOOTER = 4  # lines below the rows that may be words
BLOCK = 2**18  # characters that are parsed together
LARGEST = 2**29  # bytes that a packed file may unpack to
GZIP = b"\x1f\x8b"
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SEPARATORS = ("\t", ";", ",", "|", " ")  # in the order in which they are tried
COMMENTS = ("#", "%", "//")
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf)", re.IGNORECASE)
COMMA_NUMBER = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
MOMENT = re.compile(  # of a day, or a day, or both
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})?[T ]?"
    r"(?:\d{1,2}:\d{2}(?::\d{2}(?:[.,:]\d+)?)?)? ?(?:[AaPp][Mm])? ?(?:Z|[+-]\d{2}:?\d{2})?"
)
MISSING = frozenset(("", "nan", "na", "n/a", "null", "none", "-"))


@dataclass(frozen=True)
class TextTable:
    """How a table is written.

    Attributes:
        source: The file.
        encoding: How its letters are encoded.
        packed: Whether it is gzip.
        first: Lines before the first row of values.
        separator: What separates cells; a blank stands for any number of them.
        decimal_comma: Whether `1,5` is a number.
        names: Names of the columns; empty if there is no header.
        units: What the row below the names says; empty if there is none.
        width: Cells of a row.
    """

    source: Encoded
    encoding: str
    packed: bool
    first: int
    separator: str
    decimal_comma: bool
    names: tuple[str, ...]
    units: tuple[str, ...]
    width: int

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

    def _blocks(self) -> Iterator[tuple[int, str]]:
        """Yield whole lines after the header, with the number of the first of them."""
        try:
            yield from self._read_blocks()
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise _unreadable(self.source, str(error)) from error

    def _read_blocks(self) -> Iterator[tuple[int, str]]:
        number, size, rest = self.first + 1, 0, ""
        with _text(self.source, self.encoding, packed=self.packed) as text:
            for line in islice(_lines(text, self.source), self.first):
                size += len(line)
            held: list[str] = []  # the newest lines, which may be the last
            while read := text.read(BLOCK):
                size += len(read)
                _check_line(rest, size, self.source)
                block, end, rest = (rest + read).rpartition("\n")
                if end and held:
                    yield number, "\n".join(held)
                    number += len(held)
                if end:
                    held = block.split("\n")
            _check_line(rest, size, self.source)
            if rest and not self._is_cut(rest):
                held.append(rest)
            yield number, "\n".join(self._without_footer(held))

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
            if line.strip() and not _is_comment(line) and not self._is_header(line):
                yield number + offset, line

    def _is_header(self, line: str) -> bool:
        """Return whether a line says the names again, as in files that were put together."""
        if not self.names or not line.lstrip(' "').startswith(self.names[0] or " "):
            return False
        return _words(split(line, self.separator)) == self.names

    def _even(self, block: str, wanted: Sequence[int]) -> NDArray[np.float64] | None:
        """Parse a block whose every line has a number in every cell that is wanted."""
        if self.decimal_comma and self.separator == ",":
            return None
        if self.decimal_comma:
            block = block.replace(",", ".")
        lines = block.split("\n")
        if not any(map(str.strip, lines)):
            return np.empty((0, len(wanted)))
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
        plain = cell.strip().lower()
        if plain in MISSING:
            return np.nan
        try:
            return float(plain.replace(",", ".") if self.decimal_comma else plain)
        except ValueError as error:
            raise _unreadable(self.source, f"line {line}: {error}") from error

    def _cells(self, number: int, line: str, wanted: Sequence[int]) -> list[str]:
        cells = split(line, self.separator)
        if len(cells) <= max(wanted):
            raise _unreadable(
                self.source, f"line {number}: {len(cells)} cells, not {max(wanted) + 1} or more"
            )
        return [cells[index].strip() for index in wanted]


def open_table(source: Encoded) -> TextTable:
    """Find out how a table is written.

    Raises:
        MediaDecodeError: It is not a table of numbers in text.
        SourceTooLargeError: A line without end.
    """
    head = source.head(HEAD)
    packed = head.startswith(GZIP)
    try:
        if packed:
            with source.open() as stream:
                head = gzip.GzipFile(fileobj=stream).read(HEAD)
        encoding = _encoding(head)
        with _text(source, encoding, packed=packed) as text:
            lines = list(islice(_lines(text, source), LOOKED_AT))
    except SensoriumError:
        raise
    except (EOFError, OSError, zlib.error) as error:
        raise _unreadable(source, str(error)) from error
    return _sniffed(source, encoding, packed, lines)


def split(line: str, separator: str) -> list[str]:
    """Part a line into its cells; quotes keep a separator within."""
    line = line.rstrip("\r\n")
    if separator == " ":
        return line.split()
    if '"' in line:
        with suppress(csv.Error):  # a line end within, or a cell without end: no quotes then
            return next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    return line.split(separator)


def is_value(cell: str) -> bool:
    """Return whether a cell holds a number, a moment or nothing, and no name."""
    cell = cell.strip().strip('"')
    if cell.lower() in MISSING or NUMBER.fullmatch(cell) or COMMA_NUMBER.fullmatch(cell):
        return True
    return any(c.isdigit() for c in cell) and MOMENT.fullmatch(cell) is not None


def _sniffed(source: Encoded, encoding: str, packed: bool, lines: list[str]) -> TextTable:
    said = _said_separator(lines)
    body = [
        (place, line)
        for place, line in enumerate(lines)
        if line.strip() and not _is_comment(line) and not (place == 0 and said)
    ]
    for separator in [said] if said else SEPARATORS:
        rows = [(place, split(line, separator)) for place, line in body]
        start = _first_row(rows)
        if start is not None:
            break
    else:
        return _without_rows(source, encoding, packed, body)
    width = len(rows[start][1])
    above = [cells for _, cells in rows[:start] if len(cells) == width]
    if start and not above and len(rows[start - 1][1]) > 1:
        above = [
            cells for _, cells in rows[start - 1 : start] if abs(len(cells) - width) < 2
        ]  # with a name too many, or too few
    commented = [
        split(line.lstrip("#%/ "), separator)
        for line in lines[: rows[start][0]]
        if _is_comment(line)
    ]
    above = above or [cells for cells in commented if len(cells) == width][-1:]
    units: list[str] = []
    if len(above) > 1 and _are_units(above[-1]):
        units = above.pop()
    values = [cell for _, cells in rows[start:] for cell in cells]
    return TextTable(
        source,
        encoding,
        packed,
        rows[start][0],
        separator,
        _has_decimal_commas(values, separator),
        _words(above[-1]) if above else (),
        _words(units),
        width,
    )


def _without_rows(
    source: Encoded, encoding: str, packed: bool, body: list[tuple[int, str]]
) -> TextTable:
    """Return a table that ends with its header; what has no header either is none."""
    last = body[-1][1] if body else ""
    separator = max(SEPARATORS[:-1], key=last.count)
    names = _words(split(last, separator))
    if len(body) > 1 or len(names) < 2:
        raise _unreadable(source, "no rows of numbers")
    return TextTable(source, encoding, packed, LOOKED_AT, separator, False, names, (), len(names))


def _words(cells: Sequence[str]) -> tuple[str, ...]:
    """Return cells of words without blanks and quotes around them."""
    return tuple(cell.strip().strip('"') for cell in cells)


def _first_row(rows: list[tuple[int, list[str]]]) -> int | None:
    """Return the index of the first row of values, which the next one is as wide as."""
    for index, (_, cells) in enumerate(rows):
        if not _holds_values(cells):
            continue
        below = rows[index + 1][1] if index + 1 < len(rows) else cells
        if len(below) == len(cells) and _holds_values(below):
            return index
    return None


def _holds_values(cells: Sequence[str]) -> bool:
    """Return whether a row is of numbers: two at least, and no more words than values."""
    held = [cell for cell in cells if is_value(cell)]
    told = [cell for cell in held if cell.strip().lower() not in MISSING]
    return len(cells) > 1 and len(held) * 2 >= len(cells) and (len(told) > 1 or len(held) > 3)


def _are_units(cells: Sequence[str]) -> bool:
    """Return whether cells are short and mostly of the letters that units are made of."""
    shown = [cell.strip() for cell in cells if cell.strip()]
    short = [
        cell for cell in shown if len(cell) <= 12 and re.search(r"[/^²°%]|^[a-zA-Z]{1,4}$", cell)
    ]
    return bool(shown) and len(short) * 2 > len(shown)


def _has_decimal_commas(values: Sequence[str], separator: str) -> bool:
    """Return whether commas part decimals; between quotes and commas they may be of thousands."""
    found = [cell for cell in values if COMMA_NUMBER.fullmatch(cell.strip())]
    if separator != ",":
        return bool(found)
    return any(len(cell.strip().partition(",")[2]) != 3 for cell in found)


def _is_footer(line: str, separator: str) -> bool:
    """Return whether a line is empty, or of words without a value in a cell of its own."""
    if not line.strip():
        return True
    words = re.search(r"[A-Za-z]{3}", line) is not None
    return words and not any(is_value(cell) for cell in split(line, separator))


def _said_separator(lines: Sequence[str]) -> str | None:
    """Return the separator that a first line `sep=;` says, as spreadsheets write it."""
    found = re.fullmatch(r'"?sep=(.)"?', lines[0].strip("\r\n")) if lines else None
    return found[1] if found else None


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith(COMMENTS)


def _encoding(head: bytes) -> str:
    for bom, name in BOMS:
        if head.startswith(bom):
            return name
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):  # of ASCII, every second byte is 0
        if head[first::2].count(0) * 4 > len(head):
            return name
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _text(source: Encoded, encoding: str, *, packed: bool) -> io.TextIOWrapper:
    raw: BinaryIO | gzip.GzipFile = source.open()
    if packed:
        raw = gzip.GzipFile(fileobj=raw)
    # What is no letter is no number either, and is refused with its line
    return io.TextIOWrapper(raw, encoding, "replace", newline="\n")


def _lines(text: io.TextIOWrapper, source: Encoded) -> Iterator[str]:
    """Yield lines; one without an end is refused."""
    while line := text.readline(LONGEST_LINE + 1):
        _check_line(line, 0, source)
        yield line


def _check_line(line: str, size: int, source: Encoded) -> None:
    """Check the length of a line, and of all that was read, for bombs."""
    if len(line) > LONGEST_LINE:
        what = f"with a line of more than {LONGEST_LINE} characters"
    elif size > max(LARGEST, source.size):
        what = f"which unpacks to more than {LARGEST} bytes"
    else:
        return
    raise SourceTooLargeError(
        f"{source.name}, {what}", "a table of numbers", "split it into shorter recordings"
    )


def _unreadable(source: Encoded, why: str) -> MediaDecodeError:
    return MediaDecodeError(
        f"{source.name}, unreadable as a table ({why})",
        "rows of numbers in text, below a row of names",
        "repair it, or pass an array of shape (T, 6)",
    )
