"""Calls of a Qdrant client: they are tried again, and failures become our own errors.

An API key is read here and handed on. It is kept in no attribute and appears in no message.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import random
import re
import time
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import grpc  # type: ignore[import-untyped] # it has no types of its own
from pydantic import ValidationError
from qdrant_client import QdrantClient
from qdrant_client.common.client_exceptions import QdrantException, ResourceExhaustedResponse
from qdrant_client.http.exceptions import (
    ApiException,
    ResponseHandlingException,
    UnexpectedResponse,
)

from sensorium.encoders.forking import Lock, mind_forks, never_collect
from sensorium.errors import (
    PointError,
    StoreError,
    StoreFullError,
    StoreLockedError,
    StoreUnavailableError,
)
from sensorium.percepts.locations import without_credentials

logger = logging.getLogger(__name__)

KEY_VARIABLE = "QDRANT_API_KEY"
MEMORY = ":memory:"
TRIES = 5
FIRST_WAIT = 0.2  # seconds before the second try; each wait is twice the one before
LONGEST_WAIT = 30.0  # seconds, also where the server asks for more
PROBLEM = "application/problem+json"  # in which Sensorium servers answer, and Qdrant never
DETAIL = 200  # characters of the server's own message that an error repeats

UNAUTHORISED, REFUSED, ABSENT, TOO_MANY, BROKEN = 401, 403, 404, 429, 500  # HTTP
# The nearest status of HTTP; every other status of gRPC is a mistake of the caller
GRPC_STATUS = {
    grpc.StatusCode.UNAUTHENTICATED: UNAUTHORISED,
    grpc.StatusCode.PERMISSION_DENIED: REFUSED,
    grpc.StatusCode.NOT_FOUND: ABSENT,
    grpc.StatusCode.RESOURCE_EXHAUSTED: TOO_MANY,
    grpc.StatusCode.UNKNOWN: BROKEN,
    grpc.StatusCode.INTERNAL: BROKEN,
    grpc.StatusCode.ABORTED: 503,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}

P = ParamSpec("P")
R = TypeVar("R")
# The last three are qdrant-client's own, where an answer lacks what it takes for granted
Failure = (
    *(ApiException, QdrantException, grpc.RpcError, json.JSONDecodeError),
    *(AssertionError, ValidationError, AttributeError),
)
MISSING = re.compile(r"collection .*(doesn't exist|not found)", re.IGNORECASE | re.DOTALL)
# Local mode is not safe under threads; backends may share a client
_locks: weakref.WeakKeyDictionary[QdrantClient, Lock] = weakref.WeakKeyDictionary()


class CollectionMissingError(StoreUnavailableError):
    """There is no collection of that name, or not any more."""


@dataclass(frozen=True)
class Trouble:
    """What a failed request means.

    Attributes:
        detail: Message of the server or the network.
        status: Status of HTTP, or the nearest to that of gRPC; `None` where no answer came.
        passing: Whether the same request may succeed later.
        wait: Seconds that the server asks to wait.
        is_ours: Whether it is a Sensorium server, which is none of Qdrant.
    """

    detail: str
    status: int | None = None
    passing: bool = True
    wait: float = 0.0
    is_ours: bool = False


class Connection:
    """A `QdrantClient` whose calls are repeated while that may help.

    A forked child makes a client of its own: the connections of its parent's are the parent's, and
    two processes on one connection would read each other's answers.

    Attributes:
        local: Whether the client works in this process, without a server.
        place: Where its points are, without credentials.
    """

    def __init__(self, client: QdrantClient) -> None:
        options = client.init_options
        self._client = client
        self._making = Lock()  # held while a client is made
        self._is_parents = False  # whether the client was made before this process was forked
        self.local = options["location"] == MEMORY or options["path"] is not None
        self.place = without_credentials(
            options["path"]
            or options["url"]
            or options["location"]
            or options["host"]
            or "localhost"
        )
        self._guard: AbstractContextManager[object] = nullcontext()
        if self.local:
            self._guard = _locks.setdefault(client, Lock())
        mind_forks(self)

    def after_fork(self) -> None:
        """Leave the client to the parent, in a forked child."""
        self._is_parents = True
        never_collect(self._client)  # that would close it, which takes threads of the parent

    @property
    def client(self) -> QdrantClient:
        """The client of this process.

        Raises:
            StoreLockedError: The client holds its points itself, and this is a forked child.
        """
        with self._making:
            if self._is_parents:
                if self.local:
                    raise _in_parent_alone(self.place)
                self._client = renewed(self._client)
                self._is_parents = False
            return self._client

    def close(self) -> None:
        """Close the client, unless it is the parent's."""
        if not self._is_parents:
            self._client.close()

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a method of the client, perhaps several times: a request must bear repetition.

        Raises:
            CollectionMissingError: There is no such collection.
            StoreUnavailableError: The server did not answer after some tries, or refused.
            StoreFullError: The server's disk has no room.
            PointError: There is no such point (in a client without a server).
        """
        for attempt in itertools.count(1):
            try:
                with self._guard:
                    return function(*args, **kwargs)
            except KeyError as error:
                raise PointError(
                    f"a point that is not there, {error}", "one of the collection", "write it whole"
                ) from error
            except ValueError as error:
                # Also pydantic's and json's, and the client's own about an answer it cannot convert
                if self.local and MISSING.search(str(error)):
                    raise self._missing(str(error)) from error
                if self.local:
                    raise
                raise self._named(_read(error), attempt) from self._presentable(error)
            except Failure as error:
                trouble = _read(error)
                if not trouble.passing or attempt == TRIES:
                    raise self._named(trouble, attempt) from self._presentable(error)
                backoff = FIRST_WAIT * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)
                wait = min(max(trouble.wait, backoff), LONGEST_WAIT)
                logger.info("sensorium: %s: try %d failed, again in %.1f s", self, attempt, wait)
                time.sleep(wait)
        raise AssertionError("counting ends")  # for the type checker

    def __repr__(self) -> str:
        return f"Connection({self.place!r})"

    def _named(self, trouble: Trouble, tries: int) -> StoreError:
        server = f"the Qdrant server {self.place}"
        detail = " ".join(self._redact(trouble.detail).split())[:DETAIL]
        if trouble.status == ABSENT and MISSING.search(detail):
            return self._missing(detail)
        if "no space left" in detail.lower():
            return StoreFullError(
                f"{server}, whose disk is full ({detail})",
                "room for what is written; nothing acknowledged before is lost",
                "make room on the server",
            )
        if trouble.status in (UNAUTHORISED, REFUSED):
            return StoreUnavailableError(
                f"{server}, which refused the API key or the lack of one ({detail})",
                "a key that may read and write the collection",
                f"set the environment variable {KEY_VARIABLE}, or pass api_key=",
            )
        if trouble.passing:
            return StoreUnavailableError(
                f"{server}, which did not answer in {tries} tries ({detail})",
                "a server that runs and can be reached",
                "check the URL and the server, then try again; docs/deploy.md starts one",
            )
        if trouble.is_ours:
            return StoreUnavailableError(
                f"{server}, which is a Sensorium server",
                "a Qdrant server, or the address of a Sensorium server",
                'write "sensorium+" before its address, and its token in token=',
            )
        reason = (
            f"{trouble.status}: {detail}"
            if trouble.status
            else f"not an answer of Qdrant: {detail}"
        )
        return StoreUnavailableError(
            f"{server}, which refused the request ({reason})",
            "a request it accepts",
            "compare the server's version with qdrant-client's; they must differ by one at most",
        )

    def _missing(self, detail: str) -> CollectionMissingError:
        return CollectionMissingError(
            f"{self.place}, which has no such collection ({detail})",
            "a collection that is there",
            "open the memory again",
        )

    def _redact(self, text: str) -> str:
        key = self.client.init_options["api_key"]
        return text.replace(key, "***") if key else text

    def _presentable(self, error: Exception) -> Exception | None:
        """Return the cause, unless its message, which a traceback would show, repeats the key."""
        text = f"{error} {error!r} {error.__cause__} {error.__context__}"
        return error if self._redact(text) == text else None


def renewed(client: QdrantClient) -> QdrantClient:
    """Return another client of the same server, with the same settings.

    It speaks REST: in a child that is forked while its parent uses gRPC, one call in ten of gRPC
    fails or hangs.
    """
    options = {**client.init_options, "prefer_grpc": False, "check_compatibility": False}
    return type(client)(**options)


def _in_parent_alone(place: str) -> StoreLockedError:
    return StoreLockedError(
        f"the points of {place!r}, a client without a server that the parent process has",
        "a store that a forked child can reach",
        'open a folder, ":memory:" by its name, or a server',
    )


def connect(
    url: str, *, api_key: str | None = None, prefer_grpc: bool = False, timeout: int
) -> QdrantClient:
    """Make a client; the server is not asked anything yet.

    Args:
        url: URL of the server, or `":memory:"`.
        api_key: Key of the server; by default that of the environment variable QDRANT_API_KEY.
        prefer_grpc: Whether to speak gRPC (port 6334) rather than REST.
        timeout: Seconds for one request.
    Raises:
        StoreUnavailableError: `url` is not a URL or holds credentials, or the key cannot be sent.
    """
    if url == MEMORY:
        return QdrantClient(MEMORY)
    if without_credentials(url) != url:
        raise StoreUnavailableError(
            f"the URL {without_credentials(url)} with credentials in it",
            "a URL without them, which can be shown",
            f"set the environment variable {KEY_VARIABLE}, or pass api_key=",
        )
    key = (api_key or os.environ.get(KEY_VARIABLE) or "").strip() or None
    if key is not None and not (key.isascii() and key.isprintable()):
        raise StoreUnavailableError(
            "an API key with characters that no header can hold",
            "printable ASCII",
            f"check {KEY_VARIABLE}",
        )
    try:
        return QdrantClient(
            url=url,
            api_key=key,
            prefer_grpc=prefer_grpc,
            timeout=timeout,
            # The check asks from a thread of its own, and warns when the server is away
            check_compatibility=False,
        )
    except ValueError as error:
        raise StoreUnavailableError(
            f"{url!r} as the URL of a server ({error})",
            "one of http or https",
            'write "http://localhost:6333"',
        ) from error


def _read(error: Exception) -> Trouble:
    if isinstance(error, UnexpectedResponse):
        return _refused(error)
    if isinstance(error, ResourceExhaustedResponse):
        return Trouble(str(error), TOO_MANY, wait=float(error.retry_after_s))
    if isinstance(error, ResponseHandlingException):
        # Not an answer of Qdrant, or a client that was closed; all else is the network
        passing = not isinstance(error.source, (ValidationError, RuntimeError))
        return Trouble(f"{type(error.source).__name__}: {error.source}", passing=passing)
    if isinstance(error, (ValueError, AssertionError, AttributeError)):
        # A page of some proxy, or an answer without a result
        return Trouble(f"{type(error).__name__}: {error}", passing=False)
    if isinstance(error, grpc.Call):
        status = GRPC_STATUS.get(error.code(), 400)
        return Trouble(str(error.details()), status, status == TOO_MANY or status >= BROKEN)
    return Trouble(str(error))


def _refused(error: UnexpectedResponse) -> Trouble:
    status = error.status_code or BROKEN
    passing = status == TOO_MANY or status >= BROKEN
    content = error.content.decode("utf-8", "replace")
    if error.headers.get("Content-Type", "").startswith(PROBLEM):
        return Trouble(content, status, passing=False, is_ours=True)
    full = "no space left" in content.lower()
    asked = error.headers.get("Retry-After", "")
    return Trouble(content, status, passing and not full, _seconds(asked))


def _seconds(text: str) -> float:
    """Return the seconds of a Retry-After header; 0 if it holds a date or nonsense."""
    return float(text) if text.isdecimal() else 0.0
