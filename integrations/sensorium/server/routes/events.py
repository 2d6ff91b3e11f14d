"""Events: `/v1/events`, what happens to the caller's memories, as it happens."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.responses import StreamingResponse

from sensorium.errors import RequestError
from sensorium.server.answers.sending import EVENT_STREAM, ClosingResponse, event
from sensorium.server.entry.access import Reader, access_of
from sensorium.server.state import state_of
from sensorium.server.watching.happenings import Happening, Listening

HEARTBEAT = 15.0  # seconds after which a silent connection says that it lives

router = APIRouter(tags=["events"])


@router.get(
    "/v1/events",
    response_class=StreamingResponse,
    responses={200: {"content": {EVENT_STREAM: {"schema": {"type": "string"}}}}},
)
async def listen(
    caller: Reader,
    request: Request,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> StreamingResponse:
    """Listen to what happens to memories: server-sent events, each with kind and id.

    What other processes remember or forget is heard of after some seconds; what they change is
    not. An event "missed" says that something happened which is not known any more, and one
    without an id that it is not known to which memory: read the list again then.
    """
    state = state_of(request)
    after = int(last_event_id) if last_event_id and last_event_id.isdecimal() else None
    listening = state.happenings.listen(caller.owner, after=after)
    state.watcher.start()
    return ClosingResponse(
        _sent(listening, request), media_type=EVENT_STREAM, closing=listening.close
    )


async def _sent(listening: Listening, request: Request) -> AsyncIterator[str]:
    """Yield what happens, as long as the token is good."""
    yield ": listening\n\n"
    while True:
        found = await listening.next(HEARTBEAT)
        try:
            access_of(request).grant_of(request)
        except RequestError:
            return
        if not found:
            yield ": alive\n\n"
        for each in found:
            yield event(_told(each), number=each.number)


def _told(happening: Happening) -> str:
    return json.dumps({"kind": happening.kind, "id": happening.id}, ensure_ascii=False)
