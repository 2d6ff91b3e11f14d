"""What is near a place, as a condition that holds exactly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sensorium.errors import FilterError, show
from sensorium.memory.layout.parts import pages
from sensorium.memory.layout.payload import place_in
from sensorium.memory.places.area import Area, read_area
from sensorium.memory.places.distance import parse_length
from sensorium.memory.places.naming import named_area
from sensorium.memory.shelf import Setup, Shelf
from sensorium.qdrant import Condition, Every, Filter, Ids, Not
from sensorium.qdrant.filters import named_place

PAGE = 1_000  # points looked at in one request
KEYS = ["place", "pose"]


def near_condition(shelf: Shelf, near: Any) -> Condition | None:
    """Return the condition that a record is near a place; `None` if no place was given.

    A store finds circles on Earth and boxes in a frame by its indexes. Of a box, its points at the
    border of the ball within are looked at one by one, and those outside it are excluded: about a
    third of the points in the box, whatever else is asked.

    Args:
        shelf: The owner's records.
        near: `(place, distance)`, or the name of a place, alone or with a distance.
    Raises:
        FilterError: Neither, a distance that is none, or a name that no place has.
        RecordError: A place of another type.
        PerceptValueError: A place that cannot be one.
    """
    if near is None:
        return None
    area = _area_of(shelf, near)
    found: list[Condition] = [area.around, Not(named_place())]  # which are places, and not at one
    if area.border is not None:
        border = replace(shelf.readable(area.border), alive_at=None, parts=True)
        outside = shelf.ask(lambda setup: _outside(setup, border, area))
        found += [Not(Ids(outside))] if outside else []
    return Every(tuple(found))


def standing_near(shelf: Shelf, near: Any) -> tuple[Condition | None, Area | None]:
    """Return what `near` of a question means that records are compared with as they come.

    Args:
        shelf: The owner's records.
        near: As for `near_condition`; a name means the place that has it now.
    Returns:
        The condition that all in the area fulfil, and little else; and the area, which tells
        exactly. Both are `None` if no place was given.
    Raises:
        FilterError: As of `near_condition`, and its other errors.
    """
    if near is None:
        return None, None
    area = _area_of(shelf, near)
    return Every((area.around, Not(named_place()))), area


def check_near(near: Any) -> Any:
    """Return `near` of a call, if it is what `near_condition` takes; names are not looked up.

    Raises:
        FilterError: It is something else, or a distance that is none.
        RecordError: A place of another type.
        PerceptValueError: A place that cannot be one.
    """
    if isinstance(near, str):
        return near
    if not isinstance(near, (tuple, list)) or len(near) != 2 or isinstance(near[0], (int, float)):
        raise FilterError(
            f"near={show(near)}",
            "a place with a distance, or the name of a place",
            'write near=((48.8584, 2.2945), "200 m"), near=(Pose(1.0, 2.5), "3 m") or near="home"',
        )
    place, radius = near
    if isinstance(place, str):
        parse_length(radius)
    else:
        read_area(place, radius)
    return near


def _area_of(shelf: Shelf, near: Any) -> Area:
    """Return the area that is meant."""
    if isinstance(check_near(near), str):
        return named_area(shelf, near)
    place, radius = near
    return read_area(named_area(shelf, place).place if isinstance(place, str) else place, radius)


def _outside(setup: Setup, border: Filter, area: Area) -> tuple[str, ...]:
    """Return the points near the border of an area that are not in it."""
    return tuple(
        point.id
        for page in pages(setup.backend, border, limit=PAGE, payload=KEYS)
        for point in page
        if not area.holds(place_in(point.payload))
    )
