"""The same memories and tokens for agents: the Model Context Protocol at `/mcp`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from sensorium.errors import StoreUnavailableError
from sensorium.mcp import build_server
from sensorium.mcp.serving import http_app
from sensorium.memory import Memory
from sensorium.server.entry.access import Access, bearer_of, without_token


class AgentEndpoint:
    """The MCP server of a memory as an ASGI app, which answers while it is open."""

    def __init__(self, memory: Memory, access: Access) -> None:
        """Let in whom `access` lets in.

        Args:
            memory: The memory in whose place those of owners are.
            access: Who is let in, and the memories that they reach.
        """
        self._memory = memory
        self._access = access
        self._app: Starlette | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Answer clients within this block."""
        options = self._access.options
        server = build_server(
            self._memory,
            grants=self._access.tokens,
            memories=self._access.memories,
            read_only=options.read_only,
            limits=options.limits,
        )
        # Hosts and origins are looked at before: see `guarding`
        security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
        self._app = http_app(server, limits=options.limits, security=security)
        try:
            async with server.session_manager.run():
                yield
        finally:
            self._app = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a client whose token is known; a cookie is none.

        Raises:
            UnauthorizedError: It sent no token, or one that is not known.
            TooManyRequestsError: Its address has sent too many wrong tokens.
        """
        connection = HTTPConnection(scope)
        token = bearer_of(connection)
        if token is None:
            raise without_token()
        await run_in_threadpool(self._access.grant_of_token, token, connection)
        if self._app is None:
            raise StoreUnavailableError("a server that ends", "one that runs", "try again")
        await self._app(dict(scope), receive, send)
