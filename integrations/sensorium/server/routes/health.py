"""Whether the server runs: `/health`, which everybody may ask."""

from __future__ import annotations

from fastapi import APIRouter

from sensorium.server.answers import models

router = APIRouter(tags=["server"])


@router.get("/health")
async def health() -> models.Health:
    """Say that the server runs, and nothing more."""
    # In the event loop: it is answered at once, also while all threads are taken
    return models.Health()
