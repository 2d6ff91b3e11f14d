"""The owner rule for reads by id, for every backend.

A point is shown to its owner, and to those with whom the owner shares it. Reads by condition follow
the same rule through `Filter`, which cannot be made without an owner. What writes never reaches
another owner's points, shared or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from sensorium.errors import FilterError
from sensorium.qdrant.filters import Filter, Shared, check_owner
from sensorium.qdrant.points import StoredPoint
from sensorium.qdrant.schema import TAGS, TENANT, VERSION_OF

Keys: TypeAlias = "bool | Sequence[str]"


def keys_with_owner(keys: Keys, shared: Sequence[Shared] = ()) -> bool | list[str]:
    """Add the owner to the payload keys to read, and what else says whether a point is shown."""
    return True if keys is True else [*(keys or ()), *_telling(shared)]


def _telling(shared: Sequence[Shared]) -> tuple[str, ...]:
    return (TENANT, TAGS, VERSION_OF, "id", "metadata") if shared else (TENANT,)


def owned_points(
    points: Sequence[StoredPoint], owner: str, keys: Keys, shared: Sequence[Shared] = ()
) -> list[StoredPoint]:
    """Leave out the points of other owners that are not shared with an owner.

    Args:
        points: Points as they were read, with `keys_with_owner(keys, shared)`.
        owner: The owner whose points are returned.
        keys: The payload keys that the caller asked for; others that were read are left out.
        shared: What others let the owner read.
    Raises:
        OwnerError: `owner` is not a valid name.
    """
    check_owner(owner)
    owned = [
        point
        for point in points
        if point.payload.get(TENANT) == owner or any(each.covers(point.payload) for each in shared)
    ]
    if keys is not True:
        for key in set(_telling(shared)).difference(keys or ()):
            for point in owned:
                point.payload.pop(key, None)
    return owned


def check_own(filter: Filter) -> None:
    """Check that what is about to be changed or removed is the owner's alone.

    Raises:
        FilterError: The filter lets through what others share with the owner.
    """
    if filter.shared:
        others = ", ".join(repr(each.owner) for each in filter.shared)
        raise FilterError(
            f"a change of what {others} shares with {filter.owner!r}",
            "a change of the owner's own points",
            "leave shared out; what is shared is only to be read",
        )


def taken_ids(points: Sequence[StoredPoint], owner: str) -> set[str]:
    """Return the ids of the points that belong to anyone but `owner`.

    Raises:
        OwnerError: `owner` is not a valid name.
    """
    check_owner(owner)
    return {point.id for point in points if point.payload.get(TENANT) != owner}
