"""Tables in which a cell of each row says which sensor it is of, parted by these labels.

What is read then is as of a file for each sensor: `Accelerometer,12.01,0.1,0.2,9.8`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice

import numpy as np

from sensorium.errors import PerceptShapeError
from sensorium.percepts.limits import Limits
from sensorium.percepts.motion.columns import SENSORS, Column, explain, kind_of, words_of
from sensorium.percepts.tables.cells import NUMBER, VECTOR, is_value
from sensorium.percepts.tables.table import Columns, Gathering, Table, gather

LOOKED_AT = 5000  # rows in which a label has to name a sensor
SHORTEST = 3  # letters of a label: a class may be called "A"
MOST = 256  # labels of a table
# Types of Android's sensors. Source: constants TYPE_* of android.hardware.Sensor
ANDROID = {
    "1": "Accelerometer",
    "4": "Gyroscope",
    "9": "Gravity",
    "10": "Linear Acceleration",
    "16": "Gyroscope Uncalibrated",
    "35": "Accelerometer Uncalibrated",
}
Named = tuple[str | None, Table]


def part(name: str | None, table: Table, limits: Limits, column: str | int | None) -> list[Named]:
    """Part a table by the labels of its rows, if it has any that name sensors.

    Args:
        name: Name of the table.
        table: The table.
        limits: `max_memory` bounds what is held of it.
        column: Name or place of the column of labels, where the caller says it.
    Returns:
        A table for each label that names a sensor, under its name; or the table itself, if there
        are no labels.
    Raises:
        PerceptShapeError: The axes of a sensor, which are told one a row, do not belong together.
        SourceTooLargeError: It takes more memory than the limits allow.
    """
    columns = explain(table.names, table.units)
    place = _said(table, column)
    if place is None and sum(_kind(label) is not None for label in table.described) > 1:
        place = 0
    if place is None and not any(each.kind in SENSORS for each in columns):
        place = _labels(table, columns)
    if place is None:
        if not _holds_vectors(table):
            return [(name, table)]
        records = (_record(table, cells) for cells in table.cells())
        return [(name, gather(records, table.name, limits))]
    parts: dict[str, Gathering] = {}
    numbered = _is_type(columns, place)
    for cells in table.cells():
        label = cells[place] if place < len(cells) else ""
        label = ANDROID.get(label.removesuffix(".0"), "") if numbered else label
        if label not in parts and _kind(label) and len(parts) < MOST:
            parts[label] = Gathering(table.name, limits)
        if label in parts:
            parts[label].add(_record(table, cells))
    made = {label: each.table() for label, each in parts.items()}
    axes = {label: each for label in made if (each := explain([label])[0]).axis is not None}
    return [*(_joined(made, axes, table.name) if axes else made).items()]


def _said(table: Table, column: str | int | None) -> int | None:
    """Return the place of the column of labels that the caller names."""
    if column is None or (isinstance(column, int) and 0 <= column < table.width):
        return column
    if column in table.names:
        return list(table.names).index(str(column))
    raise PerceptShapeError(
        f"{table.name} with {table.width} columns, whose labels are to be in {column!r}",
        f"one of {', '.join(table.names) or f'0 to {table.width - 1}'}",
        "name the column that says the sensor of each row",
    )


def _labels(table: Table, columns: Sequence[Column]) -> int | None:
    """Return the first column whose cells name sensors."""
    width = max(table.width, len(columns))
    rows = list(islice(table.cells(), LOOKED_AT)) if _may_be_labelled(table, columns) else []
    for place in range(width):
        cells = {cells[place] for cells in rows if place < len(cells)}
        if _is_type(columns, place) and cells & ANDROID.keys():
            return place
        if any(_kind(cell) for cell in cells):
            return place
    return None


def _may_be_labelled(table: Table, columns: Sequence[Column]) -> bool:
    """Return whether one of the first rows has a word in it, or a number for a type."""
    return any(_is_type(columns, each) for each in range(len(columns))) or any(
        not is_value(cell) for cells in islice(table.cells(), 20) for cell in cells
    )


def _is_type(columns: Sequence[Column], place: int) -> bool:
    """Return whether a column counts the types of Android's sensors."""
    return place < len(columns) and {"sensor", "type"} <= set(words_of(columns[place].name))


def _kind(label: str) -> str | None:
    """Return the kind of sensor that a label names; an axis has the kind of its sensor."""
    if NUMBER.fullmatch(label):
        return None
    words = words_of(label)
    named = any(len(word) >= SHORTEST for word in words) or re.fullmatch(
        "[agw][xyz]", label.lower()
    )
    kind = kind_of(words) if named else None
    return kind if kind in SENSORS else None


def _holds_vectors(table: Table) -> bool:
    return any(VECTOR.fullmatch(cell) for cells in islice(table.cells(), 3) for cell in cells)


def _record(table: Table, cells: Sequence[str]) -> dict[str, str]:
    """Return a row with the names of its cells; a cell of three numbers becomes three."""
    names = table.described.get(cells[0] if cells else "", table.names)
    names = names or [f"column {place}" for place in range(table.width)]
    record: dict[str, str] = {}
    for name, cell in zip(names, cells, strict=False):
        if found := VECTOR.fullmatch(cell):
            record |= {f"{name}[{axis}]": found[axis + 1] for axis in range(3)}
        else:
            record[name] = cell
    return record


def _joined(
    made: Mapping[str, Columns], axes: Mapping[str, Column], name: str
) -> dict[str | None, Table]:
    """Put the axes of sensors side by side, which are told one a row: `12.01,acc_x,0.1`."""
    columns: list[np.ndarray] = []
    names: list[str] = []
    for label in axes:
        told = explain(made[label].names)
        values = [
            each.place for each in told if each.kind != "time" and not made[label].words[each.place]
        ]
        times = [each.place for each in told if each.kind == "time"]
        same = columns and len(made[label].arrays[0]) == len(columns[0])
        if len(values) != 1 or len(times) != 1 or (columns and not same):
            raise PerceptShapeError(
                f"{name}, whose rows tell one axis each, {label!r} among them",
                "a column of times, one of values, and as many rows for each axis",
                "put the axes of a moment into one row (pivot the table)",
            )
        if not columns:
            columns, names = [made[label].arrays[times[0]]], [told[times[0]].name]
        if not np.array_equal(columns[0], made[label].arrays[times[0]]):
            raise PerceptShapeError(
                f"{name}, whose rows tell one axis each, at other times",
                "the same times for each axis",
                "put the axes of a moment into one row (pivot the table)",
            )
        columns.append(made[label].arrays[values[0]])
        names.append(label)
    return {None: Columns(name, names, columns, [{} for _ in columns])}
