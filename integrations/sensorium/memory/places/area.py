"""An area around a place: what is near, and the conditions by which a store finds it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from sensorium.errors import FilterError, show
from sensorium.memory.checks import check_place
from sensorium.memory.places.distance import EARTH, distance, parse_length
from sensorium.percepts import Place, Pose
from sensorium.qdrant import Condition, Either, Equal, Every, Not, Range
from sensorium.qdrant.filters import Near

POLE = 90.0  # degrees
# A ball is filled by boxes from within: these corners lie on the circle, and the boxes are flat,
# as the positions of robots are. Of a flat cloud, 85 % of what is near lies in one of them.
CORNERS = (22.5, 45.0, 67.5)  # degrees
FLATNESS = 0.1  # of the radius: half the height of these boxes
AXES = ("x", "y", "z")
SLACK = 1e-9  # of the radius, and metres: boxes may be this much larger than what they hold


@dataclass(frozen=True)
class Area:
    """All that is within a distance of a place.

    Attributes:
        place: The place, or the pose.
        radius: Metres.
    """

    place: Place | Pose
    radius: float

    def holds(self, place: Place | Pose | None) -> bool:
        """Return whether a place is in the area; one that cannot be compared is not."""
        away = None if place is None else distance(self.place, place)
        return away is not None and away <= self.radius

    @property
    def around(self) -> Condition:
        """The condition that everything in the area fulfils, and little else."""
        if isinstance(self.place, Pose):
            half = self.radius * (1 + SLACK) + SLACK
            return _box(self.place, (half, half, half))
        if self._touches_a_pole:
            return self._cap
        return Near(self.place.latitude, self.place.longitude, self.radius)

    @property
    def certain(self) -> Condition:
        """The condition that only what is in the area fulfils, and nearly all of that."""
        if isinstance(self.place, Pose):
            return Either(tuple(_box(self.place, sides) for sides in self._inner_boxes()))
        return Either(()) if self._touches_a_pole else self.around

    @property
    def border(self) -> Condition | None:
        """The condition of what may be in the area or not; `None` where a store knows by itself."""
        if isinstance(self.place, Place) and not self._touches_a_pole:
            return None
        return Every((self.around, Not(self.certain)))

    def _inner_boxes(self) -> Iterator[tuple[float, float, float]]:
        height = FLATNESS * self.radius
        flat = math.sqrt(self.radius**2 - height**2) * (1 - SLACK)
        for corner in map(math.radians, CORNERS):
            yield flat * math.cos(corner), flat * math.sin(corner), height

    @property
    def _reach(self) -> float:
        """Degrees of latitude that the radius spans."""
        return math.degrees(self.radius / EARTH)

    @property
    def _touches_a_pole(self) -> bool:
        """Whether a pole is in the area, at which engines lose points from their index."""
        return isinstance(self.place, Place) and (
            abs(self.place.latitude) + self._reach * (1 + SLACK) >= POLE
        )

    @property
    def _cap(self) -> Condition:
        """The latitudes of the area, all around the pole."""
        assert isinstance(self.place, Place)
        reach, at = self._reach * (1 + SLACK) + SLACK, self.place.latitude
        return Range("place.lat", gte=at - reach, lte=at + reach)


def _box(centre: Pose, sides: tuple[float, float, float]) -> Condition:
    """Return the condition of a box in a frame, of half the sides given."""
    ranges = [
        Range(f"pose.{axis}", gte=at - half, lte=at + half)
        for axis, at, half in zip(AXES, (centre.x, centre.y, centre.z), sides, strict=True)
    ]
    return Every((Equal("pose.frame", centre.frame), *ranges))


def read_area(place: object, radius: object) -> Area:
    """Return the area of a place, or of a pair of degrees, and a distance.

    Raises:
        FilterError: The distance is none.
        RecordError: The place is of another type.
        PerceptValueError: The place cannot be one on Earth, or in a frame.
    """
    found = check_place(place)
    if found is None:
        raise FilterError(
            f"near={show((place, radius))}", "a place", 'write near=((48.8584, 2.2945), "200 m")'
        )
    return Area(found, parse_length(radius))
