"""Kept signals as files: `/v1/media`, whole or in parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from sensorium.server.answers.kept_media import find_medium
from sensorium.server.answers.ranges import Part, is_known, part_of
from sensorium.server.answers.sending import ClosingResponse
from sensorium.server.entry.access import Reader

BLOCK = 256 * 1024  # bytes sent at a time
# What a browser shows or plays, and never runs; all else is saved as a file
SHOWN = frozenset(
    {
        *("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/bmp"),
        *("audio/wav", "audio/mpeg", "audio/ogg", "audio/flac", "audio/mp4", "audio/aac"),
        *("video/mp4", "video/ogg", "video/webm", "video/x-matroska", "application/ogg"),
    }
)
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Authorization, Cookie",
}
KEPT = {"Cache-Control": "private, max-age=31536000, immutable"}
# What is shared may be so no more: a client asks each time
ASKED_AGAIN = {"Cache-Control": "private, no-cache"}
BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
DESCRIBED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"*/*": BINARY}},
    206: {"description": "A part of it", "content": {"*/*": BINARY}},
    304: {"description": "The client has it"},
    416: {"description": "It has no such part"},
}


def kept_by_clients(is_shared: bool) -> dict[str, str]:
    """Return the headers that say how long a client may keep a medium: what is one's own, long."""
    return ASKED_AGAIN if is_shared else KEPT


Digest = Annotated[str, Path(max_length=64, description="Digest of a medium of a record.")]

router = APIRouter(tags=["media"])


@router.api_route(
    "/v1/media/{digest}", methods=["GET"], response_class=Response, responses=DESCRIBED
)
@router.head("/v1/media/{digest}", response_class=Response, include_in_schema=False)
def get_medium(digest: Digest, caller: Reader, request: Request) -> Response:
    """Read a kept signal as the file that it is, all of it or the bytes of a `Range`."""
    medium, is_shared = find_medium(caller.memory, digest)
    etag = f'"{medium.digest}"'
    mime = medium.mime or "application/octet-stream"
    headers = {**SAFE, **kept_by_clients(is_shared), "ETag": etag, "Accept-Ranges": "bytes"}
    if mime not in SHOWN:
        mime = mime if mime.isascii() and mime.startswith(("image/", "audio/", "video/")) else ""
        mime = "application/octet-stream" if mime in {"", "image/svg+xml"} else mime
        name = f"{medium.digest[:16]}.{(medium.file or '.bin').rpartition('.')[2]}"
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if is_known(request.headers, etag):
        return Response(status_code=304, headers=headers)
    file = caller.memory.open_file(medium)
    try:
        size = file.seek(0, 2)
        part = part_of(request.headers, size, etag)
        if part.status == 416:
            headers["Content-Range"] = f"bytes */{size}"
        elif part.status == 206:
            end = part.start + part.length - 1
            headers["Content-Range"] = f"bytes {part.start}-{end}/{size}"
        headers["Content-Length"] = str(part.length)
        file.seek(part.start)
    except BaseException:
        file.close()
        raise
    if request.method == "HEAD" or part.status == 416:
        file.close()
        return Response(status_code=part.status, headers=headers, media_type=mime)
    return ClosingResponse(
        _blocks(file, part),
        closing=file.close,
        status_code=part.status,
        headers=headers,
        media_type=mime,
    )


def _blocks(file: BinaryIO, part: Part) -> Iterator[bytes]:
    left = part.length
    while left > 0 and (block := file.read(min(BLOCK, left))):
        left -= len(block)
        yield block
