"""What each owner may take of a server that many share, so that none keeps out the others."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.streamable_http import MCP_SESSION_ID_HEADER as SESSION
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_CALLS = 20  # of an owner at once; all owners have 40 threads
MOST_SESSIONS = 50  # of an owner
AGAIN = {"retry-after": "1"}


@dataclass
class _Share:
    """What an owner has now.

    Attributes:
        calls: Number of calls that are being answered.
        opening: Number of those that open a session.
        sessions: When each session was last used, by the client and the session's id.
    """

    calls: int = 0
    opening: int = 0
    sessions: dict[tuple[str, str], float] = field(default_factory=dict)


class OwnerShares:
    """Answers 429 to an owner who has too many calls or sessions at once.

    Only owners that tokens name are counted: a server of one owner is all theirs.
    """

    def __init__(
        self, app: ASGIApp, *, idle: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Stand between the check of the tokens and the sessions.

        Args:
            app: What answers.
            idle: Seconds without a request after which a session ends.
            clock: Tells the seconds since any moment.
        """
        self._app = app
        self._idle = idle
        self._clock = clock
        self._shares: dict[str, _Share] = defaultdict(_Share)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        user = scope.get("user")
        if not isinstance(user, AuthenticatedUser) or (owner := user.access_token.subject) is None:
            await self._app(scope, receive, send)
            return
        share = self._shares[owner]
        try:
            await self._answer(share, user.username, scope, receive, send)
        finally:
            if not share.calls and not share.sessions:
                self._shares.pop(owner, None)

    async def _answer(
        self, share: _Share, client: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        headers = Headers(scope=scope)
        is_call, opens = scope["method"] == "POST", _opens_session(scope["method"], headers)
        self._end_idle(share)
        if is_call and share.calls >= MOST_CALLS:
            await _refusal(f"{MOST_CALLS} calls at once; wait for one")(scope, receive, send)
            return
        if opens and len(share.sessions) + share.opening >= MOST_SESSIONS:
            await _refusal(f"{MOST_SESSIONS} sessions; end one")(scope, receive, send)
            return

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = Headers(raw=message.get("headers", [])).get(SESSION)
                session = (client, headers.get(SESSION) or answered or "")
                self._note(share, scope["method"], session, message["status"], opens=opens)
            await send(message)

        share.calls += is_call
        share.opening += opens
        try:
            await self._app(scope, receive, watch)
        finally:
            share.calls -= is_call
            share.opening -= opens

    def _note(
        self, share: _Share, method: str, session: tuple[str, str], status: int, *, opens: bool
    ) -> None:
        """Note that a session begins, goes on or ends with an answer."""
        if status == 404 or (method == "DELETE" and status < 400):
            share.sessions.pop(session, None)
        elif session in share.sessions or (opens and status < 400):
            share.sessions[session] = self._clock()

    def _end_idle(self, share: _Share) -> None:
        """Forget sessions that the server has ended by itself."""
        oldest = self._clock() - self._idle
        for session in [each for each, used in share.sessions.items() if used < oldest]:
            del share.sessions[session]


def _opens_session(method: str, headers: Headers) -> bool:
    """Return whether a request opens a session; newer versions of the protocol have none."""
    version = headers.get(MCP_PROTOCOL_VERSION_HEADER, HANDSHAKE_PROTOCOL_VERSIONS[0])
    return method == "POST" and SESSION not in headers and version in HANDSHAKE_PROTOCOL_VERSIONS


def _refusal(why: str) -> JSONResponse:
    error = {"code": -32000, "message": f"this owner has {why}"}
    body = {"jsonrpc": "2.0", "id": None, "error": error}
    return JSONResponse(body, status_code=429, headers=AGAIN)
