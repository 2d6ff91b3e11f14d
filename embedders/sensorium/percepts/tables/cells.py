"""What stands in one cell of a table, and how a line is parted into cells."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from contextlib import suppress

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf)", re.IGNORECASE)
COMMA_NUMBER = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
MOMENT = re.compile(  # of a day, or a day, or both
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})?[T ]?"
    r"(?:\d{1,2}:\d{2}(?::\d{2}(?:[.,:]\d+)?)?)? ?(?:[AaPp][Mm])? ?(?:Z|UTC|[+-]\d{2}:?\d{2})?"
)
VECTOR = re.compile(  # three numbers in one cell
    rf"[\[({{]?\s*({NUMBER.pattern})[\s,;]+({NUMBER.pattern})[\s,;]+({NUMBER.pattern})\s*[\])}}]?",
    re.IGNORECASE,
)
MISSING = frozenset(("", "nan", "na", "n/a", "null", "none", "-", "nat", "<na>", "#n/a", "nil"))


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
    """Return whether a cell holds a number, three of them, a moment or nothing, and no name."""
    cell = cell.strip().strip('"')
    if cell.lower() in MISSING or NUMBER.fullmatch(cell) or COMMA_NUMBER.fullmatch(cell):
        return True
    return is_moment(cell) or VECTOR.fullmatch(cell) is not None


def is_moment(cell: str) -> bool:
    """Return whether a cell holds a date, a time of day, or both."""
    return any(c.isdigit() for c in cell) and MOMENT.fullmatch(cell.strip().strip('"')) is not None


def holds_values(cells: Sequence[str]) -> bool:
    """Return whether a row is of numbers: two at least, and no more words than values."""
    held = [cell for cell in cells if is_value(cell)]
    told = [cell for cell in held if cell.strip().lower() not in MISSING]
    return len(cells) > 1 and len(held) * 2 >= len(cells) and (len(told) > 1 or len(held) > 3)


def words(cells: Sequence[str]) -> tuple[str, ...]:
    """Return cells of words without blanks and quotes around them."""
    return tuple(cell.strip().strip('"') for cell in cells)


def has_decimal_commas(values: Sequence[str], separator: str) -> bool:
    """Return whether commas part decimals; between quotes and commas they may be of thousands."""
    found = [cell for cell in values if COMMA_NUMBER.fullmatch(cell.strip())]
    if separator != ",":
        return bool(found)
    return any(len(cell.strip().partition(",")[2]) != 3 for cell in found)


def to_number(cell: str, *, comma: bool = False) -> float:
    """Return the number of a cell; NaN for one that says that there is none.

    Args:
        cell: The cell.
        comma: Whether a comma parts decimals.
    Raises:
        ValueError: It is no number.
    """
    plain = cell.strip().lower()
    if plain in MISSING:
        return float("nan")
    return float(plain.replace(",", ".") if comma else plain)
