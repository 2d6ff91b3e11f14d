"""A first column that has no name: the places of the rows, or their times.

Who writes a DataFrame to a file has its index there: `pandas.DataFrame.to_csv` gives it no name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from sensorium.percepts.motion.clocks import EPOCH, FASTEST, SLOWEST, TICKS
from sensorium.percepts.motion.columns import Column
from sensorium.percepts.tables.cells import NUMBER, is_moment
from sensorium.percepts.tables.table import Table

UNNAMED = ("", "index", "level_0")  # and "Unnamed: 0", as pandas calls it
LOOKED_AT = 3  # cells that have to be moments


def with_index(table: Table, columns: Sequence[Column]) -> list[Column]:
    """Take a first column without a name for the times, if no other has them and its cells show it.

    Moments do, and so do numbers that grow as seconds or as times since 1970 would; those that may
    count the rows do not.
    """
    first, name = columns[0], columns[0].name.strip().lower()
    told = any(column.kind == "time" for column in columns)
    if told or not (name in UNNAMED or name.startswith("unnamed:")):
        return list(columns)
    cells = list(islice(table.texts(first.place), LOOKED_AT))
    moments = bool(cells) and all(is_moment(cell) and ":" in cell for cell in cells)
    unit = None
    if cells and not moments and all(NUMBER.fullmatch(cell) for cell in cells):
        unit = _unit(next(iter(table.numbers([first.place])))[:, 0])
    if moments or unit:
        return [replace(first, kind="time", unit=unit), *columns[1:]]
    return list(columns)


def _unit(numbers: NDArray[np.float64]) -> str | None:
    """Return the unit in which numbers may be times, and nothing else."""
    steps = np.diff(numbers)
    if len(numbers) < 2 or not (steps > 0).all():
        return None
    step, first = float(np.median(steps)), float(numbers[0])
    whole = bool((numbers == np.round(numbers)).all())
    for unit, ticks in TICKS.items():
        since_1970 = EPOCH[0] < first / ticks < EPOCH[1]
        if (since_1970 or (unit == "s" and not whole)) and SLOWEST <= ticks / step <= FASTEST:
            return unit
    return None
