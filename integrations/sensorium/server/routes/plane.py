"""All memories on a plane: `/v1/plane`, like beside like."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from sensorium.server.answers import models
from sensorium.server.entry.access import Reader
from sensorium.server.requests.filtering import Filtered
from sensorium.server.views.projecting import MOST_POINTS, plane_of

router = APIRouter(tags=["memories"])


@router.get("/v1/plane")
def get_plane(
    caller: Reader,
    conditions: Filtered,
    limit: Annotated[int, Query(ge=1, le=MOST_POINTS)] = MOST_POINTS,
) -> models.Plane:
    """Lay memories out on a plane, by the two directions in which they differ most."""
    plane = plane_of(caller.memory, limit=limit, **conditions)
    return models.Plane(
        points=[
            models.PlanePoint(id=p.id, modality=p.modality, x=p.x, y=p.y) for p in plane.points
        ],
        sampled=plane.sampled,
        explained=plane.explained,
    )
