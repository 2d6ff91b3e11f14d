"""Columns of a table that may be sensors, where the names do not say which are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sensorium.percepts.motion.columns import Column
from sensorium.percepts.motion.refusals import key_of
from sensorium.percepts.tables.cells import is_value
from sensorium.percepts.tables.table import Table

AXES = 3


def other_columns(
    table: Table, columns: Sequence[Column], sensors: Mapping[str, Sequence[Column]]
) -> dict[str, Any]:
    """Return the columns of sensors that the names leave open, as `columns=` would name them.

    The first of the columns of numbers that nothing is known of, and that do not just count the
    rows, are taken for the acceleration, those behind them for the rotation.

    Args:
        table: The table.
        columns: What its columns are; empty if it has no names.
        sensors: The columns of the sensors that are known.
    """
    places = range(table.width)
    known = columns or [Column(f"column {place}", place, None, None, None) for place in places]
    free = [each for each in known if each.kind in (None, "bare") and is_numeric(table, each)]
    if {"accel", "gyro"} <= sensors.keys() or len(free) < AXES:
        return {}
    first = next(table.numbers([each.place for each in free]), None)
    if first is None:  # a header without rows
        return {}
    rising = [len(each) > 2 and bool((np.diff(each) > 0).all()) for each in first.T]
    left = [key_of(each, table.names) for each, up in zip(free, rising, strict=True) if not up]
    times = [key_of(each, table.names) for each, up in zip(free, rising, strict=True) if up]
    taken: dict[str, Any] = {
        kind: [key_of(each, table.names) for each in cols] for kind, cols in sensors.items()
    }
    for kind in ("accel", "gyro"):
        if kind not in taken and not (kind == "accel" and "linear" in taken) and len(left) >= AXES:
            taken[kind], left = left[:AXES], left[AXES:]
    times += [key_of(each, table.names) for each in known if _is_moment(table, each)]
    if times and not any(each.kind == "time" for each in columns):
        taken["time"] = times[0]
    return taken


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
