"""What is known of requests: an id for each, a line of the log, and numbers for Prometheus."""

from __future__ import annotations

import logging
import re
import secrets
import time
from urllib.parse import quote

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.registry import Collector
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sensorium.server.answers.problems import request_id, unexpected

logger = logging.getLogger(__name__)

ID = "X-Request-Id"
GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")  # an id that a proxy may have given
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}  # that are told apart
LEFT = 499  # status that is counted where the client has gone before an answer
NOWHERE = "other"  # route of requests that lead to none
RECALLS = ("/v1/recall", "/v1/similar/{id:path}", "/v1/similar/{id}")
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)  # bounds of the histogram


class Observed:
    """The numbers of one server.

    Attributes:
        registry: What `/metrics` writes.
    """

    def __init__(self, *collectors: Collector) -> None:
        """Begin to count.

        Args:
            collectors: Further numbers, which are looked up when somebody asks for them.
        """
        self.registry = CollectorRegistry()
        for collector in collectors:
            self.registry.register(collector)
        names = ("method", "route", "status")
        self._requests = Counter(
            "sensorium_requests", "Requests that were answered", names, registry=self.registry
        )
        self._seconds = Histogram(
            "sensorium_request_seconds",
            "Seconds from a request to the end of its answer",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self._recalls = Counter(
            "sensorium_recalls", "Questions that were answered", registry=self.registry
        )

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        if route in RECALLS and status < 400:
            self._recalls.inc()


class Observer:
    """Counts requests and gives each an id; the outermost ASGI middleware."""

    def __init__(self, app: ASGIApp, observed: Observed) -> None:
        """Observe an app."""
        self._app = app
        self._observed = observed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(ID, "")
        name = given if GIVEN.fullmatch(given) else secrets.token_hex(8)
        status, began, is_gone = LEFT, time.perf_counter(), False

        async def receive_noted() -> Message:
            nonlocal is_gone
            message = await receive()
            is_gone = is_gone or message["type"] == "http.disconnect"
            return message

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = LEFT if is_gone else message["status"]
                MutableHeaders(scope=message)[ID] = name
            await send(message)

        token = request_id.set(name)
        try:
            await self._app(scope, receive_noted, send_named)
        finally:
            request_id.reset(token)
            seconds = time.perf_counter() - began
            route = getattr(scope.get("route"), "path", NOWHERE)
            method = scope["method"] if scope["method"] in METHODS else "OTHER"
            self._observed.count(method, route, status, seconds)
            asked = _asked(scope)
            logger.debug("%s %s %d in %.1f ms", name, asked, status, 1000 * seconds)


class FailureAnswers:
    """Answers requests that fail by a mistake of ours; the innermost ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def send_noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except ClientDisconnect:  # nobody's mistake, and nobody to be answered
            logger.debug("%s %s: the client has gone", request_id.get(), _asked(scope))
        except Exception as error:
            logger.error("%s %s failed", request_id.get(), _asked(scope), exc_info=error)
            if has_begun:  # half an answer is ended, not mended
                raise
            await unexpected()(scope, receive, send)


def _asked(scope: Scope) -> str:
    """Return what is asked as one line, whatever is in the path."""
    return f"{scope['method']} {quote(scope['path'])}"
