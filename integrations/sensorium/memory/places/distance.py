"""Distances: over the surface of the Earth, and within a frame."""

from __future__ import annotations

import math
import re

from sensorium.errors import FilterError, show
from sensorium.percepts import Place, Pose

EARTH = 6_371_008.8  # metres, the mean radius (IUGG); Qdrant measures on the same sphere
UNITS = {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "km": 1e3, "ft": 0.3048, "mi": 1609.344}  # in metres
LENGTH = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*(mm|cm|m|km|ft|mi)\s*", re.IGNORECASE)


def distance(a: Place | Pose, b: Place | Pose) -> float | None:
    """Return the metres between two places; `None` if they cannot be compared.

    On Earth it is the great circle of a sphere (the haversine formula; R. W. Sinnott, "Virtues of
    the Haversine", Sky and Telescope 68, 1984), up to 0.6 % off the ellipsoid, without altitude;
    in a frame, the straight line. A pose has no distance from a place on Earth, or from a pose in
    another frame.
    """
    if isinstance(a, Pose) and isinstance(b, Pose):
        same = a.frame == b.frame
        return math.dist((a.x, a.y, a.z), (b.x, b.y, b.z)) if same else None
    if isinstance(a, Place) and isinstance(b, Place):
        return _over_ground(a, b)
    return None


def _over_ground(a: Place, b: Place) -> float:
    south, north = math.radians(a.latitude), math.radians(b.latitude)
    east = math.radians(b.longitude - a.longitude)
    chord = (
        math.sin((north - south) / 2) ** 2
        + math.cos(south) * math.cos(north) * math.sin(east / 2) ** 2
    )
    return 2 * EARTH * math.asin(min(1.0, math.sqrt(chord)))


def parse_length(given: object) -> float:
    """Return metres from a number of them, or from text with a unit: `"200 m"`, `"1.5 km"`.

    Raises:
        FilterError: Neither, or not a finite number from 0.
    """
    if isinstance(given, str):
        found = LENGTH.fullmatch(given)
        metres = float(found[1]) * UNITS[found[2].lower()] if found else -1.0
    elif isinstance(given, (int, float)) and not isinstance(given, bool):
        metres = float(given)
    else:
        metres = -1.0
    if not 0 <= metres < math.inf:  # which NaN is not, either
        raise FilterError(
            f"{show(given)} as a distance",
            f"a number from 0 and one of {', '.join(UNITS)}",
            'write "200 m" or "1.5 km"; a number alone is in metres',
        )
    return metres
