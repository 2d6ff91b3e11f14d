"""Where a recording was made, by the columns of a receiver beside the motion."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sensorium.percepts.motion.columns import words_of
from sensorium.percepts.place import measured_place
from sensorium.percepts.tables.table import Table

LATITUDE, LONGITUDE = frozenset({"latitude", "lat"}), frozenset({"longitude", "lon", "lng"})
ALTITUDE = frozenset({"altitude", "alt", "elevation", "ele"})
# Words of columns that say something else of a place, or of a car: lateral acceleration
OTHERS = frozenset(
    {
        "accuracy",
        "acc",
        "accel",
        "acceleration",
        "error",
        "std",
        "sigma",
        "var",
        "cov",
        "g",
        "force",
    }
)


def first_fix(table: Table) -> dict[str, Any] | None:
    """Return the first place in a table whose columns are called latitude and longitude.

    Returns:
        Degrees, metres above the sea or `None`, and the names of the columns, JSON-ready; `None`
        where there are no such columns, several of a kind, or no row with a fix.
    """
    names = list(table.names)
    found = [_of(names, kind) for kind in (LATITUDE, LONGITUDE, ALTITUDE)]
    if len(found[0]) != 1 or len(found[1]) != 1:
        return None
    columns = [places[0] for places in found if len(places) == 1]
    for cells in zip(*(table.texts(column) for column in columns), strict=True):
        latitude, longitude, *more = map(_number, cells)
        if latitude is None or longitude is None:
            continue
        place = measured_place(latitude, longitude, more[0] if more else None)
        if place is not None:
            return {**place.to_dict(), "columns": [names[column] for column in columns]}
    return None


def _of(names: Iterable[str], kind: frozenset[str]) -> list[int]:
    """Return the columns that are called so."""
    said = [frozenset(words_of(name)) for name in names]
    return [index for index, words in enumerate(said) if words & kind and not words & OTHERS]


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
