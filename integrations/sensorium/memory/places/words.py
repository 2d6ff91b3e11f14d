"""Places and distances as text: what command lines, models and requests write."""

from __future__ import annotations

import re
from typing import Any

from sensorium.errors import FilterError, PerceptValueError, show
from sensorium.percepts import Place, Pose

IN_FRAME, WITHIN = " in ", " within "
NUMBERS = re.compile(r"\s*[-+]?[0-9.][-+0-9.eE]*(?:\s*,\s*[-+]?[0-9.][-+0-9.eE]*){1,3}\s*")
EXAMPLES = '"48.8584,2.2945 within 200 m", "1.5,2 in map within 3 m", "home", or "home within 1 km"'


def place_text(place: Place | Pose) -> str:
    """Write a place: `48.8584,2.2945`, and perhaps the altitude; a pose as `1.5,2,0 in map`."""
    if isinstance(place, Pose):
        numbers = [place.x, place.y, place.z, *([] if place.yaw is None else [place.yaw])]
        return f"{_joined(numbers)}{IN_FRAME}{place.frame}"
    numbers = [place.latitude, place.longitude]
    return _joined(numbers if place.altitude is None else [*numbers, place.altitude])


def read_place(text: str) -> Place | Pose | None:
    """Read what `place_text` writes; `None` for any other text, such as a name.

    Raises:
        PerceptValueError: Numbers that are no place, such as a latitude of 91.
    """
    numbers, within_frame, frame = text.partition(IN_FRAME)
    if not NUMBERS.fullmatch(numbers):
        return None
    try:
        read = [float(number) for number in numbers.split(",")]
        if within_frame:
            x, y, z = (*read, 0.0)[:3]
            return Pose(x, y, z, read[3] if len(read) > 3 else None, frame.strip())
        return Place(*read)
    except PerceptValueError:
        raise
    except (TypeError, ValueError) as error:
        raise PerceptValueError(
            f"the place {show(text)}",
            "degrees north and east, or metres in a frame",
            'write "48.8584,2.2945", or "1.5,2 in map"',
        ) from error


def near_text(near: Any) -> str:
    """Write what `near` of a call means, so that `read_near` reads the same."""
    if isinstance(near, str):
        return near
    place, radius = near
    if isinstance(place, (tuple, list)):
        place = Place(*place)
    where = place if isinstance(place, str) else place_text(place)
    return f"{where}{WITHIN}{radius if isinstance(radius, str) else f'{radius!r} m'}"


def read_near(text: str) -> str | tuple[str | Place | Pose, str]:
    """Read a place with a distance, or the name of a place, as `near` of a call takes it.

    Raises:
        FilterError: A place without a distance, or nothing.
        PerceptValueError: Numbers that are no place.
    """
    where, within, radius = text.rpartition(WITHIN)
    name = (where if within else text).strip()
    place = read_place(name)
    if not name or (place is not None and not within):
        raise FilterError(
            f"near {show(text)}",
            "a place and a distance, or the name of a place",
            f"write {EXAMPLES}",
        )
    return (place or name, radius.strip()) if within else name


def _joined(numbers: list[float]) -> str:
    return ",".join(repr(number).removesuffix(".0") for number in numbers)
