"""Where something was within a frame of its own, such as the map of a robot."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sensorium.errors import PerceptValueError, show
from sensorium.percepts.place import Place

FIX = "fix"  # in a reading: where a receiver of GPS was
FARTHEST = 1e9  # metres from the origin of a frame
LONGEST_FRAME = 512  # characters


@dataclass(frozen=True)
class Pose:
    """A position, and perhaps a direction, in a frame: right-handed, z up, as ROS REP 103 has it.

    Positions in different frames cannot be compared: nothing in one is near anything in another.

    Attributes:
        x: Metres.
        y: Metres.
        z: Metres, upwards.
        yaw: Direction in radians, counted from the x axis towards the y axis; `None` if unknown.
        frame: Name of the frame.
    """

    x: float
    y: float
    z: float = 0.0
    yaw: float | None = None
    frame: str = "map"

    def __post_init__(self) -> None:
        """Check the numbers and the name.

        Raises:
            PerceptValueError: One of them is no number, too large, or the frame has no name.
        """
        most = {"x": FARTHEST, "y": FARTHEST, "z": FARTHEST}
        if self.yaw is not None:
            most["yaw"] = FARTHEST
        for name, limit in most.items():
            value = getattr(self, name)
            number = isinstance(value, numbers.Real) and not isinstance(value, bool)
            if not number or not abs(value) <= limit:  # which NaN is not, either
                raise PerceptValueError(
                    f"{name}={show(value)}",
                    f"a number from {-limit:g} to {limit:g}",
                    'write Pose(x, y, z, yaw, frame="map"), in metres and radians',
                )
            object.__setattr__(self, name, float(value))
        frame = self.frame
        if (
            not isinstance(frame, str)
            or not frame.strip()
            or not frame.isprintable()
            or len(frame) > LONGEST_FRAME
        ):
            raise PerceptValueError(
                f"frame={show(frame)}", "the name of a frame", 'write frame="map"'
            )

    def to_dict(self) -> dict[str, float | str | None]:
        """Return the numbers and the frame by name, JSON-ready."""
        return dict(self.__dict__)


def fix_in(reading: Mapping[str, Any]) -> Place | None:
    """Return the place of the receiver that a reader noted beside a percept; `None` without one.

    Args:
        reading: The `reading` of a percept.
    """
    noted = reading.get(FIX)
    try:
        return Place(noted["latitude"], noted["longitude"], noted["altitude"]) if noted else None
    except (LookupError, TypeError, ValueError):  # of which ours are one
        return None


def pose_in(reading: Mapping[str, Any]) -> Pose | None:
    """Return the pose that a reader of recordings noted beside a percept; `None` if there is none.

    A table of poses that names no frame is a frame of its own, called as its file.

    Args:
        reading: The `reading` of a percept.
    """
    noted = reading.get("pose")
    if noted is None or not isinstance(noted, Mapping):
        return None
    try:
        x, y, z = noted["position"]
        yaw = noted.get("yaw")
        if yaw is None and noted.get("orientation"):
            yaw = _yaw(*noted["orientation"])
        return Pose(x, y, z, yaw, str(noted.get("frame") or noted["file"]))
    except (LookupError, TypeError, ValueError):  # of which ours are one
        return None


def _yaw(x: float, y: float, z: float, w: float) -> float | None:
    """Return the turn around z of a quaternion; `None` of one that was never set."""
    if not any((x, y, z, w)):
        return None
    return math.atan2(2 * (w * z + x * y), w * w + x * x - y * y - z * z)
