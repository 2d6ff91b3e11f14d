"""What the columns of a table of motion are: by the caller, their names, or that of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np

from sensorium.errors import PerceptShapeError, Phrase
from sensorium.percepts.motion.clocks import counted
from sensorium.percepts.motion.columns import (
    SENSORS,
    UNITS_OF,
    Column,
    explain,
    is_speed,
    kind_of_file,
    unit_in_brackets,
    words_of,
)
from sensorium.percepts.motion.index_columns import with_index
from sensorium.percepts.motion.refusals import key_of, no_column
from sensorium.percepts.tables.cells import NUMBER, is_moment
from sensorium.percepts.tables.table import Table

AXES = 3
LOOKED_AT = 3  # cells that have to be moments or numbers
MOST_COLUMNS = 16  # of a table whose file's name says an axis


@dataclass(frozen=True)
class Choice:
    """What the caller says of a table, which goes before what its names say.

    Attributes:
        columns: Names or places of the columns, `{"accel": [x, y, z], "gyro": [...]}`; of the times
            as `"time"`.
        time_unit: Unit of the times: `"s"`, `"ms"`, `"us"` or `"ns"`.
        date_order: `"dmy"` or `"mdy"`, of dates such as 03/04/2026.
        labels: The column whose cells say the sensor of each row.
        several: Whether there are other tables, which may have the columns.
        by_rate: Whether a rate goes before the times, so that these need no unit.
        gyro: Whether there is a gyroscope.
    """

    columns: Mapping[str, Any] = field(default_factory=dict)
    time_unit: str | None = None
    date_order: str | None = None
    labels: str | int | None = None
    several: bool = False
    by_rate: bool = False
    gyro: bool = True


def columns_of(table: Table, choice: Choice, *, name: str = "") -> list[Column]:
    """Return what the columns of a table are; those that the caller names go before all others.

    Args:
        table: The table.
        choice: What the caller says.
        name: Name of the file, or what the table is called: it says what columns `x y z` are of.
    Raises:
        PerceptShapeError: Columns that are named are not there, or either of two may be the
            rotation; or the table has no names and windows of one axis in its rows.
    """
    columns = _explained(table, name)
    if choice.columns:
        return _chosen(table, columns, choice, kind_of_file(name))
    _check_letters(table, columns)
    return columns


def told_units(table: Table, *, name: str = "") -> dict[str, str]:
    """Return the units that the header of a table says, of `"accel"` and `"gyro"`."""
    told = {}
    for column in _of_file(explain(table.names, table.units), name):
        if column.unit and column.kind in SENSORS:
            told["gyro" if column.kind == "gyro" else "accel"] = column.unit
    return told


def _explained(table: Table, name: str) -> list[Column]:
    """Explain the columns by their names, that of the table, and where neither helps, by cells."""
    if not table.names:
        return _unnamed(table, name)
    return with_index(table, _of_file(explain(table.names, table.units), name))


def _chosen(
    table: Table, columns: Sequence[Column], choice: Choice, kind: str | None
) -> list[Column]:
    """Return the columns that the caller names, or whose places are given.

    Who names no sensor has the names say what is one; of a table that holds one sensor of those
    that a label parts, only its columns are taken.
    """
    wanted = _present(table, choice.columns) if choice.several else choice.columns
    taken = []
    for sensor, given in wanted.items():
        if choice.labels is not None and sensor not in ("time", kind):
            continue
        for axis, each in enumerate([given] if isinstance(given, (str, int)) else given):
            place = each if isinstance(each, int) else _place(table, str(each), wanted)
            if not 0 <= place < table.width:
                raise PerceptShapeError(
                    f"{table.name} with {table.width} columns, of which column {place} is wanted",
                    f"a place from 0 to {table.width - 1}",
                    "count from 0",
                )
            known = (
                columns[place]
                if place < len(columns)
                else Column(f"column {place}", place, None, None, None)
            )
            known = replace(
                known,
                axis=None if sensor == "time" else axis,
                unit=known.unit or unit_in_brackets(known.name),
            )
            taken.append(_of_kind(known, sensor))
    named = set(wanted) & set(SENSORS)
    others = [each for each in columns if each.kind == "time" or not named]
    return [*taken, *(each for each in others if each.kind != "time" or "time" not in wanted)]


def _present(table: Table, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sensors whose columns are in a table."""
    listed = {
        sensor: [given] if isinstance(given, (str, int)) else given
        for sensor, given in wanted.items()
    }
    return {
        sensor: wanted[sensor]
        for sensor, names in listed.items()
        if all(each in table.names or isinstance(each, int) for each in names)
    }


def _place(table: Table, name: str, wanted: Mapping[str, Any]) -> int:
    if name in table.names:
        return list(table.names).index(name)
    raise no_column(table.name, wanted, name, table.names)


def _of_file(columns: Sequence[Column], name: str) -> list[Column]:
    """Give columns `x y z` the kind that the name of the file says, or else their unit."""
    kind = kind_of_file(name)
    if kind in SENSORS:
        return [_of_kind(each, kind) if each.kind == "bare" else each for each in columns]
    return [_of_unit(each) if each.kind == "bare" else each for each in columns]


def _of_unit(column: Column) -> Column:
    """Give a column the kind of which its unit alone tells: `X (rad/s)`."""
    if is_speed(column.bracket):
        return _of_kind(column, "gyro")
    return _of_kind(column, "accel") if column.unit in UNITS_OF["accel"] else column


def _of_kind(column: Column, kind: str) -> Column:
    if column.unit in UNITS_OF[kind]:
        return replace(column, kind=kind, bracket=None)
    return replace(column, kind=kind, unit=None)


def _unnamed(table: Table, name: str) -> list[Column]:
    """Explain three columns without names, perhaps behind times, by the name of their file."""
    words = words_of(name)
    kind = kind_of_file(name)
    if kind in SENSORS and table.width > MOST_COLUMNS and {"x", "y", "z"} & set(words):
        raise PerceptShapeError(
            f"{table.name}, whose name says one axis, with {table.width} numbers in a row",
            "a row for each moment, with all axes; these may be windows that overlap",
            "read one row of each axis's file, and pass them side by side as an array (T, 6)",
        )
    first = int(table.width == 1 + AXES and _are_times(table))
    if table.width != first + AXES or kind not in SENSORS:
        return []
    columns = [
        Column(f"column {place}", place, kind, place - first, None)
        for place in range(first, first + AXES)
    ]
    return [*([Column("column 0", 0, "time", None, None)] * first), *columns]


def _are_times(table: Table) -> bool:
    """Return whether the first column holds moments, or numbers that grow as times do."""
    cells = list(islice(table.texts(0), LOOKED_AT))
    if all(is_moment(cell) and ":" in cell for cell in cells):
        return True
    if not all(NUMBER.fullmatch(cell) for cell in cells):
        return False
    ticks = next(iter(table.numbers([0])), np.empty((0, 1)))[:, 0]
    whole, clock = bool((ticks == np.rint(ticks)).all()), counted(ticks)
    return clock is not None and not (whole and clock.at is None and float(ticks[0]) in (0, 1))


def _check_letters(table: Table, columns: Sequence[Column]) -> None:
    """Check that `gx gy gz` does not stand beside `rx ry rz`: then it may be gravity.

    Source: recordings of iOS, in whose `ax ay az rx ry rz mx my mz gx gy gz` it is.
    """
    named = {column.name.strip().lower(): key_of(column, table.names) for column in columns}
    a, g, r = ([f"{letter}{axis}" for axis in "xyz"] for letter in "agr")
    if not {*g, *r, *a} <= named.keys():
        return
    accel, gravity, gyro = ([named[name] for name in names] for names in (a, g, r))
    raise PerceptShapeError(
        f"{table.name} with gx gy gz beside rx ry rz, of which either may be the rotation",
        "the columns of the gyroscope",
        Phrase(
            "name them: {0} if gx gy gz is gravity, {1} if ax ay az has gravity in it, "
            "or {2} if gx gy gz is the rotation",
            {"columns": {"linear": accel, "gravity": gravity, "gyro": gyro}},
            {"columns": {"accel": accel, "gyro": gyro}},
            {"columns": {"accel": accel, "gyro": gravity}},
        ),
    )
