"""Long work in a thread, whose progress a client may follow as server-sent events."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from threading import Event
from typing import Any, TypeAlias

from fastapi import Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from sensorium.encoders import supervised
from sensorium.errors import SensoriumError
from sensorium.server.answers.problems import problem_of, unexpected
from sensorium.server.answers.sending import EVENT_STREAM, ClosingResponse, event

logger = logging.getLogger(__name__)

Step: TypeAlias = Callable[[int, "int | None", str], None]  # done, of how many, and what is next
Work: TypeAlias = Callable[[Step], Any]
Once: TypeAlias = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]

BEAT = 5.0  # seconds after which a client hears that work goes on
MOST_STEPS = 100  # steps that wait for a slow client; of more, the latest


async def _at_once(work: Callable[[], Awaitable[Any]]) -> Any:
    return await work()


async def answered(
    request: Request,
    work: Work,
    model: type[BaseModel],
    *,
    once: Once = _at_once,
    status: int = 200,
) -> Response:
    """Do work in a thread and answer with its result; first with its progress, if that is wanted.

    A client that follows the progress and goes away gives the work up; any other does not.

    Args:
        request: The request.
        work: Does the work; it is called with a function that reports a step.
        model: What its result is.
        once: Does what it is given, or returns what was answered before.
        status: Status of the answer.
    """

    def finished(step: Step) -> str:
        return model.model_validate(work(step)).model_dump_json()

    if EVENT_STREAM not in request.headers.get("accept", ""):
        result = await once(lambda: run_in_threadpool(finished, lambda *_: None))
        return Response(result, status, media_type="application/json")
    following = _Following(finished)
    task = asyncio.ensure_future(once(following.done))
    following.follow(task)
    return ClosingResponse(
        following.sent(task), media_type=EVENT_STREAM, closing=lambda: following.end(task)
    )


class _Following:
    """Work that a client follows."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._loop = asyncio.get_running_loop()
        self._steps: asyncio.Queue[str | None] = asyncio.Queue()
        self._stop = Event()

    async def done(self) -> Any:
        """Do the work in a thread."""
        return await run_in_threadpool(self._supervised)

    def _supervised(self) -> Any:
        with supervised(cancel=self._stop, windows=self._windows):
            return self._work(self._step)

    def _step(self, done: int, total: int | None, message: str) -> None:
        told = {"done": done, "total": total, "message": message}
        self._loop.call_soon_threadsafe(self._put, event(json.dumps(told), kind="progress"))

    def _windows(self, done: int, total: int | None) -> None:
        told = {"windows": done, "of": total}
        self._loop.call_soon_threadsafe(self._put, event(json.dumps(told), kind="windows"))

    def _put(self, told: str | None) -> None:
        while self._steps.qsize() >= MOST_STEPS:
            self._steps.get_nowait()
        self._steps.put_nowait(told)

    def follow(self, task: asyncio.Future[Any]) -> None:
        """Hear of the end of the work."""
        task.add_done_callback(lambda _: self._put(None))

    async def sent(self, task: asyncio.Future[Any]) -> AsyncIterator[str]:
        """Yield the progress, and then the answer, or the problem."""
        while True:
            try:
                told = await asyncio.wait_for(self._steps.get(), BEAT)
            except asyncio.TimeoutError:
                yield ": alive\n\n"
                continue
            if told is None:
                break
            yield told
        yield _ended(task)

    async def end(self, task: asyncio.Future[Any]) -> None:
        """Give the work up, unless it is done, and wait until its thread has stopped."""
        self._stop.set()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # it is heard of


def _ended(task: asyncio.Future[Any]) -> str:
    try:
        return event(task.result(), kind="answer")
    except SensoriumError as error:
        problem = bytes(problem_of(error).body).decode()
    except Exception:
        logger.exception("sensorium: work that was followed failed")
        problem = bytes(unexpected().body).decode()
    return event(problem, kind="problem")
