"""Running a server, over stdin and stdout or over HTTP, until it is told to end."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import anyio
import uvicorn
from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from sensorium.agents.grants import SHORTEST_TOKEN
from sensorium.agents.limits import ServerLimits
from sensorium.errors import MemoryAccessError, StoreUnavailableError
from sensorium.mcp.connections import KEEP_ALIVE, MOST_CONNECTIONS, PromptProtocol
from sensorium.mcp.server import MemoryServer
from sensorium.mcp.shares import OwnerShares
from sensorium.memory import Memory
from sensorium.percepts.limits import MIB
from sensorium.percepts.locations import is_loopback

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
PORT = 8000
PATH = "/mcp"
GRACE = 3  # seconds in which open connections may end by themselves
EXIT_CODES = {signal.SIGTERM: 0, signal.SIGINT: 130}  # by the signal that ends a server
BASE64 = 4 / 3  # characters a byte
IDLE_SESSION = 1800.0  # seconds without a request after which a session ends
MOST_SESSIONS = 1000  # at once; a session takes about 15 KB


def serve_stdio(server: MCPServer[Any], memory: Memory) -> None:
    """Serve one client over stdin and stdout, until stdin ends or a signal comes.

    A thread that waits for stdin cannot be interrupted: after SIGTERM or SIGINT the memory is
    closed, and the process ends at once.

    Args:
        server: The server to run, made by `build_server`.
        memory: The memory that it serves.
    """
    with ended_by_signals(lambda number: _close_and_end(memory, number)):
        server.run("stdio")


def serve_http(
    server: MCPServer[Any],
    *,
    host: str = LOOPBACK,
    port: int = PORT,
    allow_origins: Sequence[str] = (),
    limits: ServerLimits | None = None,
) -> None:
    """Serve over streamable HTTP, until a signal comes, and close the connections.

    On a loopback address only requests that were meant for it are answered, so that no web page in
    a browser can reach it. Elsewhere the server needs a token: see `build_server`.

    Args:
        server: The server to run, made by `build_server`.
        host: Address to listen at.
        port: Port to listen at; 0 chooses a free one, which the log names.
        allow_origins: Origins of web pages that may use the server: `"https://example.com"`.
        limits: Limits of the server, which bound the size of a request.
    Raises:
        MemoryAccessError: Other machines may reach the address, and the server has no token, or one
            of less than 16 characters; or an origin is not one.
        StoreUnavailableError: This process cannot listen at the address.
        KeyboardInterrupt: SIGINT came.
        SystemExit: SIGTERM came; the exit code is 0.
    """
    limits = limits or ServerLimits()
    origins = [check_origin(origin) for origin in allow_origins]
    if server.settings.auth is None and not is_loopback(host):
        raise MemoryAccessError(
            f"the address {host}, which other machines may reach, without a token",
            "a token that lets in who knows it",
            "make the server with build_server(memory, token=...), or listen at 127.0.0.1",
        )
    if isinstance(server, MemoryServer) and not is_loopback(host):
        _check_token(server.token_length)
    listener = listen(host, port)
    address = listener.getsockname()
    app = http_app(server, limits=limits, security=_security(host, origins))
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["*"],
            expose_headers=["Mcp-Session-Id"],
        )
    config = uvicorn.Config(
        app,
        http=PromptProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )
    with ended_by_signals(interrupt), listener:
        logger.info("serving at http://%s:%d%s", bracketed(address[0]), address[1], PATH)
        try:
            anyio.run(lambda: uvicorn.Server(config).serve(sockets=[listener]))
        finally:
            if isinstance(server, MemoryServer):
                server.close()


def http_app(
    server: MCPServer[Any], *, limits: ServerLimits, security: TransportSecuritySettings
) -> Starlette:
    """Return the ASGI app of a server, at `PATH`, whose clients are bounded.

    Args:
        server: The server, made by `build_server`.
        limits: Limits of the server, which bound the size of a request.
        security: Hosts and origins whose requests are answered.
    """
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        transport_security=security,
        max_request_body_size=round(limits.upload_bytes * BASE64) + MIB,
        session_idle_timeout=IDLE_SESSION,
        max_sessions=MOST_SESSIONS,
    )
    app.user_middleware.append(Middleware(OwnerShares, idle=IDLE_SESSION))  # behind the tokens
    return app


def _check_token(length: int) -> None:
    if length < SHORTEST_TOKEN:
        raise MemoryAccessError(
            f"a token of {length} characters at an address that other machines may reach",
            f"at least {SHORTEST_TOKEN}",
            "make one with secrets.token_urlsafe()",
        )


def listen(host: str, port: int) -> socket.socket:
    """Open a socket that listens at an address.

    Raises:
        StoreUnavailableError: This process cannot listen there.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise StoreUnavailableError(
            f"the address {host}:{port} ({error})",
            "one at which this process may listen",
            "choose another port with --port, or end what has this one",
        ) from error


def check_origin(origin: str) -> str:
    """Check that a text is the origin of web pages, and return it as browsers send it.

    Raises:
        MemoryAccessError: It is not, or stands for all pages.
    """
    parts = urlsplit(origin.strip())
    whole = f"{parts.scheme}://{parts.netloc}".lower()
    if parts.scheme not in ("http", "https") or not parts.netloc or origin.strip("/ ") == "*":
        raise MemoryAccessError(
            f"the origin {origin!r}",
            "the scheme and the host of web pages, and its port if it has one",
            "write it like https://example.com or http://localhost:6274",
        )
    return whole


def _security(host: str, origins: Sequence[str]) -> TransportSecuritySettings:
    """Let only requests through that were meant for a loopback address.

    At other addresses the token does that: a web page elsewhere cannot know it.
    """
    if not is_loopback(host):
        return TransportSecuritySettings(enable_dns_rebinding_protection=False)
    names = sorted({bracketed(host), LOOPBACK, "localhost", "[::1]"})
    return TransportSecuritySettings(
        allowed_hosts=[*names, *(f"{name}:*" for name in names)],
        allowed_origins=[
            *(f"http://{name}" for name in names),
            *(f"http://{name}:*" for name in names),
            *origins,
        ],
    )


def bracketed(host: str) -> str:
    """Write a host as in a URL: numbers of IPv6 in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


@contextmanager
def ended_by_signals(end: Callable[[int], None]) -> Iterator[None]:
    """Call `end` for SIGTERM and SIGINT. Outside of the main thread this does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _: FrameType | None) -> None:
        end(number)

    before = {number: signal.signal(number, handle) for number in EXIT_CODES}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupt(number: int) -> None:
    """End this thread as a signal asks.

    Raises:
        KeyboardInterrupt: It was SIGINT.
        SystemExit: It was SIGTERM; the exit code is 0.
    """
    if number == signal.SIGINT:
        raise KeyboardInterrupt("the memory is closed")
    raise SystemExit(EXIT_CODES[signal.SIGTERM])


def _close_and_end(memory: Memory, number: int) -> None:
    """Close the memory in a thread: the main thread may hold one of its locks."""

    def end() -> None:
        try:
            memory.close()
        finally:
            os._exit(EXIT_CODES[signal.Signals(number)])

    threading.Thread(target=end, name="sensorium ending").start()
