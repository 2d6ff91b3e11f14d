"""Events: `/v1/events`, what happens to the caller's memories, as it happens."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.responses import StreamingResponse

from sensorium.agents.grants import READ
from sensorium.errors import RequestError
from sensorium.server.answers.sending import EVENT_STREAM, ClosingResponse, event
from sensorium.server.entry.access import Listener, granted
from sensorium.server.state import state_of
from sensorium.server.watching.happenings import Happening, Listening

LONGEST_NAME = 64  # characters of the id of an event
HEARTBEAT = 15.0  # seconds after which a silent connection says that it lives

router = APIRouter(tags=["events"])


@router.get(
    "/v1/events",
    response_class=StreamingResponse,
    responses={200: {"content": {EVENT_STREAM: {"schema": {"type": "string"}}}}},
)
async def listen(
    caller: Listener,
    request: Request,
    last_event_id: Annotated[str | None, Header(max_length=LONGEST_NAME)] = None,
) -> StreamingResponse:
    """Listen to what happens to memories: server-sent events, each with kind and id.

    What other processes remember or forget is heard of after some seconds; what they change is
    not. An event "missed" says that something happened which is not known any more, and one
    without an id that it is not known to which memory: read the list again then.
    """
    state = state_of(request)
    listening = state.happenings.listen(caller.owner, after=last_event_id or None)
    state.watcher.start()
    return ClosingResponse(
        _sent(listening, request, caller.owner), media_type=EVENT_STREAM, closing=listening.close
    )


async def _sent(listening: Listening, request: Request, owner: str) -> AsyncIterator[str]:
    """Yield what happens, as long as the token is good, may read, and is of the same owner."""
    yield ": listening\n\n"
    while True:
        found = await listening.next(HEARTBEAT)
        try:
            if granted(request, READ).owner != owner:
                return
        except RequestError:
            return
        if not found:
            yield ": alive\n\n"
        for each in found:
            yield event(_told(each), name=each.name)


def _told(happening: Happening) -> str:
    return json.dumps({"kind": happening.kind, "id": happening.id}, ensure_ascii=False)
