"""Running the server until it is told to end."""

from __future__ import annotations

import logging
import secrets
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import uvicorn
from fastapi import FastAPI

from sensorium.agents.grants import RIGHTS, Grant, Tokens, digest_of
from sensorium.errors import MemoryAccessError
from sensorium.mcp.connections import KEEP_ALIVE, MOST_CONNECTIONS, PromptProtocol
from sensorium.mcp.serving import (
    GRACE,
    PORT,
    bracketed,
    ended_by_signals,
    interrupt,
    listen,
)
from sensorium.memory import Memory
from sensorium.percepts.limits import MIB
from sensorium.percepts.locations import is_loopback
from sensorium.server.app import build_app
from sensorium.server.entry.tokens import TokenFile
from sensorium.server.options import ServerOptions
from sensorium.server.routes.signing_in import SIGN_IN

logger = logging.getLogger(__name__)

LONGEST_HEAD = 32 * 1024  # bytes of the head of a request
LARGEST_MESSAGE = 16 * MIB  # bytes of one message of a WebSocket
# From where a proxy whose address is not known may say for whom it asks: this machine and private
# networks
PROXIES = "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"


class NoTokens:
    """Lets in nobody by a token: only the link that is printed signs in."""

    def of(self, token: str) -> Grant | None:
        """Return that no token is known."""

    def has(self, grant: Grant) -> bool:
        """Return that no token is known."""
        return False


def serve(
    memory: Memory,
    *,
    tokens: Tokens | None = None,
    options: ServerOptions | None = None,
    port: int = PORT,
    certificate: str | Path | None = None,
    key: str | Path | None = None,
    announce: Callable[[str], None] = print,
) -> None:
    """Serve a memory over HTTP until a signal comes, and end what is going on.

    On a loopback address a link is announced that signs in the owner of `memory`, once. Other
    machines reach the server over TLS alone, and with tokens.

    Args:
        memory: The memory, which stays open.
        tokens: Who is let in; nobody by default, but for the link.
        options: How the server answers.
        port: Port to listen at; 0 chooses a free one.
        certificate: File of the certificates for TLS, as PEM.
        key: File of their private key, as PEM.
        announce: Called with the address of the page, or the link, once somebody may open it.
    Raises:
        MemoryAccessError: Other machines may reach the server without TLS or without tokens, or
            the files for TLS cannot be used.
        StoreUnavailableError: This process cannot listen at the address.
        KeyboardInterrupt: SIGINT came.
        SystemExit: SIGTERM came; the exit code is 0.
    """
    options, tokens = options or ServerOptions(), tokens or NoTokens()
    _check_tls(certificate, key)
    if certificate is not None:
        options = replace(options, over_tls=True)
    is_private = is_loopback(options.host) and not options.behind_proxy
    if not is_private:
        _check_reachable(options, tokens)
    listener = listen(options.host, port)
    with ended_by_signals(interrupt), listener:
        app = build_app(memory, tokens=tokens, options=options)
        link = address_of(app, memory, options, listener, sign_in=is_private)
        server = _Server(_config(app, options, certificate, key), partial(announce, link))
        anyio.run(lambda: server.serve(sockets=[listener]))


class _Server(uvicorn.Server):
    """A server that says when it answers.

    From then on it is what hears a signal. One that came while modules are loaded would raise
    KeyboardInterrupt in the midst of them; if that is where Python runs code that it keeps as text,
    the process ends by SIGINT whoever catches it.
    """

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._say_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            await anyio.to_thread.run_sync(self._say_started)


def address_of(
    app: FastAPI,
    memory: Memory,
    options: ServerOptions,
    listener: socket.socket,
    *,
    sign_in: bool,
) -> str:
    """Return the address of the page, or a link that signs in the owner of the memory, once."""
    host, port = listener.getsockname()[:2]
    scheme = "https" if options.over_tls else "http"
    whole = options.public_url or f"{scheme}://{bracketed(host)}:{port}"
    logger.info("serving at %s", whole)
    if not sign_in:
        return f"{whole}/"
    grant = Grant(digest_of(secrets.token_hex()), memory.owner, frozenset(RIGHTS), "link")
    return f"{whole}{SIGN_IN}?key={app.state.access.sessions.link(grant)}"


def _config(
    app: FastAPI,
    options: ServerOptions,
    certificate: str | Path | None,
    key: str | Path | None,
) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=PromptProtocol,
        ws="websockets-sansio",
        ws_max_size=LARGEST_MESSAGE,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=options.behind_proxy,
        forwarded_allow_ips=options.proxy_address or PROXIES,
        h11_max_incomplete_event_size=LONGEST_HEAD,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )


def _check_tls(certificate: str | Path | None, key: str | Path | None) -> None:
    """Check that the files for TLS can be used together.

    Raises:
        MemoryAccessError: One is missing, or they cannot be used.
    """
    if certificate is None and key is None:
        return
    needed = "a certificate and its private key, as PEM files"
    if certificate is None or key is None:
        raise MemoryAccessError(
            "one file for TLS", needed, "give both: --tls-cert FILE --tls-key FILE"
        )
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, lambda: "")
    except (OSError, ValueError) as error:
        raise MemoryAccessError(
            f"the files {str(certificate)!r} and {str(key)!r} for TLS ({error})",
            needed,
            "check that both can be read, belong together and need no password",
        ) from error


def _check_reachable(options: ServerOptions, tokens: Tokens) -> None:
    """Check that a server which other machines may reach keeps out who should not.

    Raises:
        MemoryAccessError: It does not.
    """
    came = f"the address {options.host}, which other machines may reach"
    if options.behind_proxy:
        came = "a server behind a proxy, which other machines may reach"
    if not (options.over_tls or options.behind_proxy):
        raise MemoryAccessError(
            f"{came}, without TLS",
            "TLS, so that nobody on the way reads tokens and memories",
            "add --tls-cert FILE --tls-key FILE, or --behind-proxy URL if a proxy has it; or leave "
            "--host out",
        )
    if isinstance(tokens, NoTokens) or (isinstance(tokens, TokenFile) and not tokens.grants()):
        raise MemoryAccessError(
            f"{came}, without tokens",
            "a token for everybody who may come in",
            "make one first: sensorium token add --owner NAME --rights read,write",
        )
