"""What keeps web pages elsewhere out, and what a browser may do with ours.

A page elsewhere can send requests to this server from the browser of somebody who is signed in. It
is told by the header Origin, which it cannot forge; by the header X-Sensorium, which it cannot send
without asking first; and, where its own name was made to lead here, by the header Host.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sensorium.errors import ForbiddenError, SensoriumError, WrongHostError
from sensorium.percepts.locations import is_loopback
from sensorium.server.answers.problems import problem_of
from sensorium.server.entry.access import bearer_of
from sensorium.server.entry.sessions import cookie_name
from sensorium.server.options import ServerOptions

SAFE = {"GET", "HEAD", "OPTIONS"}  # methods that change nothing
OURS = "x-sensorium"  # header that requests with a cookie need if they change something
LOCAL = {"localhost", "127.0.0.1", "[::1]"}
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")
POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob:",
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # as frame-ancestors, for old browsers
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
TLS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}  # a year


class Guard:
    """Lets only requests through that were meant for this server; an ASGI middleware."""

    def __init__(self, app: ASGIApp, options: ServerOptions) -> None:
        """Guard an app."""
        self._app = app
        self._options = options
        self._headers = HEADERS | (TLS_ONLY if options.over_tls else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            self._check(HTTPConnection(scope))
        except SensoriumError as error:
            await problem_of(error)(scope, receive, send_guarded)
            return
        await self._app(scope, receive, send_guarded)

    def _check(self, request: HTTPConnection) -> None:
        """Check where a request was sent to, and from where.

        Raises:
            WrongHostError: It was meant for another host.
            ForbiddenError: A page elsewhere sent it.
        """
        host = _only(request.headers, "host")
        if host is None or not self._is_ours(host):
            raise WrongHostError(
                f"a request for the host {host or ''!r}",
                "the address of this server",
                "name the host by which clients reach it: sensorium serve --public-url URL",
            )
        is_socket = request.scope["type"] == "websocket"
        if not is_socket and request.scope["method"] in SAFE:
            return
        origin = _only(request.headers, "origin")
        # Not any Authorization: an address with a name and a password in it sends one of its own
        has_cookie = cookie_name(self._options) in request.cookies and bearer_of(request) is None
        if "origin" in request.headers and not self._is_own(origin, request, host):
            raise ForbiddenError(
                f"a request of a page of {origin!r}", "a page of this server", "use that one"
            )
        if has_cookie and (origin is None if is_socket else request.headers.get(OURS) != "1"):
            raise ForbiddenError(
                "a request with a cookie, which a page elsewhere could have sent",
                "the header Origin" if is_socket else "the header X-Sensorium: 1",
                "send it, or a token in the header Authorization",
            )

    def _is_ours(self, host: str) -> bool:
        """Return whether a host is this server, by a name that nobody else can make lead here."""
        found = HOST.fullmatch(host)
        if found is None:
            return False
        name, public = found[1].lower(), self._options.public_url
        if name in LOCAL or (public and name == _name_of(public)):
            return True
        own = self._options.host
        if is_loopback(own):
            return name.strip("[]") == own.lower().strip("[]")
        return name.strip("[]") == own.lower().strip("[]") or _is_address(name.strip("[]"))

    def _is_own(self, origin: str | None, request: HTTPConnection, host: str) -> bool:
        """Return whether a page is of this server: of its scheme, its host and its port.

        A page over plain HTTP may be anybody's who sits on the way, whatever its name.
        """
        if origin is None or urlsplit(origin).path:
            return False
        public = self._options.public_url
        own = f"{self._scheme(request, host)}://{host}"
        found = _normal(origin)
        return found is not None and found in {_normal(own), _normal(public or "")}

    def _scheme(self, request: HTTPConnection, host: str) -> str:
        """Return the scheme by which a browser asks for a host of this server."""
        public = self._options.public_url
        if public and _normal(f"{urlsplit(public).scheme}://{host}") == _normal(public):
            return urlsplit(public).scheme
        is_secure = self._options.over_tls or request.scope.get("scheme") in ("https", "wss")
        return "https" if is_secure else "http"


def _normal(origin: str) -> str | None:
    """Return an origin as browsers write it, without the port of its scheme; `None` if none."""
    parts = urlsplit(origin.lower())
    if parts.scheme not in DEFAULT_PORTS:
        return None
    return f"{parts.scheme}://{parts.netloc.removesuffix(DEFAULT_PORTS[parts.scheme])}"


def _only(headers: Headers, name: str) -> str | None:
    """Return the value of a header; `None` if there is none, or more than one."""
    values = headers.getlist(name)
    return values[0] if len(values) == 1 else None


def _name_of(url: str) -> str:
    name = urlsplit(url).hostname or ""
    return f"[{name}]" if ":" in name else name


def _is_address(name: str) -> bool:
    """Return whether a host is a number: only names can be made to lead elsewhere."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
