"""Places with names: each is a record of its owner, so that it moves and goes as records do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from shlex import quote

from sensorium.errors import Doors, FilterError, RecordError, RecordNotFoundError, show
from sensorium.memory.layout.ids import LONGEST_ID
from sensorium.memory.layout.lookup import find_record
from sensorium.memory.layout.parts import pages
from sensorium.memory.layout.payload import place_in
from sensorium.memory.places.area import Area, read_area
from sensorium.memory.places.words import WITHIN, read_place
from sensorium.memory.records import Moment
from sensorium.memory.shelf import Setup, Shelf
from sensorium.qdrant import Every, Filter, Not, Present
from sensorium.qdrant.filters import named_place, names_a_place
from sensorium.qdrant.points import Payload
from sensorium.qdrant.schema import PLACE_ID as PREFIX
from sensorium.qdrant.schema import PLACE_RADIUS as RADIUS
from sensorium.qdrant.schema import PLACE_TAG as TAG
from sensorium.qdrant.schema import VERSION_OF

PAGE = 256  # points read in one request


def naming(name: str, place: object, radius: object) -> Moment:
    """Return the record that gives a place a name; it has no vectors, so no likeness finds it.

    Raises:
        RecordError: The name cannot be one, or the place is of another type.
        FilterError: `radius` is not a distance.
        PerceptValueError: The place cannot be one.
    """
    area = read_area(place, radius)
    _check_name(name)
    return Moment(
        text=name,
        id=PREFIX + name,
        tags=[TAG],
        metadata={RADIUS: area.radius},
        place=area.place,
        vectors={},
    )


def _check_name(name: object) -> None:
    """Check that a place can have a name.

    Raises:
        RecordError: It is no text, has a blank at an end, or is read as a place itself.
    """
    if not isinstance(name, str) or not name or name != name.strip() or not name.isprintable():
        raise RecordError(
            f"the name {show(name)} of a place",
            "printable text that neither begins nor ends with a blank",
            'write it in words, such as "home"',
        )
    if read_place(name) is not None or WITHIN in name:
        raise RecordError(
            f"the name {show(name)} of a place",
            "one that is not read as a place itself",
            'write it in words, without " within ", such as "home"',
        )
    longest = LONGEST_ID - len(PREFIX)
    if len(name) > longest:
        raise RecordError(
            f"a name of {len(name)} characters of a place, {name[:40]!r}",
            f"at most {longest}",
            "shorten it",
        )


def named_area(shelf: Shelf, name: str) -> Area:
    """Return the area of a name.

    Raises:
        FilterError: No place has that name.
    """
    try:
        point = shelf.ask(lambda now: find_record(now.backend, shelf.owner, PREFIX + name))
        area = _area_in(point.payload)
    except RecordNotFoundError:
        area = None
    if area is None:
        known = ", ".join(sorted(named_areas(shelf))) or "there is none so far"
        raise FilterError(
            f"near a place called {show(name)}",
            f"the name of a place: {known}",
            Doors(
                f'give it first: memory.name_place({name!r}, (48.8584, 2.2945), "200 m")',
                command=f"give it first: sensorium name-place {quote(name)} 48.8584,2.2945 "
                '--radius "200 m"',
                rest="give it first: POST /v1/places with "
                f'{{"name": {json.dumps(name)}, "place": {{"latitude": 48.8584, "longitude": '
                '2.2945}, "radius": "200 m"}',
            ),
        )
    return area


def named_areas(shelf: Shelf) -> dict[str, Area]:
    """Return the areas that have a name, by name."""
    return shelf.ask(lambda setup: dict(sorted(_named(setup, shelf.owner))))


def _named(setup: Setup, owner: str) -> Iterator[tuple[str, Area]]:
    has_name = Every((named_place(), Not(Present(VERSION_OF))))
    alive = Filter(owner, has_name, alive_at=datetime.now(timezone.utc))
    keys = ["id", "place", "pose", "tags", "metadata"]
    for page in pages(setup.backend, alive, limit=PAGE, payload=keys):
        for point in page:
            name, area = str(point.payload.get("id", "")), _area_in(point.payload)
            if name.startswith(PREFIX) and area is not None:
                yield name.removeprefix(PREFIX), area


def _area_in(payload: Payload) -> Area | None:
    place, radius = place_in(payload), payload.get("metadata", {}).get(RADIUS)
    known = names_a_place(payload) and place is not None and isinstance(radius, (int, float))
    return Area(place, float(radius)) if known else None  # type: ignore[arg-type]  # it is known
