"""Small pictures and sounds of kept signals: `/v1/previews`, made once."""

from __future__ import annotations

import math
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from sensorium.errors import MediaNotFoundError
from sensorium.percepts import Audio, Percept, Span
from sensorium.percepts.limits import MIB
from sensorium.percepts.previews import preview
from sensorium.server.answers.kept_media import find_medium
from sensorium.server.answers.ranges import is_known
from sensorium.server.entry.access import Reader
from sensorium.server.routes.media import BINARY, SAFE, Digest, kept_by_clients
from sensorium.server.state import state_of

SIZE, SMALLEST, LARGEST = 320, 16, 2048  # pixels of a side: by default, at least and at most
LONGEST = 31 * 86_400.0  # seconds into a signal
Moment = Annotated[float | None, Query(ge=0, le=LONGEST, allow_inf_nan=False)]

router = APIRouter(tags=["media"])
DESCRIBED: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": BINARY, "image/png": BINARY, "audio/wav": BINARY}},
    304: {"description": "The client has it"},
}


@router.get("/v1/previews/{digest}", response_class=Response, responses=DESCRIBED)
def get_preview(
    digest: Digest,
    caller: Reader,
    request: Request,
    *,
    start: Moment = None,
    end: Moment = None,
    size: Annotated[int, Query(ge=SMALLEST, le=LARGEST)] = SIZE,
) -> Response:
    """Show a kept signal: a picture, the frame of a video at a moment, a stretch of a sound."""
    medium, is_shared = find_medium(caller.memory, digest)
    etag = f'"{medium.digest}-{start}-{end}-{size}"'
    headers = {**SAFE, **kept_by_clients(is_shared), "ETag": etag}
    if is_known(request.headers, etag):
        return Response(status_code=304, headers=headers)
    key = ("preview", caller.owner, medium.digest, start, end, size)
    drawn = state_of(request).drawn
    kept = drawn.get(key)
    if kept is None:
        kept = _made(caller.memory.open_medium(medium), start, end, size)
        drawn.put(key, kept)
    mime, _, data = kept.partition(b"\0")
    return Response(data, headers=headers, media_type=mime.decode())


def _made(percept: Percept, start: float | None, end: float | None, size: int) -> bytes:
    """Return the type of a preview and its content, parted by a zero."""
    shown = preview(percept, span=_span(percept, start, end), max_bytes=MIB, max_side=size)
    if shown is None:
        raise MediaNotFoundError(
            f"a preview of this {percept.modality}",
            "one that can be seen or heard, and a moment within it",
            "read its text in the record, or ask for another moment",
        )
    return shown.mime.encode() + b"\0" + shown.data


def _span(percept: Percept, start: float | None, end: float | None) -> Span | None:
    """Return the stretch that is meant: from a moment on, of a sound all that follows."""
    if start is None and end is None:
        return None
    begin = start or 0.0
    if end is None:
        end = math.inf if isinstance(percept, Audio) else begin
    return Span(begin, max(begin, end))
