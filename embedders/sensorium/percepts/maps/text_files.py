"""Matrices of numbers in text, as thermal cameras and spreadsheets export them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import BinaryIO

import numpy as np

from sensorium.errors import PerceptShapeError
from sensorium.percepts.limits import Limits
from sensorium.percepts.maps.layout import Layout
from sensorium.percepts.maps.stored import Stored
from sensorium.percepts.source import Array
from sensorium.percepts.tables.letters import BOMS

DECIMAL_COMMA = re.compile(r"(?<!\d)[+-]?\d*,\d+(?!\d)")
QUOTED_COMMA = re.compile(r'"[+-]?\d*,(?:\d{1,2}|\d{4,})"')  # three digits may be of thousands
BYTE = 24  # bytes of memory that a byte of text takes until its numbers are an array, as measured
FEWEST = 2  # rows and columns of a matrix
NUMBERED = 8  # rows, from which a first column that counts them is no measurement
SHOWN = 4  # matrices whose sizes stand in a message


@contextmanager
def open_text(stream: BinaryIO, layout: Layout, limits: Limits, name: str) -> Iterator[Stored]:
    """Open the one matrix of a text: lines of numbers, perhaps with labels and lines above it."""
    content = stream.read()
    limits.check_samples(len(content), BYTE, name, "scale it down")
    matrix = parse_matrix(_decode(content), name)
    yield Stored(matrix.shape, matrix.dtype, lambda: matrix)


def parse_matrix(text: str, name: str) -> Array:
    """Read the matrix of numbers in a text.

    Cells are separated by semicolons, tabs, commas or spaces; beside semicolons and tabs, and in
    quotes, a comma is a decimal point. Lines without numbers, a label before a row, and
    the numbers of rows and columns are left out.

    Args:
        text: The text.
        name: Name of the file, for messages.
    Returns:
        (H, W) float64; empty cells are NaN.
    Raises:
        ValueError: There is no matrix.
        PerceptShapeError: There are several.
    """
    lines = text.splitlines()
    mark = next(
        (mark for mark in (";", "\t", ",") if sum(mark in x for x in lines) >= FEWEST), None
    )
    commas = QUOTED_COMMA if mark == "," else DECIMAL_COMMA
    comma = mark is not None and commas.search(text) is not None
    rows = [_row(line, mark, comma=comma) for line in lines]
    blocks = [list(block) for width, block in groupby(rows, key=len) if width >= FEWEST]
    counted = [block for block in blocks if len(block) >= FEWEST]
    if not counted:
        raise ValueError("no lines with as many numbers each")
    if len(counted) > 1:
        sizes = ", ".join(f"{len(block)} x {len(block[0])}" for block in counted[:SHOWN])
        raise PerceptShapeError(
            f"{name} with {len(counted)} matrices of numbers ({sizes})",
            "one matrix, a line for each row of pixels",
            "cut the file, or read it yourself and pass the array",
        )
    block = counted[0]
    above = blocks[blocks.index(block) - 1][-1] if block is not blocks[0] else None
    return _without_numbers(np.array(block, np.float64), above)


def _row(line: str, mark: str | None, *, comma: bool) -> list[float]:
    """Return the numbers of a line without a label before them; none if it has other words."""
    parts = next(csv.reader([line], delimiter=mark)) if mark and '"' in line else line.split(mark)
    cells = [cell.strip().strip('"') for cell in parts]
    while cells and not cells[-1]:
        cells.pop()
    if cells and _number(cells[0], comma=comma) is None:
        cells = cells[1:]
    numbers = [np.nan if not cell else _number(cell, comma=comma) for cell in cells]
    return [] if None in numbers else numbers  # type: ignore[return-value]  # checked just now


def _number(cell: str, *, comma: bool) -> float | None:
    try:
        return float(cell.replace(",", ".") if comma else cell)
    except ValueError:
        return None


def _without_numbers(matrix: Array, above: list[float] | None) -> Array:
    """Leave out a first row and column that count the columns and rows."""
    if above is not None and len(above) == matrix.shape[1] - 1 and _counts(np.array(above)):
        return matrix[:, 1:] if _counts(matrix[:, 0]) else matrix
    if len(matrix) >= NUMBERED and _counts(matrix[:, 0]) and (np.diff(matrix[:, 1]) != 1).any():
        return matrix[:, 1:]  # below names of columns that are words, or below none
    return matrix


def _counts(numbers: Array) -> bool:
    return bool(numbers[0] in (0, 1) and (np.diff(numbers) == 1).all())


def _decode(content: bytes) -> str:
    encoding = next((name for bom, name in BOMS if content.startswith(bom)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode("latin-1")
