"""What a table is, wherever it comes from; and one whose columns are in memory."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sensorium.percepts.limits import Limits
from sensorium.percepts.tables.cells import to_number
from sensorium.percepts.tables.letters import unreadable

CELL = 16  # bytes of memory that a cell takes while columns are gathered, as measured
MOST_COLUMNS = 4096  # names of records that are told apart
DEEPEST = 4  # names within names


class Table(Protocol):
    """Rows of cells in columns, which may have names."""

    @property
    def name(self) -> str:
        """Name of the source in messages."""

    @property
    def names(self) -> Sequence[str]:
        """Names of the columns; empty if there are none."""

    @property
    def units(self) -> Sequence[str]:
        """What a row of units below the names says; empty if there is none."""

    @property
    def width(self) -> int:
        """Cells of a row."""

    @property
    def rate(self) -> float | None:
        """Rows a second, if something beside them says it."""

    @property
    def described(self) -> Mapping[str, Sequence[str]]:
        """Names of the cells of rows that begin with a word, by that word; mostly empty."""

    def numbers(self, wanted: Sequence[int]) -> Iterator[NDArray[np.float64]]:
        """Yield columns `(n, len(wanted))`, in blocks of rows; NaN where none is told.

        Raises:
            MediaDecodeError: A cell is not a number.
        """

    def texts(self, wanted: int) -> Iterator[str]:
        """Yield the cells of one column."""

    def cells(self) -> Iterator[list[str]]:
        """Yield whole rows; in text they may differ in length."""


@dataclass
class Column:
    """A column in memory.

    Attributes:
        numbers: Its cells as float64; NaN where there is none, and where there are words.
        words: The cells that are words, by their rows.
    """

    numbers: array[float] = field(default_factory=lambda: array("d"))
    words: dict[int, str] = field(default_factory=dict)

    def add(self, cell: object, row: int) -> None:
        """Add the cell of a row; rows between are empty."""
        if len(self.numbers) < row:
            self.numbers.extend([np.nan] * (row - len(self.numbers)))
        number = np.nan
        if isinstance(cell, (int, float)):
            number = _float(cell)
        elif isinstance(cell, str):
            try:
                number = to_number(cell)
            except ValueError:
                self.words[row] = cell
        elif cell is not None:
            self.words[row] = str(type(cell).__name__)
        self.numbers.append(number)


@dataclass(frozen=True)
class Columns:
    """A table whose columns are in memory.

    Attributes:
        name: Name of the source in messages.
        names: Names of the columns; empty if there are none.
        arrays: Each column `(T,)`, float64.
        words: Cells that are words, of each column by their rows.
        units: What is said of units.
        rate: Rows a second, if something beside them says it.
        described: Names of the cells of rows that begin with a word, by that word.
    """

    name: str
    names: Sequence[str]
    arrays: Sequence[NDArray[np.float64]]
    words: Sequence[Mapping[int, str]]
    units: Sequence[str] = ()
    rate: float | None = None
    described: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Cells of a row."""
        return len(self.arrays)

    def numbers(self, wanted: Sequence[int]) -> Iterator[NDArray[np.float64]]:
        """Yield the columns `(T, len(wanted))`.

        Raises:
            MediaDecodeError: A cell is not a number.
        """
        for place in wanted:
            for row, word in self.words[place].items():
                raise unreadable(self.name, f"row {row}: {word[:40]!r} is no number")
        if wanted and len(self.arrays[wanted[0]]):
            yield np.stack([self.arrays[place] for place in wanted], axis=1)

    def texts(self, wanted: int) -> Iterator[str]:
        """Yield the cells of one column."""
        words = self.words[wanted]
        for row, number in enumerate(self.arrays[wanted].tolist()):
            yield words.get(row) or ("" if math.isnan(number) else repr(number))

    def cells(self) -> Iterator[list[str]]:
        """Yield whole rows."""
        rows = zip(*(self.texts(place) for place in range(self.width)), strict=True)
        yield from map(list, rows)


class Gathering:
    """Records put side by side: a column for each of their names, those within others joined."""

    def __init__(self, name: str, limits: Limits) -> None:
        """Begin without a row.

        Args:
            name: Name of the source in messages.
            limits: `max_memory` bounds what the columns may take.
        """
        self._name, self._limits = name, limits
        self._columns: dict[str, Column] = {}
        self._count = 0
        self._named = True

    def add(self, record: Any) -> None:
        """Add a row: a mapping, whose values may be mappings and short lists; or a list of cells.

        Raises:
            MediaDecodeError: Two of its cells have one name, or there are too many names.
            SourceTooLargeError: The columns take more than the limits allow.
        """
        self._named = self._named and not isinstance(record, list)
        for key, cell in _flat(record):
            column = self._columns.get(key)
            if column is None:
                if len(self._columns) >= MOST_COLUMNS:
                    raise unreadable(self._name, f"records of more than {MOST_COLUMNS} names")
                column = self._columns[key] = Column()
            if len(column.numbers) > self._count:
                raise unreadable(self._name, f"row {self._count} with two cells called {key!r}")
            column.add(cell, self._count)
        self._count += 1
        cells = self._count * len(self._columns)
        self._limits.check_samples(cells, CELL, self._name, "split it into shorter recordings")

    def table(self) -> Columns:
        """Return the table.

        Raises:
            MediaDecodeError: It has no rows.
        """
        if not self._columns:
            raise unreadable(self._name, "no rows of numbers")
        for column in self._columns.values():
            column.numbers.extend([np.nan] * (self._count - len(column.numbers)))
        return Columns(
            self._name,
            tuple(self._columns) if self._named else (),
            [np.frombuffer(column.numbers, np.float64) for column in self._columns.values()],
            [column.words for column in self._columns.values()],
        )


def gather(records: Iterable[Any], name: str, limits: Limits) -> Columns:
    """Put all records side by side; the arguments and errors are those of `Gathering`."""
    gathering = Gathering(name, limits)
    for record in records:
        gathering.add(record)
    return gathering.table()


def _flat(value: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield the cells of a record with their names: `accel.x`, `accel[0]`."""
    if isinstance(value, dict) and depth < DEEPEST:
        for key, each in value.items():
            yield from _flat(each, f"{name}.{key}" if name else str(key), depth + 1)
    elif isinstance(value, list) and depth < DEEPEST:
        for index, each in enumerate(value):
            yield from _flat(each, f"{name}[{index}]", depth + 1)
    else:
        yield name, value


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:  # an integer of hundreds of digits
        return np.inf if number > 0 else -np.inf
