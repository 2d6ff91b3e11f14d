"""Connections over HTTP that end if a client neither sends what it began nor takes its answer."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

PERIOD = 5.0  # seconds between two looks at a connection
LONGEST_HEAD = 10.0  # seconds that the head of a request may take
LONGEST_BODY = 300.0  # seconds that its body may take, or more if it comes fast enough
SLOWEST_BODY = 50_000  # bytes a second, on average, of a body that takes longer
KEEP_ALIVE = 75  # seconds until an idle connection ends: longer than clients and proxies keep one
LONGEST_UNREAD = 120.0  # seconds in which a client may take nothing of what waits for it
MOST_CONNECTIONS = 500  # at once; further requests are answered 503


class PromptProtocol(H11Protocol):
    """The HTTP protocol of uvicorn, which itself waits for the rest of a request without an end."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Begin to watch a new connection."""
        super().connection_made(transport)
        self._waited = 0.0
        self._received = 0  # bytes, since it was waited for them
        self._unread, self._stalled = 0, 0.0  # bytes that wait for the client, and for how long
        self._watched = (self.cycle, self.conn.their_state)
        self._look = self.loop.call_later(PERIOD, self._check)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching the connection."""
        self._look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what the client sent."""
        self._received += len(data)
        super().data_received(data)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Give the connection to the protocol of WebSockets, which has its own limits."""
        self._look.cancel()
        super().handle_websocket_upgrade(event)

    def _check(self) -> None:
        """Close the connection if the client has been expected to send or take for too long."""
        seen = (self.cycle, self.conn.their_state)
        if seen == self._watched:
            self._waited += PERIOD
        else:
            self._waited, self._received = 0.0, 0
        self._watched = seen
        # Between two requests a connection may be idle; uvicorn ends it after `KEEP_ALIVE`
        has_begun = self.cycle is None or bool(self.conn.trailing_data[0])
        answered = self.cycle is None or self.cycle.response_complete
        expected = self.conn.their_state is h11.IDLE and answered and has_begun
        head = expected and self._waited >= LONGEST_HEAD
        is_slow = self._received < self._waited * SLOWEST_BODY
        is_late = self._waited >= LONGEST_BODY and is_slow
        body = self.conn.their_state is h11.SEND_BODY and is_late
        unread = self.transport.get_write_buffer_size()
        self._stalled = self._stalled + PERIOD if unread and unread == self._unread else 0.0
        self._unread = unread
        if self._stalled >= LONGEST_UNREAD:
            self.transport.abort()  # `close` would wait for the client
        elif head or body:
            self.transport.close()
        else:
            self._look = self.loop.call_later(PERIOD, self._check)
