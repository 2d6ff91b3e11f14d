"""Motion in tables: the samples in their columns, and the times of the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import EmptyPerceptError, Phrase, TimeError
from sensorium.percepts.limits import Limits
from sensorium.percepts.motion.choice import AXES, Choice, columns_of
from sensorium.percepts.motion.clocks import EPOCH, TICKS, Clock, counted, told
from sensorium.percepts.motion.columns import SENSORS, Column, words_of
from sensorium.percepts.motion.guesses import is_numeric, other_columns
from sensorium.percepts.motion.recording import check_count
from sensorium.percepts.motion.refusals import UNITS, doubled, key_of
from sensorium.percepts.tables.table import Table

AGREED = 0.2  # of a rate that the lines above the rows say, by which their times may differ
ODD_UNIT = re.compile(  # in the bracket of a time: 100ns, 0.1 ms, min, hours, days, ticks
    r"\d ?[mun]?s\b|^(?:m|mins?|minutes?|h|hrs?|hours?|d|days?|ticks?|counts?|samples?|frames?)$",
    re.IGNORECASE,
)
FIRST = 3  # times that a message shows
SAME = 0.01  # of the length of a recording, by which another clock of it may differ
BY_RATE = {"rate": 100, "clock": "rate"}
E4_RATES = (1.0, 1000.0)  # Hz that the second row of a table without names may say


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
        time_units: Units of these, of whole seconds and their fractions; empty for words.
        keys: Columns of each sensor by name, or by place where names do not tell them apart.
        unknown: What the table says of the unit of a sensor, where that unit is not known.
        others: Columns that may hold the missing sensor or the times, as the argument `columns`
            takes them.
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
    time_units: Sequence[str] = ()
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
    columns = columns_of(table, choice, name=name)
    sensors, lacking = _triples(table, columns)
    units = {kind: _unit(triple) for kind, triple in sensors.items()}
    times = [column for column in columns if column.kind == "time"]
    times.sort(key=lambda column: column.unit is None)
    timed = [column for column in times if is_numeric(table, column)]
    rests = [each.fraction for each in timed if each.fraction is not None]
    wanted = [column for triple in sensors.values() for column in triple] + timed
    others = {} if choice.columns else other_columns(table, columns, sensors, gyro=choice.gyro)
    if not sensors:
        return Sensors({}, {}, {}, None, lacking=lacking, others=others)
    places = [*(column.place for column in wanted), *(place for place, _ in rests)]
    rows = _read(table, places, limits)
    start = AXES * len(sensors)
    for index, scale in enumerate(
        each for kind in sensors for each in _scales(kind, sensors[kind])
    ):
        if scale != 1:
            rows[:, index] *= scale
    timed, ticks = _with_fractions(rows[:, start:], timed)
    clock, told_by, clocked = _clock(table, times, timed, ticks, choice)
    found = Sensors(
        {kind: rows[:, AXES * i : AXES * (i + 1)] for i, kind in enumerate(sensors)},
        units,
        {kind: [column.name for column in triple] for kind, triple in sensors.items()},
        clock,
        told_by,
        lacking=lacking,
        places={kind: [column.place for column in triple] for kind, triple in sensors.items()},
        time_places=[place for place, _ in _ticked(clocked, clock)],
        time_units=[unit for _, unit in _ticked(clocked, clock) if unit != "date"],
        keys={kind: [key_of(each, table.names) for each in cols] for kind, cols in sensors.items()},
        unknown=_unknown(sensors) | _untold(times, timed, ticks, clock),
        others=others,
    )
    found = found if table.names or found.clock else _led_by_rate(found)
    return found if times or found.rate is not None else replace(found, rate=table.rate)


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


def _untold(
    times: Sequence[Column],
    timed: Sequence[Column],
    ticks: NDArray[np.float64],
    clock: Clock | None,
) -> dict[str, str]:
    """Say which column of times is none that can be read."""
    if clock is not None or not times:
        return {}
    column = times[0]
    if column not in timed:
        return {"time": f"the column {column.name!r} holds no dates or times that are understood"}
    first = ", ".join(f"{each:.10g}" for each in ticks[:FIRST, timed.index(column)])
    return {
        "time": f"the column {column.name!r} ({first}, ...) counts in no unit of time that makes "
        "it the times of motion, or does not increase"
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


def _with_fractions(
    ticks: NDArray[np.float64], timed: Sequence[Column]
) -> tuple[list[Column], NDArray[np.float64]]:
    """Add to whole seconds the fractions that stand in columns of their own, behind all times.

    They are such if all of them are less than a second.
    """
    told, count = ticks[:, : len(timed)].copy(), len(timed)
    kept = {column.place: column for column in timed}
    for index, column in enumerate(timed):
        if column.fraction is None:
            continue
        place, unit = column.fraction
        rests, count = ticks[:, count], count + 1
        within = bool(((rests >= 0) & (rests < TICKS[unit])).all())
        if within and (told[:, index] == np.rint(told[:, index])).all():
            told[:, index] += rests / TICKS[unit]
            kept[column.place] = replace(column, unit="s")
            kept.pop(place, None)
        else:
            kept[column.place] = replace(column, fraction=None)
    places = [index for index, column in enumerate(timed) if column.place in kept]
    return [kept[timed[index].place] for index in places], told[:, places]


def _ticked(clocked: Sequence[Column], clock: Clock | None) -> list[tuple[int, str]]:
    """Return the places and units of the columns that a clock was read from."""
    if clock is None:
        return []
    rests = [column.fraction for column in clocked if column.fraction is not None]
    return [*((column.place, clock.unit) for column in clocked), *rests]


def _clock(
    table: Table,
    times: Sequence[Column],
    timed: Sequence[Column],
    ticks: NDArray[np.float64],
    choice: Choice,
) -> tuple[Clock | None, str | None, list[Column]]:
    """Return the first clock that the columns of times make, where it is from, in words, and its
    columns.

    Where it counts from no moment that is known, another column may tell the moment of its start.
    """
    words = [column for column in times if column not in timed]
    for index, column in enumerate(timed):
        if column.bracket and not (choice.time_unit or choice.by_rate):
            _check_counted(column, table)
        clock = counted(ticks[:, index], choice.time_unit or column.unit)
        if clock is not None and not (choice.time_unit or column.unit or choice.by_rate):
            clock = _checked(clock, ticks[:, index], column, table)
        if clock is not None:
            others = [other for other in range(len(timed)) if other != index]
            if clock.at is None and "time" not in choice.columns:
                moment = _start(table, clock, ticks[:, others], words, choice)
                clock = replace(clock, at=moment)
            return clock, f"{_named(column, table)} [{clock.unit}]", [column]
    if words:
        clock = told(list(_moments(table, words)), choice.date_order, name=table.name)
        if clock is not None:
            return clock, " ".join(column.name for column in words), words
    return None, None, []


def _named(column: Column, table: Table) -> str:
    """Return the name of a column, and of that of its fractions."""
    rest = "" if column.fraction is None else f" + {table.names[column.fraction[0]]}"
    return column.name + rest


def _moments(table: Table, words: Sequence[Column]) -> Iterator[str]:
    cells = [table.texts(column.place) for column in words]
    return (" ".join(moment) for moment in zip(*cells, strict=True))


def _start(
    table: Table,
    clock: Clock,
    others: NDArray[np.float64],
    words: Sequence[Column],
    choice: Choice,
) -> datetime | None:
    """Return the moment of the first row that columns beside the clock tell.

    A column of numbers has to last as long as the clock does; the first cell of one of words is
    the moment at which the row, or the recording, was written.

    Raises:
        TimeError: It is a date that may be read in two ways.
    """
    lasting = float(clock.seconds[-1])
    for ticks in others.T:
        other = counted(ticks)
        if other is None or other.at is None:
            continue
        if abs(float(other.seconds[-1]) - lasting) < SAME * lasting:
            return other.at
    for column in words:
        first = next(_moments(table, [column]), "")
        moment = told([first] * 2, choice.date_order, name=table.name)
        if moment is not None and moment.at is not None:
            return moment.at
    return None


def _check_counted(column: Column, table: Table) -> None:
    """Check that a column of times does not say a unit that is none of ours.

    Raises:
        TimeError: It does: its steps would be taken for those of another unit.
    """
    if ODD_UNIT.search(str(column.bracket)) is None:
        return
    raise TimeError(
        f"{table.name}, whose column {column.name!r} counts in {column.bracket!r}",
        f"times in {', '.join(TICKS)}, or the rate of the rows",
        Phrase("say the rate of the rows: {0}, with the number of the sensor", BY_RATE),
    )


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
            Phrase("say the rate of the rows: {0}", BY_RATE),
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
