"""What a caller says of a recording of motion, beside the file: units, columns, and its clock."""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from sensorium.errors import PerceptValueError, Phrase, show
from sensorium.percepts.motion.choice import Choice
from sensorium.percepts.motion.clocks import ORDERS, TICKS
from sensorium.percepts.motion.columns import SENSORS, kind_of, unit_of, words_of
from sensorium.percepts.motion.refusals import UNITS, contradicted, wrong_unit
from sensorium.percepts.source import Array

UNSTATED = cast(None, "unstated")  # as `None` says that there is no gyroscope
AGREED = 0.05  # of a stated rate, by which the times of a file may differ
CLOCKS = ("rate", "sorted")
LABELS = "sensor"  # in `columns`: the column that says which sensor a row is of
COLUMNS = frozenset((*SENSORS, LABELS, "time"))
FRACTION = re.compile(r"\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*(?:/\s*([\d.]+(?:[eE][-+]?\d+)?))?\s*")


@dataclass(frozen=True)
class Options:
    """Keywords of `IMU` that say how a file is read.

    Attributes:
        columns: Columns to take, by sensor.
        time_unit: Unit of the times.
        clock: `"rate"`, `"sorted"` or `None`.
        rate: Hz.
        gyro: Whether there is a gyroscope.
        date_order: `"dmy"`, `"mdy"` or `None`.
        dated: Whether the caller says when it was, so that dates in the file do not matter.
        invalid: Numbers that stand for no reading.
        trust: Whether motion is taken that looks like another unit.
    """

    columns: Mapping[str, Any]
    time_unit: str | None
    clock: str | None
    rate: float | None
    gyro: bool
    date_order: str | None = None
    dated: bool = False
    invalid: tuple[float, ...] = ()
    trust: bool = False

    def __post_init__(self) -> None:
        wrong: tuple[str, str, dict[str, Any]] | None = None
        if unknown := sorted(set(self.columns) - COLUMNS):
            known = {
                kind_of(words_of(each)) or "accel" if each in unknown else each: given
                for each, given in self.columns.items()
            }
            wrong = (
                f"columns of {', '.join(unknown)}",
                f"any of {', '.join(sorted(COLUMNS))}",
                {"columns": known},
            )
        elif self.time_unit is not None and self.time_unit not in TICKS:
            unit = unit_of(self.time_unit)
            wrong = (
                f"time_unit={show(self.time_unit)}",
                f"one of {', '.join(TICKS)}",
                {"time_unit": unit if unit in TICKS else "ms"},
            )
        elif self.date_order not in (None, *ORDERS):
            orders = ", ".join(ORDERS)
            wrong = f"date_order={show(self.date_order)}", f"one of {orders}", {"date_order": "dmy"}
        elif self.clock not in (None, *CLOCKS):
            wrong = f"clock={show(self.clock)}", f"one of {', '.join(CLOCKS)}", {"clock": "sorted"}
        elif self.clock == "rate" and self.rate is None:
            wrong = 'clock="rate" without a rate', "the rate in Hz", {"rate": 100}
        if wrong:
            raise PerceptValueError(*wrong[:2], Phrase("pass {0}, or leave it out", wrong[2]))

    @property
    def choice(self) -> Choice:
        """What it says of the columns of a table."""
        order = self.date_order or ("either" if self.dated else None)
        columns = {sensor: each for sensor, each in self.columns.items() if sensor != LABELS}
        labels, by_rate = self.columns.get(LABELS), self.clock == "rate"
        return Choice(columns, self.time_unit, order, labels, by_rate=by_rate, gyro=self.gyro)

    @property
    def units(self) -> dict[str, Any]:
        """What is kept with a file beside its units, so that it can be read again, JSON-ready."""
        columns = {
            sensor: each if isinstance(each, (str, int)) else list(each)
            for sensor, each in self.columns.items()
        }
        said = {
            "columns": columns or None,
            "time_unit": self.time_unit,
            "date_order": self.date_order,
            "clock": self.clock,
            "invalid": list(self.invalid) or None,
            "trust": self.trust or None,
        }
        return {name: value for name, value in said.items() if value is not None}

    def agrees_with(self, rate: float) -> bool:
        """Return whether the rate goes before the one that a file says."""
        if self.clock == "rate":
            return True
        given = float(self.rate) if isinstance(self.rate, numbers.Real) else np.nan
        return abs(rate - given) < AGREED * given

    def heed_rate(self, times: Array) -> bool:
        """Return whether the rate goes before times in seconds: it is theirs on the whole."""
        if self.clock == "rate":
            return True
        if times.dtype.kind == "M" or len(times) < 2 or not isinstance(self.rate, numbers.Real):
            return False
        lasting = float(times[-1] - times[0])
        return bool(lasting > 0) and abs((len(times) - 1) / lasting / self.rate - 1) < AGREED


def numbers_of(invalid: Any) -> tuple[float, ...]:
    """Return the numbers that stand for no reading: of one, several, or text such as "-1,-999".

    Raises:
        PerceptValueError: One of them is no number.
    """
    if invalid is None:
        return ()
    given = invalid.split(",") if isinstance(invalid, str) else invalid
    listed = given if isinstance(given, (list, tuple)) else [given]
    try:
        return tuple(float(each) for each in listed)
    except (TypeError, ValueError) as error:
        raise PerceptValueError(
            f"invalid={show(invalid)}",
            "numbers that stand for no reading",
            Phrase("pass {0}, with the number of your sensor", {"invalid": -999}),
        ) from error


def has_gyro(gyro: object) -> bool:
    """Return whether there is a gyroscope, by what the caller says of its unit."""
    return gyro is not None and gyro != "none"


def stated(
    name: str, given: str | float | None, said: str | None, source: str
) -> str | float | None:
    """Return the unit that the caller gives or the file says; both have to be the same.

    Args:
        name: `"accel"` or `"gyro"`.
        given: What the caller says: a unit, a number, or nothing.
        said: Unit that the file says, if it does.
        source: Name of the source in messages.
    Raises:
        UnitError: They are not.
    """
    if given is None or given is UNSTATED:
        return said
    if isinstance(given, str) and not _number(given):
        spelled = unit_of(given)
        unit = spelled if spelled in UNITS[name] else given
        if said is not None and unit != said:
            raise contradicted(name, str(unit), said, source)
        return unit
    return given


def scale_of(name: str, unit: str | float | None, choices: Mapping[str, float]) -> float:
    """Return what one count is in our unit.

    Args:
        name: `"accel"` or `"gyro"`.
        unit: One of the choices, a number, a number or a fraction as text; `"none"` is 0.
        choices: Units, with what each is in ours.
    Raises:
        UnitError: It is nothing of the kind.
    """
    if isinstance(unit, str) and unit in choices:
        return choices[unit]
    if unit == "none" and name == "gyro":
        return 0.0
    scale = _number(unit)
    if scale is None:
        raise wrong_unit(name, unit)
    return scale


def _number(unit: object) -> float | None:
    """Return a finite number above 0, also of text such as `"9.80665/16384"`."""
    value: float | None = None
    if isinstance(unit, (int, float, np.integer, np.floating)) and not isinstance(unit, bool):
        value = float(unit)
    elif isinstance(unit, str) and (found := FRACTION.fullmatch(unit)):
        try:
            value = float(found[1]) / float(found[2] or 1)
        except (ValueError, ZeroDivisionError):
            return None
    return value if value is not None and math.isfinite(value) and value > 0 else None
