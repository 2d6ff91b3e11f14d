"""Memories by time and by what they have in common: `/v1/timeline`, `/v1/density`, `/v1/tally`."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from sensorium.server.answers import models
from sensorium.server.entry.access import Reader
from sensorium.server.requests.filtering import Filtered
from sensorium.server.routes.memories import list_memories
from sensorium.server.views.density import By, density

MOST_VALUES = 1_000  # of a tally

router = APIRouter(tags=["memories"])
router.get("/v1/timeline", name="get_timeline")(list_memories)


@router.get("/v1/density")
def get_density(
    caller: Reader, conditions: Filtered, by: Annotated[By, Query()] = "day"
) -> models.Density:
    """Count memories by the hour, day or month of UTC in which they begin."""
    found = density(caller.memory, by, **conditions)
    return models.Density(by=by, bins=[models.Bin(at=at, count=count) for at, count in found])


@router.get("/v1/tally")
def get_tally(
    caller: Reader,
    conditions: Filtered,
    field: Annotated[Literal["tags", "source", "modalities"], Query()],
    limit: Annotated[int, Query(ge=1, le=MOST_VALUES)] = 100,
) -> models.Tally:
    """Count memories by their tags, sources or modalities, the most frequent first."""
    counts = caller.memory.tally(field, limit=limit, **conditions)
    return models.Tally(
        field=field,
        count=caller.memory.count(**conditions),
        values=[models.Counted(value=value, count=count) for value, count in counts.items()],
    )
