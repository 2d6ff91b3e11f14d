"""Memories that another program keeps: packages open them, by the scheme of an address."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from sensorium.memory.recipe import Recipe

GROUP = "sensorium.places"  # of entry points: schemes, and functions that open a recipe
SCHEME = re.compile(r"([a-z][a-z0-9.-]*\+[a-z]+)://", re.IGNORECASE)


def opener_of(place: object) -> Callable[[Recipe], Any] | None:
    """Return what opens memories at an address such as `sensorium+https://host`.

    Returns:
        `None` for a folder, a Qdrant server, and a scheme that no installed package knows.
    """
    found = SCHEME.match(place) if isinstance(place, str) else None
    points = entry_points(group=GROUP, name=found[1].lower()) if found else ()
    return next((point.load() for point in points), None)
