"""Refusals of motion files, each with the arguments that read the file."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from sensorium.errors import PerceptShapeError, Phrase, UnitError, listed, show
from sensorium.percepts.motion.columns import ACCEL_UNITS, GYRO_UNITS, Column
from sensorium.percepts.motion.likely import likely_accel, likely_gyro
from sensorium.percepts.motion.recording import list_names
from sensorium.percepts.source import Array

AXES = 3
UNITS: Mapping[str, Mapping[str, float]] = {"accel": ACCEL_UNITS, "gyro": GYRO_UNITS}
MOST_WAYS = 4
TRUST = {"trust": True}


def key_of(column: Column, names: Sequence[str]) -> str | int:
    """Return what names a column in `columns=`: its name, or its place if that says it better."""
    name = column.name
    plain = name.strip() and "," not in name and not name.strip().isdigit()
    return name if plain and list(names).count(name) == 1 else column.place


def no_units(
    samples: Array, missing: Sequence[str], unknown: Mapping[str, str], name: str
) -> UnitError:
    """Return the refusal of samples whose units nobody says, with those the numbers suggest.

    Args:
        samples: Shape `(T, 6)`, as they came.
        missing: `"accel"`, `"gyro"` or both.
        unknown: What the file says of their units, if it is none that is known.
        name: Name of the source.
    """
    likely = {"accel": likely_accel, "gyro": likely_gyro}
    ways = [
        dict(zip(missing, units, strict=True))
        for units in product(*(likely[sensor](samples) for sensor in missing))
    ][:MOST_WAYS]
    said = " and ".join(unknown[sensor] for sensor in missing if sensor in unknown)
    needed = "; ".join(
        f"{sensor}: one of {', '.join(UNITS[sensor])}, or a number, what one count is in "
        f"{next(iter(UNITS[sensor]))}"
        for sensor in missing
    )
    choice = ", whichever the sensor writes" if len(ways) > 1 else ", as the numbers suggest"
    return UnitError(
        f"{name}, {said}"
        if said
        else f"{name}, motion without the unit of {' and '.join(missing)}",
        needed,
        Phrase(f"pass {listed(ways)}{choice}", *ways),
    )


def wrong_unit(name: str, given: object) -> UnitError:
    """Return the refusal of a unit that is none."""
    close = difflib.get_close_matches(
        given.lower() if isinstance(given, str) else "", UNITS[name], 1, 0.3
    )
    way = {name: close[0] if close else next(iter(UNITS[name]))}
    return UnitError(
        f"{name}={show(given)}",
        f"one of {', '.join(UNITS[name])}, or a number: what one count is",
        Phrase("pass {0}, or the number of your sensor", way),
    )


def contradicted(name: str, given: str, said: str, source: str) -> UnitError:
    """Return the refusal of a unit that the file contradicts, with both ways out."""
    return UnitError(
        Phrase(f"{{0}} for {source}, whose column says {said}", {name: given}),
        f"one unit of {name}",
        Phrase(
            f"pass {{0}}, as the column says; or if it is wrong, {given} as a number: {{1}}",
            {name: said},
            {name: UNITS[name].get(given, 1.0)},
        ),
    )


def doubled(
    source: str, triples: Mapping[str, Mapping[int, Sequence[Column]]], names: Sequence[str]
) -> PerceptShapeError:
    """Return the refusal of a table in which several columns mean the same.

    Args:
        source: Name of the source.
        triples: The columns of each axis of each sensor.
        names: Names of all columns.
    """
    same = next(each for axes in triples.values() for each in axes.values() if len(each) > 1)
    ways = []
    for which in (0, -1):
        columns = {
            kind: [key_of(axes[axis][which], names) for axis in range(AXES)]
            for kind, axes in triples.items()
            if len(axes) == AXES
        }
        ways.append({"columns": columns})
    return PerceptShapeError(
        f"{source} with {list_names([column.name for column in same])}, which mean the same",
        "one of them",
        Phrase("name those to take: {0}, or {1}", *ways),
    )


def no_column(
    source: str, wanted: Mapping[str, Any], name: str, names: Sequence[str]
) -> PerceptShapeError:
    """Return the refusal of the name of a column that is not there, with the closest one."""
    lowered = {each.lower(): each for each in names}
    close = difflib.get_close_matches(name.lower(), lowered, 1, 0.5)
    came = f"{source} with the columns {list_names(names) or '(it names none)'}"
    if not close:
        return PerceptShapeError(
            came, f"a column {name!r}", "name one of these, or give its place, from 0"
        )

    def mended(given: Any) -> Any:
        if isinstance(given, (str, int)):
            return lowered[close[0]] if given == name else given
        return [mended(each) for each in given]

    columns = {sensor: mended(given) for sensor, given in wanted.items()}
    return PerceptShapeError(
        came, f"a column {name!r}", Phrase("did you mean {0}?", {"columns": columns})
    )
