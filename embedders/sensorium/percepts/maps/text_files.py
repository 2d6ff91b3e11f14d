"""Matrices of numbers in text, as thermal cameras and spreadsheets export them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from typing import Any, BinaryIO

import numpy as np

from sensorium.errors import PerceptShapeError, Phrase, UnitError
from sensorium.percepts.limits import Limits
from sensorium.percepts.maps.layout import Layout, has_maps_last, pick_frame
from sensorium.percepts.maps.lines import check_lines, of_lines
from sensorium.percepts.maps.stored import Stored
from sensorium.percepts.signatures import recognise
from sensorium.percepts.source import Array, Encoded
from sensorium.percepts.tables.cells import split, to_number
from sensorium.percepts.tables.json_text import is_json
from sensorium.percepts.tables.letters import encoding_of

DECIMAL_COMMA = re.compile(r"(?<!\d)[+-]?\d*,\d+(?!\d)")
QUOTED_COMMA = re.compile(r'"[+-]?\d*,(?:\d{1,2}|\d{4,})"')  # three digits may be of thousands
MARKS = (";", "\t", ",", "|", None)  # what parts cells; blanks where it is none
NOTHING = re.compile(r"[-*]{2,}|n\.a\.", re.IGNORECASE)  # in place of a number
DEGREES = re.compile(r"(?<=\d) ?(?:°|º|deg)? ?[CFK]$")  # behind a number, they are no part of it
SAID = re.compile(r"(?<=\d) ?(?:°|º|deg)? ?([CFK])(?=[\s,;|\"]|$)")
NUMBERS = re.compile(r"\d+(?:[.,]\d+)?")
SAID_IN = 4096  # bytes in which numbers with a unit are looked for
LETTERS = {"C": "celsius", "F": "fahrenheit", "K": "kelvin"}
BYTE = 24  # bytes of memory that a byte of text takes until its numbers are an array, as measured
FEWEST = 2  # rows and columns of a matrix
SIDES = (("height", "rows", "h"), ("width", "cols", "columns", "w"))  # names of them in JSON
NUMBERED = 8  # rows, from which a first column that counts them is no measurement
ONLY = Layout()
SHOWN = 4  # matrices whose sizes stand in a message


@contextmanager
def open_text(stream: BinaryIO, layout: Layout, limits: Limits, name: str) -> Iterator[Stored]:
    """Open the one matrix of a text: lines of numbers, perhaps with labels and lines above it."""
    content = stream.read()
    limits.check_samples(len(content), BYTE, name, "scale it down")
    text = content.decode(encoding_of(content), "replace")
    matrix = parse_json(text) if is_json(text) else parse_matrix(text, name, layout)
    if matrix.ndim == 3:
        picked = replace(layout, frame=layout.page(_count(matrix), name))
        matrix = pick_frame(matrix, picked, name)
    yield Stored(matrix.shape, matrix.dtype, lambda: matrix)


def _count(stack: Array) -> int:
    """Return how many maps a stack has."""
    return stack.shape[-1] if has_maps_last(stack.shape) else len(stack)


def parse_matrix(text: str, name: str, layout: Layout = ONLY) -> Array:
    """Read the matrix of numbers in a text.

    Cells are separated by semicolons, tabs, commas or spaces; beside semicolons and tabs, and in
    quotes, a comma is a decimal point. Lines without numbers, a label before a row, and
    the numbers of rows and columns are left out.

    Args:
        text: The text.
        name: Name of the file, for messages.
        layout: Which matrix it is, of several.
    Returns:
        (H, W) float64; empty cells are NaN.
    Raises:
        ValueError: There is no matrix.
        PerceptShapeError: There are several.
    """
    lines = text.splitlines()
    found = [(mark, _rows(lines, mark, text)) for mark in MARKS]
    mark, rows = max(found, key=lambda each: sum(map(len, each[1])))
    blocks = [list(block) for width, block in groupby(rows, key=len) if width >= FEWEST]
    counted = [block for block in blocks if len(block) >= FEWEST]
    if not counted:
        raise ValueError("no lines with as many numbers each")
    sizes = ", ".join(f"{len(block)} x {len(block[0])}" for block in counted[:SHOWN])
    whole = replace(layout, frame=None) if layout.shape else layout
    block = counted[whole.page(len(counted), f"{name} of the sizes {sizes}")]
    for number, (line, row) in enumerate(zip(lines, rows, strict=True), start=1):
        if not row and _is_torn(line, mark, len(block[0])):
            raise ValueError(f"line {number} holds words among its numbers")
    _check_pixels(np.array(block), name)
    place = next(index for index, each in enumerate(blocks) if each is block)
    above = blocks[place - 1][-1] if place else None
    matrix = _without_numbers(np.array(block, np.float64), above)
    if layout.shape is not None:
        return of_lines(matrix, layout.shape, name)
    labels = [line for line, row in zip(lines, rows, strict=True) if row]
    check_lines(matrix, [split(line, mark or " ")[0] for line in labels], name)
    return matrix


def check_said(source: Encoded, unit: str) -> None:
    """Check that the letters behind the numbers of a text do not name another unit of heat.

    Raises:
        UnitError: They do: `24.0 C` is no Fahrenheit.
    """
    prefix = source.head(SAID_IN)
    if unit not in LETTERS.values() or recognise(prefix) != "text":
        return
    text = prefix.decode(encoding_of(prefix), "replace")
    letters = SAID.findall(text)
    letter = max(LETTERS, key=letters.count)
    right = LETTERS[letter]
    # A line above may say the temperature of the air
    if unit != right and letters.count(letter) * 2 > len(NUMBERS.findall(text)):
        raise UnitError(
            Phrase(f"{{0}} for {source.name}, whose numbers say {right}", {"unit": unit}),
            "the unit of the numbers",
            Phrase("pass {0}; if the file is wrong, {1}", {"unit": right}, {"trust": True}),
        )


def parse_json(text: str) -> Array:
    """Read the one matrix of numbers in a JSON text: all of it, or what stands below one name.

    Returns:
        (H, W), or (N, H, W), float64; `null` is NaN.
    Raises:
        ValueError: It is none, or there are several.
    """
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError("lists within lists, too deep") from error
    found = [value] if isinstance(value, list) else [*value.values()]
    matrices = [array for each in found if (array := _matrix(each)) is not None]
    if not matrices:
        objects = [each for each in (value, *found) if isinstance(each, dict)]
        matrices = [array for each in objects if (array := _sized(each)) is not None]
    if len(matrices) != 1:
        raise ValueError(f"JSON with {len(matrices)} matrices of numbers")
    return matrices[0]


def _sized(value: dict[str, Any]) -> Array | None:
    """Return the one list of numbers beside a height and a width, in that shape."""
    lowered = {key.lower(): each for key, each in value.items()}
    sides = [next((lowered[key] for key in keys if key in lowered), None) for keys in SIDES]
    height, width = (side if isinstance(side, int) else 0 for side in sides)
    if min(height, width) < FEWEST:
        return None
    lists = [each for each in value.values() if isinstance(each, list)]
    found = [each for each in lists if len(each) == height * width]
    if len(found) != 1 or not all(
        each is None or isinstance(each, (int, float)) for each in found[0]
    ):
        return None
    return np.array(found[0], np.float64).reshape(height, width)


def _matrix(value: Any) -> Array | None:
    try:
        array = np.array(value, np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    return array if array.ndim > 1 and min(array.shape[-2:]) >= FEWEST else None


def _rows(lines: list[str], mark: str | None, text: str) -> list[list[float]]:
    """Return the numbers of each line, parted by one mark."""
    if mark is not None and mark not in text:
        return [[] for _ in lines]
    commas = QUOTED_COMMA if mark == "," else DECIMAL_COMMA
    comma = mark is not None and commas.search(text) is not None
    rows = [_row(line, mark, comma=comma) for line in lines]
    return rows if mark is None else _with_holes(lines, rows, mark, comma=comma)


def _with_holes(
    lines: list[str], rows: list[list[float]], mark: str, *, comma: bool
) -> list[list[float]]:
    """Keep empty cells at the ends of rows as NaN, where other rows have numbers there.

    A row above the others that only counts them stays without the empty cell in its corner.
    """
    parted = [[cell.strip() for cell in split(line, mark)] for line in lines]
    full = [cells for cells, row in zip(parted, rows, strict=True) if row]
    widths = [len(cells) for cells in full]
    if not widths:
        return rows
    width = max(set(widths), key=widths.count)
    used = [
        any(_is_told(cells[place], comma=comma) for cells in full if len(cells) == width)
        for place in (0, -1)
    ]
    filled = [
        _filled(cells, row, used, comma=comma) if row and len(cells) == width else row
        for cells, row in zip(parted, rows, strict=True)
    ]
    return _with_empty_rows(filled, [len(cells) == width and not any(cells) for cells in parted])


def _with_empty_rows(rows: list[list[float]], empty: list[bool]) -> list[list[float]]:
    """Keep rows of empty cells next to rows with holes; between equal matrices, they part these."""
    heights = [len(list(block)) for told, block in groupby(rows, key=bool) if told]
    if len(heights) > 1 and len(set(heights)) == 1:
        return rows
    kept = list(rows)
    for order in (range(1, len(kept)), range(len(kept) - 2, -1, -1)):
        step = order.step
        for index in order:
            beside = kept[index - step]
            if empty[index] and not kept[index] and np.isnan(beside).any():
                kept[index] = [float("nan")] * len(beside)
    return kept


def _filled(cells: list[str], row: list[float], used: list[bool], *, comma: bool) -> list[float]:
    first = 0 if used[0] and (not cells[0] or _is_told(cells[0], comma=comma)) else 1
    if first == 0 and not cells[0] and len(row) > 1 and _counts(np.array(row)):
        first = 1  # names of columns
    last = len(cells) if used[1] else len(cells) - 1
    return [
        float("nan") if (number := _number(cell, comma=comma)) is None else number
        for cell in cells[first:last]
    ]


def _is_told(cell: str, *, comma: bool) -> bool:
    return cell != "" and _number(cell, comma=comma) is not None


def _is_torn(line: str, mark: str | None, width: int) -> bool:
    """Return whether a line is a row of the matrix, but that some of its cells are words."""
    cells = [cell.strip().strip('"') for cell in split(line, mark or " ")]
    told = sum(_number(cell, comma=True) is not None for cell in cells if cell)
    return width <= len(cells) <= width + 2 and told * 2 > width


def _check_pixels(matrix: Array, name: str) -> None:
    """Check that lines are rows of pixels, and not pixels with their places: `x, y, value`.

    Raises:
        PerceptShapeError: They are.
    """
    places = matrix[:, :2]
    if matrix.shape[1] != 3 or len(matrix) < NUMBERED or (places != np.round(places)).any():
        return
    sides = [len(np.unique(column)) for column in places.T]
    if sides[0] * sides[1] == len(np.unique(places, axis=0)) == len(matrix) and min(sides) > 1:
        raise PerceptShapeError(
            f"{name} with a line for each pixel: two places and a value",
            "a line for each row of pixels",
            f"read the values yourself, and pass them as an array of {sides[1]} x {sides[0]} or "
            f"{sides[0]} x {sides[1]}",
        )


def _row(line: str, mark: str | None, *, comma: bool) -> list[float]:
    """Return the numbers of a line without a label before them; none if it has other words."""
    cells = [cell.strip() for cell in split(line, mark or " ")]
    while cells and not cells[-1]:
        cells.pop()
    if all(not cell or NOTHING.fullmatch(cell) for cell in cells):  # a rule
        return []
    if cells and (not cells[0] or _number(cells[0], comma=comma) is None):
        cells = cells[1:]
    numbers = [_number(cell, comma=comma) for cell in cells]
    return [] if None in numbers else numbers  # type: ignore[return-value]  # checked just now


def _number(cell: str, *, comma: bool) -> float | None:
    try:
        return to_number(NOTHING.sub("", DEGREES.sub("", cell)), comma=comma)
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
