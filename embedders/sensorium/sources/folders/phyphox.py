"""Exports of the app phyphox: a table for each sensor, and the times at which it measured."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sensorium.percepts.limits import Limits
from sensorium.percepts.motion.choice import Choice
from sensorium.sources.folders.layout import Contents, inside
from sensorium.sources.folders.lists import beginning, is_number
from sensorium.sources.folders.sensor_tables import motions, sensors_of, unused
from sensorium.sources.folders.tables import Shift
from sensorium.sources.stamps import NANOSECONDS

META, DEVICE, TIME = "meta", "device.csv", "time.csv"
EVENT, EXPERIMENT, SYSTEM = "event", "experiment time", "system time"


class PhyphoxFolder:
    """An export of phyphox in CSV, unpacked.

    Tables have `Time (s)` since the start of the experiment, and columns that name their units;
    `meta/time.csv` has the moments at which it was started and paused, in seconds since 1970,
    `meta/device.csv` the phone. The time of the experiment stands still in a pause. Source: the
    app's documentation of its export and of its time reference.
    """

    name = "phyphox"
    title = "phyphox"

    def matches(self, path: Path) -> bool:
        """Return whether there are tables, and the app's description of the time or the phone."""
        meta = path / META
        named = EVENT in beginning(meta / TIME)[:40].lower() and bool(_starts(meta / TIME))
        return named or "property" in beginning(meta / DEVICE)[:40].lower()

    def contents(self, path: Path, limits: Limits, choice: Choice) -> Contents:
        """Return the part `"imu"`."""
        starts = _starts(inside(path, path / META / TIME))
        tables = sensors_of(path, limits, choice, shift=_shift(starts) if starts else None)
        parts = motions(tables, path)
        return Contents(parts, unused(path, parts, path / META))


def _starts(path: Path) -> list[tuple[int, int]]:
    """Return the times of the experiment and of the phone at each start, in nanoseconds."""
    text = beginning(path)
    separator = max(",;\t", key=text.partition("\n")[0].count)
    starts = []
    for row in csv.DictReader(text.splitlines(), delimiter=separator):
        told = {str(name).strip().lower(): str(value or "") for name, value in row.items()}
        times = [told.get(name, "").replace(",", ".") for name in (EXPERIMENT, SYSTEM)]
        if told.get(EVENT, "").strip().upper() == "START" and all(map(is_number, times)):
            experiment, system = (round(float(time) * NANOSECONDS) for time in times)
            starts.append((experiment, system))
    return sorted(starts)


def _shift(starts: list[tuple[int, int]]) -> Shift:
    """Return what brings times of the experiment onto the clock of the phone."""
    begins = np.array([experiment for experiment, _ in starts], np.int64)
    offsets = np.array([system - experiment for experiment, system in starts], np.int64)

    def shift(times: NDArray[np.int64]) -> NDArray[np.int64]:
        place = np.searchsorted(begins, times, side="right") - 1
        shifted: NDArray[np.int64] = times + offsets[place.clip(0)]
        return shifted

    return shift
