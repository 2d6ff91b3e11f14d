"""Answers that are sent piece by piece: what they hold is released whatever ends them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from inspect import isawaitable

import anyio
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

EVENT_STREAM = "text/event-stream"
AT_ONCE = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # for proxies, too


class ClosingResponse(StreamingResponse):
    """An answer that is sent piece by piece, and releases something at its end."""

    def __init__(
        self,
        content: AsyncIterator[str] | Iterator[bytes],
        *,
        closing: Callable[[], object],
        status_code: int = 200,
        headers: Mapping[str, str] = AT_ONCE,
        media_type: str | None = None,
    ) -> None:
        """Send `content`, and call `closing` when that has ended, failed or was given up.

        What `closing` returns is awaited, if it can be.
        """
        super().__init__(content, status_code, headers, media_type)
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            with anyio.CancelScope(shield=True):
                ended = self._closing()
                if isawaitable(ended):
                    await ended


def event(data: str, *, kind: str | None = None, name: str | None = None) -> str:
    """Write a server-sent event.

    Args:
        data: Its data, on one line.
        kind: Its type.
        name: Its id, from which a client goes on that was cut off.
    """
    lines = [f"event: {kind}"] if kind else []
    lines += [f"id: {name}"] if name is not None else []
    return "\n".join([*lines, f"data: {data}", "", ""])
