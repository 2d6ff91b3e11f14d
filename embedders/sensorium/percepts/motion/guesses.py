"""Columns of a table that may be sensors, where the names do not say which are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from sensorium.percepts.motion.columns import OTHER, Column, order_of_axes, words_of
from sensorium.percepts.motion.refusals import key_of
from sensorium.percepts.tables.cells import NUMBER, is_value
from sensorium.percepts.tables.table import Table

AXES = 3
LEAST = 3  # letters of a word that tells that a column is of something else


def other_columns(
    table: Table,
    columns: Sequence[Column],
    sensors: Mapping[str, Sequence[Column]],
    *,
    gyro: bool = True,
) -> dict[str, Any]:
    """Return the columns of sensors that the names leave open, as `columns=` would name them.

    The first three columns of numbers that nothing is known of, and that neither just count the
    rows nor stay the same, are taken for the acceleration, those behind them for the rotation.
    Columns that differ by their axes alone go together, in the order of these.

    Args:
        table: The table.
        columns: What its columns are; empty if it has no names.
        sensors: The columns of the sensors that are known.
        gyro: Whether there is a gyroscope.
    """
    places = range(table.width)
    known = columns or [Column(f"column {place}", place, None, None, None) for place in places]
    free = [
        each
        for each in known
        if each.place < table.width and _is_free(each) and is_numeric(table, each)
    ]
    if not gyro and set(sensors) == {"gyro"}:  # `gx` may be a force in g
        return {"accel": [key_of(each, table.names) for each in sensors["gyro"]]}
    if {"accel", "gyro"} <= sensors.keys() or len(free) < AXES or _are_numbers(table.names):
        return {}
    first = next(table.numbers([each.place for each in free]), None)
    if first is None:  # a header without rows
        return {}
    rising = [len(each) > 2 and bool((np.diff(each) > 0).all()) for each in first.T]
    moving = [len(each) < 2 or bool((np.diff(each) != 0).any()) for each in first.T]
    left = [each for each, up, moves in zip(free, rising, moving, strict=True) if moves and not up]
    times = [key_of(each, table.names) for each, up in zip(free, rising, strict=True) if up]
    taken: dict[str, Any] = {
        kind: [key_of(each, table.names) for each in cols] for kind, cols in sensors.items()
    }
    triples = _triples(left)
    for kind in ("accel", "gyro") if gyro else ("accel",):
        needed = kind not in taken and not (kind == "accel" and "linear" in taken)
        triple = next(triples, None) if needed else None
        if triple is not None:
            taken[kind] = [key_of(each, table.names) for each in triple]
    times += [key_of(each, table.names) for each in known if _is_moment(table, each)]
    if times and not any(each.kind == "time" for each in columns):
        taken["time"] = times[0]
    return taken


def _are_numbers(names: Sequence[str]) -> bool:
    """Return whether what was taken for names is a row of values."""
    return sum(NUMBER.fullmatch(name.strip()) is not None for name in names) * 2 > len(names)


def _is_free(column: Column) -> bool:
    """Return whether nothing is known of a column: neither a sensor nor anything else."""
    words = {word for word in words_of(column.name) if len(word) >= LEAST}
    return column.kind in (None, "bare") and not OTHER & words


def _triples(columns: Sequence[Column]) -> Iterator[list[Column]]:
    """Yield three columns each: those that differ by their axes, or else the next three."""
    axes: dict[tuple[str, ...], dict[str, Column]] = {}
    for column in columns:
        words = words_of(column.name)
        letters = [word for word in words if word in ("x", "y", "z")]
        letters = letters if column.axis is None else ["xyz"[column.axis]]
        if len(letters) == 1:
            rest = tuple(word for word in words if word != letters[0])
            axes.setdefault(rest, {})[letters[0]] = column
    whole = [[each[axis] for axis in "xyz"] for each in axes.values() if len(each) == AXES]
    yield from whole
    if whole or any(len(each) > 1 for each in axes.values()):
        return  # the names tell more than the order does
    left = iter(columns)
    while len(three := list(islice(left, AXES))) == AXES:
        yield [three[place] for place in order_of_axes(three[0].name)]


def _is_moment(table: Table, column: Column) -> bool:
    """Return whether the first cell of a column is a date or a time of day."""
    first = next(table.texts(column.place), "")
    return ":" in first and is_value(first) and not is_numeric(table, column)


def is_numeric(table: Table, column: Column) -> bool:
    """Return whether the first cell of a column is a number, and no date or time of day."""
    first = next(table.texts(column.place), "")
    return (
        is_value(first)
        and not any(mark in first for mark in ":/")
        and max(map(first.count, "-.")) < 2
    )
