"""Standing questions: `/v1/watch`, what matches a question, told as it arrives."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from time import monotonic
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from sensorium.agents.arguments import MinConfidence, Modalities
from sensorium.agents.grants import READ
from sensorium.agents.limits import MOST_MEDIA
from sensorium.agents.time_arguments import Bound, bound_schema
from sensorium.errors import RequestError, SensoriumError
from sensorium.memory import Filters, Hit, Watch
from sensorium.percepts import Percept
from sensorium.server.answers.problems import problem_of
from sensorium.server.answers.sending import EVENT_STREAM, ClosingResponse, event
from sensorium.server.entry.access import Caller, Listener, granted
from sensorium.server.requests.filtering import Filtered, FilterFields
from sensorium.server.routes.bodies import ASK, Body, body_of, described
from sensorium.server.routes.recalling import QuestionPart, hit_answer, read_part
from sensorium.server.state import state_of
from sensorium.server.watching.happenings import Listening

LONGEST_CURSOR = 8_000  # characters: of one that names as many hits as it can
TOGETHER = 16  # hits that are looked for at a time
LOOK = 2.0  # seconds after which what nobody told of is looked for
HEARTBEAT = 5.0  # seconds after which a silent connection says how far it has come
LONGEST_WAIT = 86_400.0  # seconds

router = APIRouter(tags=["events"])
STREAMED: dict[int | str, dict[str, Any]] = {
    200: {"content": {EVENT_STREAM: {"schema": {"type": "string"}}}}
}
Cursor = Annotated[
    str, Field(max_length=LONGEST_CURSOR, description="Id of the last event: what came after it.")
]
After = Annotated[
    Bound | None,
    bound_schema("Instead of a cursor: what was remembered since, a time or an age such as 1h."),
]
Timeout = Annotated[
    float | None,
    Field(
        ge=0,
        le=LONGEST_WAIT,
        allow_inf_nan=False,
        description="Seconds without a hit after which the answer ends; 0: what has arrived.",
    ),
]


class WatchQuestion(FilterFields):
    """What is watched for; without parts, all that the filters let through."""

    parts: list[QuestionPart] = Field(
        default_factory=list, max_length=MOST_MEDIA, description="Words, signals and files."
    )
    min_confidence: MinConfidence = None
    modalities: Modalities = None
    cursor: Cursor | None = None
    after: After = None
    timeout: Timeout = None


@router.get("/v1/watch", response_class=StreamingResponse, responses=STREAMED)
async def watch(
    caller: Listener,
    conditions: Filtered,
    request: Request,
    *,
    words: Annotated[str, Query(description="What is watched for; all, if it is left out.")] = "",
    min_confidence: Annotated[MinConfidence, Query()] = None,
    look_in: Annotated[Modalities, Query(description="Modalities to look in; repeat it.")] = None,
    cursor: Annotated[Cursor | None, Query()] = None,
    after: Annotated[After, Query()] = None,
    timeout: Annotated[Timeout, Query()] = None,
    last_event_id: Annotated[str | None, Header(max_length=LONGEST_CURSOR)] = None,
) -> StreamingResponse:
    """Watch for words: server-sent events, each a hit, whose id is the cursor to go on from.

    An event without data says how far the watch has come, and one of the type "problem" that it
    has failed. A client that comes back with the header Last-Event-ID goes on from there.
    """
    about = WatchQuestion(
        min_confidence=min_confidence,
        modalities=look_in,
        cursor=last_event_id or cursor,
        after=None if last_event_id else after,
        timeout=timeout,
    )
    query: list[str | Percept] = [words] if words else []
    return await _answered(caller, request, about, lambda: (query, None), conditions)


@router.post(
    "/v1/watch",
    response_class=StreamingResponse,
    responses=STREAMED,
    openapi_extra=described(WatchQuestion, ASK),
)
async def watch_for(
    caller: Listener,
    body: Annotated[Body[WatchQuestion], Depends(body_of(WatchQuestion, ASK))],
    request: Request,
) -> StreamingResponse:
    """Watch for words, signals and files; the answer is that of GET."""
    about = body.about
    for index, part in enumerate(about.parts):
        if part.id is not None:
            raise RequestError(f"parts[{index}] with an id", "words, a signal or a file", "send it")
    return await _answered(caller, request, about, partial(_read, body), about.filters())


def _read(body: Body[WatchQuestion]) -> tuple[list[str | Percept], list[float] | None]:
    parts = body.about.parts
    query = [read_part(body, part, f"parts[{index}]") for index, part in enumerate(parts)]
    return query, [part.weight for part in parts] or None


async def _answered(
    caller: Caller,
    request: Request,
    about: WatchQuestion,
    read: Callable[[], tuple[list[str | Percept], list[float] | None]],
    conditions: Filters,
) -> StreamingResponse:
    """Begin a watch, and answer with what it tells."""

    def begin() -> Watch:
        query, weights = read()
        given = {"min_confidence": about.min_confidence, "weights": weights}
        return caller.memory.watch(
            query or None,
            modalities=about.modalities,
            cursor=about.cursor,
            after=about.after,
            **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]  # by their names
            **conditions,
        )

    listening = state_of(request).happenings.listen(caller.owner)
    try:
        begun = await run_in_threadpool(begin)
    except BaseException:
        listening.close()
        raise

    def close() -> None:
        listening.close()
        begun.close()

    told = _sent(begun, listening, request, caller.owner, about.timeout)
    return ClosingResponse(told, media_type=EVENT_STREAM, closing=close)


async def _sent(
    watch: Watch, listening: Listening, request: Request, owner: str, timeout: float | None
) -> AsyncIterator[str]:
    """Yield hits, as long as the token is good, may read, and is of the same owner."""
    yield f"id: {watch.cursor}\n\n"
    last = heard = monotonic()
    while True:
        try:
            found, cursor = await run_in_threadpool(_taken, watch)
            if granted(request, READ).owner != owner:
                return
        except RequestError:
            return
        except SensoriumError as error:
            yield event(bytes(problem_of(error).body).decode(), kind="problem")
            return
        for hit, name in found:
            yield event(json.dumps(hit_answer(hit), ensure_ascii=False), name=name)
        now = monotonic()
        if found:
            last = heard = now
            continue
        is_over = watch.is_closed or (timeout is not None and now - last >= timeout)
        if is_over or now - heard >= HEARTBEAT:
            heard = now
            yield f"id: {cursor}\n\n"
        if is_over:
            return
        left = LOOK if timeout is None else min(LOOK, timeout - (now - last))
        await listening.next(left)


def _taken(watch: Watch) -> tuple[list[tuple[Hit, str]], str]:
    """Take some hits that have arrived, each with the cursor behind it; and how far that is."""
    found: list[tuple[Hit, str]] = []
    while len(found) < TOGETHER and (hit := watch.poll()) is not None:
        found.append((hit, watch.cursor))
    return found, watch.cursor
