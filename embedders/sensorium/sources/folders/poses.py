"""Where a sensor was: tables of times, positions and orientations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sensorium.errors import MediaDecodeError
from sensorium.sources.folders.lists import is_number, nanoseconds_of, rows
from sensorium.sources.folders.passing import Passing
from sensorium.sources.stamps import NANOSECONDS

NEAR = NANOSECONDS // 20  # a pose farther away in time says nothing of a picture
NUMBERS = 7  # position and orientation


@dataclass(frozen=True)
class Poses:
    """A table of poses: time, x y z in metres, and a quaternion.

    Attributes:
        path: The table.
        ticks: Ticks of its times in a second.
        scalar_first: Whether the quaternion is w x y z, and not x y z w.
    """

    path: Path
    ticks: int
    scalar_first: bool

    def open(self) -> Track:
        """Begin to read it; who asks for times that go on reads it once, in bounded memory."""
        return Track(self)

    def read(self) -> Iterator[tuple[int, list[float]]]:
        """Yield times in nanoseconds, with x y z and the quaternion x y z w.

        Raises:
            MediaDecodeError: A row is not of numbers.
        """
        for number, (line, cells) in enumerate(rows(self.path)):
            where = f"line {line} of {str(self.path)!r}"
            if not number and not is_number(cells[0]):
                continue  # names of the columns
            values = cells[1 : 1 + NUMBERS]
            if len(values) < NUMBERS or not all(map(is_number, values)):
                raise MediaDecodeError(
                    f"{where} with {' '.join(cells)[:40]!r}",
                    "a time, a position x y z and a quaternion",
                    "correct the line, take it out, or take the file out of the folder",
                )
            position, turn = list(map(float, values[:3])), list(map(float, values[3:]))
            if self.scalar_first:
                turn = [*turn[1:], turn[0]]
            yield nanoseconds_of(cells[0], self.ticks, where), position + turn


class Track:
    """Poses that are asked for at times that go on."""

    def __init__(self, poses: Poses) -> None:
        """Begin before the first pose."""
        self._name = poses.path.name
        self._rows = Passing(poses.read())

    def near(self, time: int) -> dict[str, Any]:
        """Return what a reading says of the pose at a time; nothing, if there is none near."""
        around = self._rows.around(time)
        if not around:
            return {}
        away, values = min((abs(each - time), values) for each, values in around)
        if away > NEAR:
            return {}
        pose = {"position": values[:3], "orientation": values[3:], "file": self._name}
        return {"pose": {**pose, "age": away / NANOSECONDS}}
