"""Motion in tables: which columns are samples and times, and what they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import EmptyPerceptError, PerceptShapeError, Phrase, TimeError
from sensorium.percepts.limits import Limits
from sensorium.percepts.motion.clocks import EPOCH, Clock, counted, told
from sensorium.percepts.motion.columns import (
    SENSORS,
    UNITS_OF,
    Column,
    explain,
    kind_of,
    words_of,
)
from sensorium.percepts.motion.guesses import is_numeric, other_columns
from sensorium.percepts.motion.index_columns import with_index
from sensorium.percepts.motion.recording import check_count
from sensorium.percepts.motion.refusals import UNITS, doubled, key_of, no_column
from sensorium.percepts.tables.table import Table

AXES = 3
MOST_COLUMNS = 16  # of a table whose file's name says an axis
AGREED = 0.2  # of a rate that the lines above the rows say, by which their times may differ
E4_RATES = (1.0, 1000.0)  # Hz that the second row of a table without names may say


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
    """

    columns: Mapping[str, Any] = field(default_factory=dict)
    time_unit: str | None = None
    date_order: str | None = None
    labels: str | int | None = None
    several: bool = False
    by_rate: bool = False


@dataclass(frozen=True)
class Sensors:
    """What one table tells of motion.

    Attributes:
        samples: `(T, 3)` of each sensor: `"accel"`, `"linear"`, `"gravity"`, `"gyro"`.
        units: Unit of each, where the table says it.
        names: Names of the columns of each.
        clock: Times of the rows, if there are any.
        timed: Where the times are from.
        rate: Hz, where the table says it.
        lacking: Axes of sensors that are there in part: `"az"`.
        places: Columns of each sensor, from 0.
        time_places: Columns of the times; empty where it has none, or only a rate.
    """

    samples: Mapping[str, NDArray[np.float64]]
    units: Mapping[str, str | None]
    names: Mapping[str, Sequence[str]]
    clock: Clock | None
    timed: str | None = None
    rate: float | None = None
    lacking: Sequence[str] = ()
    places: Mapping[str, Sequence[int]] = field(default_factory=dict)
    time_places: Sequence[int] = ()
    keys: Mapping[str, Sequence[str | int]] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, Any] = field(default_factory=dict)


def read_sensors(table: Table, limits: Limits, choice: Choice, *, name: str = "") -> Sensors:
    """Read the sensors of one table.

    Args:
        table: The table.
        limits: Largest sizes that are accepted.
        choice: What the caller says.
        name: Name of the file, or what the table is called: it says what columns `x y z` are of.
    Raises:
        MediaDecodeError: A cell is not a number (with its line).
        PerceptShapeError: Several columns mean the same, or those that are named are not there.
        UnitError: A column is in a unit that is not known.
        TimeError: Its dates may be read in two ways.
        EmptyPerceptError: It has a header and no rows.
        SourceTooLargeError: It has more samples than `limits.max_memory` has room for.
    """
    columns = _explained(table, name)
    if choice.columns:
        columns = _chosen(table, columns, choice, kind_of(words_of(name)))
    else:
        _check_letters(table, columns)
    sensors, lacking = _triples(table, columns)
    units = {kind: _unit(triple) for kind, triple in sensors.items()}
    times = [column for column in columns if column.kind == "time"]
    times.sort(key=lambda column: column.unit is None)
    timed = [column for column in times if is_numeric(table, column)]
    wanted = [column for triple in sensors.values() for column in triple] + timed
    others = {} if choice.columns else other_columns(table, columns, sensors)
    if not sensors:
        return Sensors({}, {}, {}, None, lacking=lacking, others=others)
    rows = _read(table, [column.place for column in wanted], limits)
    start = len(wanted) - len(timed)
    for index, scale in enumerate(
        each for kind in sensors for each in _scales(kind, sensors[kind])
    ):
        if scale != 1:
            rows[:, index] *= scale
    clock, told_by, time_places = _clock(table, times, timed, rows[:, start:], choice)
    found = Sensors(
        {kind: rows[:, AXES * i : AXES * (i + 1)] for i, kind in enumerate(sensors)},
        units,
        {kind: [column.name for column in triple] for kind, triple in sensors.items()},
        clock,
        told_by,
        lacking=lacking,
        places={kind: [column.place for column in triple] for kind, triple in sensors.items()},
        time_places=time_places,
        keys={kind: [key_of(each, table.names) for each in cols] for kind, cols in sensors.items()},
        unknown=_unknown(sensors),
        others=others,
    )
    found = found if table.names or found.clock else _led_by_rate(found)
    return found if times or found.rate is not None else replace(found, rate=table.rate)


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
            known = replace(known, axis=None if sensor == "time" else axis)
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
    """Give columns `x y z` the kind that the name of the file says."""
    kind = kind_of(words_of(name))
    if kind not in SENSORS:
        return list(columns)
    return [_of_kind(each, kind) if each.kind == "bare" else each for each in columns]


def _of_kind(column: Column, kind: str) -> Column:
    if column.unit in UNITS_OF[kind]:
        return replace(column, kind=kind, bracket=None)
    return replace(column, kind=kind, unit=None)


def _unnamed(table: Table, name: str) -> list[Column]:
    """Explain three columns without names by the name of their file: `ACC.csv`."""
    words = words_of(name)
    kind = kind_of(words)
    if kind in SENSORS and table.width > MOST_COLUMNS and {"x", "y", "z"} & set(words):
        raise PerceptShapeError(
            f"{table.name}, whose name says one axis, with {table.width} numbers in a row",
            "a row for each moment, with all axes; these may be windows that overlap",
            "read one row of each axis's file, and pass them side by side as an array (T, 6)",
        )
    if table.width != AXES or kind not in SENSORS:
        return []
    return [Column(f"column {axis}", axis, kind, axis, None) for axis in range(AXES)]


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


def _triples(table: Table, columns: Sequence[Column]) -> tuple[dict[str, list[Column]], list[str]]:
    """Return the sensors with all three axes, and the axes that others lack."""
    found: dict[str, dict[int, list[Column]]] = {}
    for column in columns:
        if column.kind in SENSORS and column.axis is not None:
            found.setdefault(column.kind, {}).setdefault(column.axis, []).append(column)
    if any(len(each) > 1 for axes in found.values() for each in axes.values()):
        raise doubled(table.name, found, table.names)
    whole = {
        kind: [axes[axis][0] for axis in range(AXES)]
        for kind, axes in found.items()
        if len(axes) == AXES
    }
    lacking = [
        f"{'g' if kind == 'gyro' else 'a'}{letter}"
        for kind, axes in found.items()
        for axis, letter in enumerate("xyz")
        if kind != "gravity" and axis not in axes
    ]
    return whole, lacking


def _unit(columns: Sequence[Column]) -> str | None:
    """Return the unit that columns say, if one does."""
    return next((column.unit for column in columns if column.unit), None)


def _scales(kind: str, columns: Sequence[Column]) -> list[float]:
    """Return what brings each column to the unit of the first that says one."""
    units = UNITS["gyro" if kind == "gyro" else "accel"]
    said = _unit(columns)
    return [units[column.unit] / units[said] if column.unit and said else 1.0 for column in columns]


def _unknown(sensors: Mapping[str, Sequence[Column]]) -> dict[str, str]:
    """Say in which units that are none of ours columns are."""
    return {
        "gyro"
        if kind == "gyro"
        else "accel": f"whose column {column.name!r} is in {column.bracket!r}"
        for kind, columns in sensors.items()
        for column in columns
        if column.bracket and _unit(columns) is None
    }


def _read(table: Table, places: Sequence[int], limits: Limits) -> NDArray[np.float64]:
    """Read columns whole, `(T, len(places))`."""
    parts, count = [], 0
    for part in table.numbers(places):
        count += len(part)
        check_count(count, table.name, limits)
        parts.append(part)
    if not parts:
        raise EmptyPerceptError(
            f"{table.name}, which has a header and no rows",
            "at least two samples",
            "leave this percept out",
        )
    return np.concatenate(parts)


def _clock(
    table: Table,
    times: Sequence[Column],
    timed: Sequence[Column],
    ticks: NDArray[np.float64],
    choice: Choice,
) -> tuple[Clock | None, str | None, tuple[int, ...]]:
    """Return the first clock that the columns of times make, and where it is from, in words and
    as the places of its columns.
    """
    for index, column in enumerate(timed):
        clock = counted(ticks[:, index], choice.time_unit or column.unit)
        if clock is not None and not (choice.time_unit or column.unit or choice.by_rate):
            clock = _checked(clock, ticks[:, index], column, table)
        if clock is not None:
            return clock, f"{column.name} [{clock.unit}]", (column.place,)
    words = [column for column in times if column not in timed]
    if words:
        cells = [table.texts(column.place) for column in words]
        moments = [" ".join(moment) for moment in zip(*cells, strict=True)]
        clock = told(moments, choice.date_order, name=table.name)
        if clock is not None:
            names = " ".join(column.name for column in words)
            return clock, names, tuple(column.place for column in words)
    return None, None, ()


def _checked(clock: Clock, ticks: NDArray[np.float64], column: Column, table: Table) -> Clock:
    """Return a clock whose unit only its steps tell, if nothing else speaks against it.

    What the lines above the rows say of their rate goes before: ticks may be of no unit of ours.

    Raises:
        TimeError: They are fine ticks, which may be of 0.1 ms.
    """
    median = float(np.median(np.diff(clock.seconds)))
    if table.rate is not None and abs(median * table.rate - 1) > AGREED and median > 0:
        seconds = clock.seconds / (median * table.rate)
        return Clock(seconds, clock.origin / (median * table.rate), None, f"{table.rate:g} Hz")
    if "fine" in words_of(column.name) and clock.unit != "us":
        raise TimeError(
            f"{table.name}, whose column {column.name!r} counts in steps of "
            f"{np.median(np.diff(ticks)):g}",
            "its unit: sensors of Xsens count such times in tenths of a millisecond",
            Phrase("say the rate of the rows: {0}", {"rate": 100, "clock": "rate"}),
        )
    return clock


def _led_by_rate(found: Sensors) -> Sensors:
    """Take the first two rows of a table without names for its start and its rate, if they are.

    Source: the files of the Empatica E4: three columns, in whose first row the start in seconds
    since 1970 is repeated, and in the second the rate in Hz.
    """
    first = next(iter(found.samples.values()))[:2]
    if len(first) < 2 or not (first == first[:, :1]).all():
        return found
    (start, *_), (rate, *_) = first.tolist()
    if not (EPOCH[0] < start < EPOCH[1] and E4_RATES[0] <= rate <= E4_RATES[1]):
        return found
    samples = {kind: each[2:] for kind, each in found.samples.items()}
    seconds = np.arange(len(next(iter(samples.values())))) / rate
    at = datetime.fromtimestamp(start, timezone.utc)
    clock = Clock(seconds, start, at, "s")
    return replace(found, samples=samples, clock=clock, timed="its first two rows", rate=rate)
