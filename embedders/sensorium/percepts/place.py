"""Where on Earth something was taken."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass

from sensorium.errors import PerceptValueError, show

POLE, DATE_LINE = 90.0, 180.0  # degrees, the largest latitude and longitude
DECIMALS = 8  # of degrees that are kept: a millimetre
DEEPEST, HIGHEST = -12_000.0, 1_000_000.0  # metres: below the oceans; above any camera we know of


@dataclass(frozen=True)
class Place:
    """A place on Earth, in the coordinates of GPS (WGS 84).

    Attributes:
        latitude: Degrees, from -90 at the south pole to 90 at the north pole.
        longitude: Degrees, from -180 to 180; negative west of Greenwich.
        altitude: Metres above sea level; `None` if it is not known.
    """

    latitude: float
    longitude: float
    altitude: float | None = None

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            PerceptValueError: One of them is no number, or out of range.
        """
        ranges = {"latitude": (-POLE, POLE), "longitude": (-DATE_LINE, DATE_LINE)}
        if self.altitude is not None:
            ranges["altitude"] = (DEEPEST, HIGHEST)
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            number = isinstance(value, numbers.Real) and not isinstance(value, bool)
            if not number or not low <= value <= high:  # which NaN is not, either
                raise PerceptValueError(
                    f"{name}={show(value)}",
                    f"a number from {low:g} to {high:g}",
                    "write Place(latitude, longitude) in degrees, south and west negative, and "
                    "altitude= in metres",
                )
            object.__setattr__(self, name, float(value))

    def to_dict(self) -> dict[str, float | None]:
        """Return the numbers by name, JSON-ready."""
        return dict(self.__dict__)


def measured_place(
    latitude: float, longitude: float, altitude: float | None = None
) -> Place | None:
    """Return the place that a receiver or a file gives, or `None` where it had none.

    Receivers without a fix write zeros, and damaged files anything. An altitude that cannot be is
    left out.
    """
    finite = math.isfinite(latitude) and math.isfinite(longitude)
    if not finite or abs(latitude) > POLE or abs(longitude) > DATE_LINE:
        return None
    if latitude == longitude == 0:  # in the Gulf of Guinea: what no fix is written as
        return None
    known = altitude is not None and DEEPEST <= altitude <= HIGHEST
    latitude, longitude = round(latitude, DECIMALS), round(longitude, DECIMALS)
    return Place(latitude, longitude, altitude if known else None)
