"""Where a memory is, in JSON, so that another process can open it there."""

from __future__ import annotations

from typing import Any

from sensorium.encoders.registry import encoder_names
from sensorium.errors import StoreError
from sensorium.memory import Memory
from sensorium.percepts.locations import without_credentials

PLACE_FIELDS = ("place", "owner", "encoder", "collection")  # arguments of `Memory.open`


def place_of(memory: Memory) -> dict[str, Any]:
    """Return how to open a memory again, without any key; empty if its place does not last.

    Empty, too, if its encoder was given as an object that has no registered name.
    """
    try:
        recipe = memory._recipe()
    except StoreError:  # in a client of this process
        return {}
    given = recipe.source.given
    name = given if isinstance(given, str) else given.space.model
    if recipe.maker is not None or not (name == given or name in encoder_names()):
        return {}
    place = without_credentials(str(recipe.place))
    return dict(zip(PLACE_FIELDS, (place, recipe.owner, name, recipe.collection), strict=True))
