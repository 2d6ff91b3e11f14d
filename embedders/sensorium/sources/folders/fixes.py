"""Where a phone was on Earth: the table that its receiver's fixes are written to."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sensorium.percepts.place import Place, measured_place
from sensorium.percepts.pose import FIX
from sensorium.sources.folders.lists import first_row, is_number, nanoseconds_of
from sensorium.sources.folders.passing import Passing
from sensorium.sources.stamps import NANOSECONDS

NEAR = 10 * NANOSECONDS  # a fix farther away in time says nothing: phones skip them at rest
TIME, DEGREES, ALTITUDE = "time", ("latitude", "longitude"), "altitude"


@dataclass(frozen=True)
class Fixes:
    """A table of fixes with the columns `time`, `latitude`, `longitude`, and perhaps `altitude`.

    Attributes:
        path: The table.
        ticks: Ticks of its times in a second.
    """

    path: Path
    ticks: int

    @property
    def is_there(self) -> bool:
        """Whether the file has these columns."""
        return {TIME, *DEGREES} <= set(first_row(self.path))

    def open(self) -> FixTrack:
        """Begin to read it; who asks for times that go on reads it once, in bounded memory."""
        return FixTrack(self)

    def read(self) -> Iterator[tuple[int, Place]]:
        """Yield times in nanoseconds with the places; rows without a fix are left out.

        Raises:
            MediaDecodeError: A time is no number.
        """
        with self.path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            for line, row in enumerate(csv.DictReader(stream), start=2):
                latitude, longitude, height = (row.get(name) or "" for name in (*DEGREES, ALTITUDE))
                if not is_number(latitude) or not is_number(longitude):
                    continue
                metres = float(height) if is_number(height) else None
                place = measured_place(float(latitude), float(longitude), metres)
                if place is not None:
                    where = f"line {line} of {str(self.path)!r}"
                    yield nanoseconds_of(row.get(TIME) or "", self.ticks, where), place


class FixTrack:
    """Fixes that are asked for at times that go on."""

    def __init__(self, fixes: Fixes) -> None:
        """Begin before the first fix."""
        self._name = fixes.path.name
        self._rows = Passing(fixes.read())

    def near(self, time: int) -> dict[str, Any]:
        """Return what a reading says of the place at a time; nothing, if there is none near."""
        around = self._rows.around(time)
        if not around:
            return {}
        then, place = min(around, key=lambda row: abs(row[0] - time))
        if abs(then - time) > NEAR:
            return {}
        age = (time - then) / NANOSECONDS
        return {FIX: {**place.to_dict(), "file": self._name, "age": age}}
