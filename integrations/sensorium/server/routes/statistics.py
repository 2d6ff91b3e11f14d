"""What a memory holds: `/v1/stats`."""

from __future__ import annotations

from fastapi import APIRouter

from sensorium.server.answers import models
from sensorium.server.entry.access import Reader

router = APIRouter(tags=["memories"])


@router.get("/v1/stats")
def get_stats(caller: Reader) -> models.Statistics:
    """Describe the caller's memories: how many by modality, since when, how large."""
    found = caller.memory.stats()
    place = {name: each for name, each in found["store"].items() if name == "kind"}
    return models.Statistics.model_validate({**found, "store": place})
