"""Who is signed in: `/v1/session`."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter

from sensorium.server import models
from sensorium.server.access import Known

router = APIRouter(tags=["session"])


@router.get("/v1/session")
def get_session(caller: Known) -> models.SessionState:
    """Say who is signed in, and what the memory can do."""
    encoder = caller.memory.encoder
    return models.SessionState(
        owner=caller.owner,
        rights=sorted(caller.rights),
        encoder=encoder.space.id,
        modalities=sorted(encoder.modalities),
        version=installed_version(),
    )


def installed_version() -> str:
    """Return the version of Sensorium; empty if it runs from a checkout."""
    try:
        return version("sensorium")
    except PackageNotFoundError:
        return ""
