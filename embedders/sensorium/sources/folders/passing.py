"""Rows of a table with times, passed while times are asked for that go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

Row = TypeVar("Row")


class Passing(Generic[Row]):
    """Holds the rows around the time that was asked for last: two, whatever the table's length."""

    def __init__(self, rows: Iterator[tuple[int, Row]]) -> None:
        """Begin with the first row.

        Args:
            rows: Rows in order of time, each with its time in nanoseconds.
        """
        self._rows = rows
        self._held = [row for row in [next(rows, None)] if row is not None]

    def around(self, time: int) -> Sequence[tuple[int, Row]]:
        """Return the last row before a time and the first from it on, of which the ends lack one.

        Args:
            time: In nanoseconds, not before that of the call before.
        """
        while self._held and self._held[-1][0] < time:
            row = next(self._rows, None)
            if row is None:
                break
            self._held = [self._held[-1], row]
        return self._held
