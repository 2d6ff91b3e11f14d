"""The owner rule for reads by id, for every backend: a point is shown to its owner alone.

Reads by condition follow the same rule through `Filter`, which cannot be made without an owner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from sensorium.qdrant.filters import check_owner
from sensorium.qdrant.points import StoredPoint
from sensorium.qdrant.schema import TENANT

Keys: TypeAlias = "bool | Sequence[str]"


def keys_with_owner(keys: Keys) -> bool | list[str]:
    """Add the owner to the payload keys to read: without it no point can be shown."""
    return True if keys is True else [*(keys or ()), TENANT]


def owned_points(points: Sequence[StoredPoint], owner: str, keys: Keys) -> list[StoredPoint]:
    """Leave out the points of other owners.

    Args:
        points: Points as they were read, with `keys_with_owner(keys)`.
        owner: The only owner whose points are returned.
        keys: The payload keys that the caller asked for; the owner goes unless it is among them.
    Raises:
        OwnerError: `owner` is not a valid name.
    """
    check_owner(owner)
    owned = [point for point in points if point.payload.get(TENANT) == owner]
    if keys is not True and TENANT not in (keys or ()):
        for point in owned:
            del point.payload[TENANT]
    return owned


def taken_ids(points: Sequence[StoredPoint], owner: str) -> set[str]:
    """Return the ids of the points that belong to anyone but `owner`.

    Raises:
        OwnerError: `owner` is not a valid name.
    """
    check_owner(owner)
    return {point.id for point in points if point.payload.get(TENANT) != owner}
