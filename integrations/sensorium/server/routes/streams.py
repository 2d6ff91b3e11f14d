"""Live samples and frames: the WebSocket `/v1/streams`, whose windows are remembered as they fill.

The client sends binary messages or JSON, and the server events as JSON. While windows wait to be
written, nothing more is read, and the client hears "pause" and then "resume".
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple, TypeVar

import anyio
import anyio.to_thread
from fastapi import APIRouter, WebSocket
from fastapi.concurrency import contextmanager_in_threadpool
from starlette.websockets import WebSocketState

from sensorium.agents.grants import WRITE
from sensorium.agents.wording import worded
from sensorium.errors import (
    ForbiddenError,
    RequestError,
    SensoriumError,
    SourceTooLargeError,
    StreamError,
    UnauthorizedError,
)
from sensorium.memory import Memory, Remembered, Stream
from sensorium.percepts.limits import MIB
from sensorium.server.answers.problems import close_reason, problem_of
from sensorium.server.entry.access import access_of, granted
from sensorium.server.requests.stream_options import StreamQuery, read_message, read_query
from sensorium.server.state import ServerState, state_of

MOST_BYTES = 8 * MIB  # of one message
LOOK = 15.0  # seconds between two looks at the right of a client that sends nothing
IDLE = 600.0  # seconds without a message after which a stream ends
PATIENCE = 0.2  # seconds that a message may take before the client is told to pause
LAST = 5.0  # seconds that a client may take to read the last events
MOST_EVENTS = 1_000  # that wait for a client that does not read; of more, the latest
GOOD, REFUSED, FORBIDDEN, FAILED = 1000, 1007, 1008, 1011  # codes of RFC 6455

Answer = TypeVar("Answer")
router = APIRouter()


@router.websocket("/v1/streams")
async def stream(websocket: WebSocket) -> None:
    """Remember what a client sends, window by window."""
    state = state_of(websocket)
    try:
        grant = granted(websocket, WRITE)
        query = read_query(websocket.query_params)
        query.waiting.check()
        using = access_of(websocket).memories.using(grant.owner)
        with state.streams.one(grant.owner):
            async with contextmanager_in_threadpool(using) as memory:
                await _Live(websocket, state, memory, query).run()
    except SensoriumError as error:
        if websocket.application_state is not WebSocketState.CONNECTING:
            raise
        await websocket.send_denial_response(problem_of(error))


class _End(NamedTuple):
    """Why a stream ends."""

    code: int = GOOD
    reason: str = ""


class _Live:
    """One open stream of one client."""

    def __init__(
        self, websocket: WebSocket, state: ServerState, memory: Memory, query: StreamQuery
    ) -> None:
        self._socket, self._state, self._memory, self._query = websocket, state, memory, query
        self._loop = asyncio.get_running_loop()
        self._events: deque[dict[str, Any]] = deque(maxlen=MOST_EVENTS)
        self._news = asyncio.Event()
        self._is_over = False

    async def run(self) -> None:
        """Open the stream, and take messages until the client ends or sends what is refused.

        Raises:
            SensoriumError: The stream cannot be opened; the client is not accepted then.
        """
        opening = partial(self._memory.stream, self._query.modality, on_remembered=self._heard)
        live = await self._in_thread(partial(opening, **self._query.options))
        end = _End()
        sending: asyncio.Task[None] | None = None
        try:
            await self._socket.accept()
            self._tell("open", modality=self._query.modality)
            sending = asyncio.create_task(self._send())
            end = await self._take_all(live)
        finally:
            with anyio.CancelScope(shield=True):
                end = await self._closed(live, end)
                if sending is not None:
                    await self._say_goodbye(live, end, sending)

    async def _take_all(self, live: Stream) -> _End:
        """Take messages one by one, which keeps those behind in the network."""
        while True:
            try:
                message = await self._next()
                if message["type"] == "websocket.disconnect":
                    return _End()
                self._check_grant()
                if await self._pushed(partial(self._push, live, message)):
                    return _End()
            except StreamError as error:
                return _End(FAILED, self._refused(error))
            except (UnauthorizedError, ForbiddenError) as error:
                return _End(FORBIDDEN, self._refused(error))
            except SensoriumError as error:
                return _End(REFUSED, self._refused(error))

    async def _next(self) -> Any:
        """Wait for a message, and look now and then whether the client may still send one.

        Raises:
            UnauthorizedError: Its token was revoked.
            ForbiddenError: It lost the right, or its owner.
            RequestError: It sends nothing.
        """
        coming = asyncio.ensure_future(self._socket.receive())
        try:
            waited = 0.0
            while waited < IDLE:
                done, _ = await asyncio.wait([coming], timeout=LOOK)
                if done:
                    return await coming
                waited += LOOK
                self._check_grant()
        finally:
            coming.cancel()
        raise RequestError(
            f"a stream without a message for {IDLE:g} s",
            "samples, now and then",
            "open another stream when there are some",
        )

    def _check_grant(self) -> None:
        """Check that the token still has the right, for the owner whose memory this is."""
        grant = granted(self._socket, WRITE)
        if grant.owner != self._memory.owner:
            raise ForbiddenError(
                f"a token that is now of {grant.owner!r}",
                f"one of {self._memory.owner!r}, whose stream this is",
                "open another stream",
            )

    def _push(self, live: Stream, message: Any) -> bool:
        """Push the samples of a message, in a thread; return whether it is the end instead."""
        data, text = message.get("bytes"), message.get("text")
        size = len(data if data is not None else text)
        if size > MOST_BYTES:
            raise SourceTooLargeError(
                f"a message of {size:,} bytes", f"at most {MOST_BYTES:,}", "send it in parts"
            )
        if data is not None:
            limits = access_of(self._socket).options.limits.media
            samples = self._query.array(data, limits)
            self._query.waiting.check_pushed(samples)
            live.push(samples)
            return False
        told = read_message(text)
        if not told.end:
            samples = self._query.numbers(told.samples or [])
            self._query.waiting.check_pushed(samples)
            live.push(samples, at=told.at, timestamps=told.timestamps)
        return told.end

    async def _pushed(self, push: Callable[[], bool]) -> bool:
        """Push in a thread, return what it says; tell the client if it waits for the queue."""
        work = asyncio.ensure_future(self._in_thread(push))
        done, _ = await asyncio.wait([work], timeout=PATIENCE)
        if not done:
            self._tell("pause")
            await asyncio.wait([work])
            self._tell("resume")
        return await work

    async def _closed(self, live: Stream, end: _End) -> _End:
        """Remember the open window."""
        try:
            await self._in_thread(live.close)
        except SensoriumError as error:
            return end if end.code != GOOD else _End(FAILED, self._refused(error))
        return end

    async def _say_goodbye(self, live: Stream, end: _End, sending: asyncio.Task[None]) -> None:
        """Send the last events, and close the socket."""
        report = live.report
        await asyncio.sleep(0)  # for what the stream's thread has told last
        self._tell("closed", remembered=report.remembered, failed=report.failed, lost=report.lost)
        self._is_over = True
        await asyncio.wait([sending], timeout=LAST)
        sending.cancel()
        if self._socket.client_state is WebSocketState.CONNECTED:
            with suppress(RuntimeError):  # it is gone
                await self._socket.close(end.code, close_reason(end.reason))

    def _heard(self, remembered: Remembered) -> None:
        """Hear of a window, in the stream's own thread."""
        self._state.happenings.tell(self._memory.owner, "remembered", [remembered.id])
        told = partial(self._tell, "window", id=remembered.id, status=remembered.status)
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(told)

    def _refused(self, error: SensoriumError) -> str:
        """Tell the client what was refused, and return it as a reason to close."""
        told = worded(error)
        self._tell(
            "refused",
            code=type(error).__name__,
            came=told.came,
            needed=told.needed,
            remedy=told.remedy,
        )
        return str(told)

    def _tell(self, kind: str, **fields: Any) -> None:
        self._events.append({"event": kind, **fields})
        self._news.set()

    async def _send(self) -> None:
        """Send events in order, as fast as the client reads them."""
        while self._events or not self._is_over:
            if not self._events:
                self._news.clear()
                await self._news.wait()
                continue
            told = json.dumps(self._events.popleft(), ensure_ascii=False)
            try:
                await self._socket.send_text(told)
            except (RuntimeError, OSError):  # it is gone
                return

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        """Work in a thread of the streams: the others stay free for requests."""
        return await anyio.to_thread.run_sync(work, limiter=self._state.streams.threads)
