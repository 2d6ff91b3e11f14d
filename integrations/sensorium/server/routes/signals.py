"""What a page draws of kept signals: `/v1/signals`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from sensorium.server.answers import models
from sensorium.server.answers.kept_media import find_medium
from sensorium.server.answers.ranges import is_known
from sensorium.server.entry.access import Reader
from sensorium.server.routes.media import SAFE, Digest, kept_by_clients
from sensorium.server.state import state_of
from sensorium.server.views.drawing import MOST_POINTS, POINTS, drawn

router = APIRouter(tags=["media"])


@router.get("/v1/signals/{digest}", response_model=models.Signal)
def get_signal(
    digest: Digest,
    caller: Reader,
    request: Request,
    points: Annotated[int, Query(ge=2, le=MOST_POINTS)] = POINTS,
) -> Response:
    """Read what draws a kept signal: outline of a sound, curves of a motion, values of a map."""
    medium, is_shared = find_medium(caller.memory, digest)
    etag = f'"{medium.digest}-{points}"'
    headers = {**SAFE, **kept_by_clients(is_shared), "ETag": etag}
    if is_known(request.headers, etag):
        return Response(status_code=304, headers=headers)
    key = ("signal", caller.owner, medium.digest, points)
    cache = state_of(request).drawn
    kept = cache.get(key)
    if kept is None:
        found = drawn(caller.memory.open_medium(medium), points)
        kept = models.SIGNAL.validate_python(found).model_dump_json().encode()
        cache.put(key, kept)
    return Response(kept, headers=headers, media_type="application/json")
