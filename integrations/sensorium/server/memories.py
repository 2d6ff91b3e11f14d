"""Memories: `/v1/memories`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from sensorium.server import models
from sensorium.server.access import Reader

router = APIRouter(prefix="/v1/memories", tags=["memories"])


@router.get("/{id:path}", response_model=models.Record)
def get_memory(id: str, caller: Reader) -> dict[str, Any]:
    """Read a memory. An id is any text, percent-encoded; nothing follows it in the path."""
    return caller.memory.get(id).to_dict()
