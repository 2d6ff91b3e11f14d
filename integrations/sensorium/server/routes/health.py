"""Whether the server runs: `/health`, which everybody may ask."""

from __future__ import annotations

from fastapi import APIRouter

from sensorium.server.answers import models

router = APIRouter(tags=["server"])


@router.get("/health")
def health() -> models.Health:
    """Say that the server runs, and nothing more."""
    return models.Health()
