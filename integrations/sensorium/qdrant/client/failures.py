"""Failures of a Qdrant client, read and told again as errors of our own."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import grpc  # type: ignore[import-untyped] # it has no types of its own
from pydantic import ValidationError
from qdrant_client.common.client_exceptions import QdrantException, ResourceExhaustedResponse
from qdrant_client.http.exceptions import (
    ApiException,
    ResponseHandlingException,
    UnexpectedResponse,
)

from sensorium.errors import StoreError, StoreFullError, StoreUnavailableError

KEY_VARIABLE = "QDRANT_API_KEY"
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

# The last three are qdrant-client's own, where an answer lacks what it takes for granted
Failure = (
    *(ApiException, QdrantException, grpc.RpcError, json.JSONDecodeError),
    *(AssertionError, ValidationError, AttributeError),
)
MISSING = re.compile(r"collection .*(doesn't exist|not found)", re.IGNORECASE | re.DOTALL)


class CollectionMissingError(StoreUnavailableError):
    """There is no collection of that name, or not any more."""


class RequestRefusedError(StoreUnavailableError):
    """The server answered that it does not accept the request."""


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


def named(trouble: Trouble, place: str, *, tries: int, seconds: float) -> StoreError:
    """Return the error of ours for what went wrong.

    Args:
        trouble: The failure, whose detail may be shown.
        place: The server, without credentials.
        tries: How often it was tried.
        seconds: For how long.
    """
    server = f"the Qdrant server {place}"
    detail = " ".join(trouble.detail.split())[:DETAIL]
    if trouble.status == ABSENT and MISSING.search(detail):
        return missing(place, detail)
    if "no space left" in detail.lower():
        return StoreFullError(
            f"{server}, whose disk is full ({detail})",
            "room for what is written; nothing acknowledged before is lost",
            "make room on the server",
        )
    if trouble.status in (UNAUTHORISED, REFUSED):
        return RequestRefusedError(
            f"{server}, which refused the API key or the lack of one ({detail})",
            "a key that may read and write the collection",
            f"set the environment variable {KEY_VARIABLE}, or pass api_key=",
        )
    if trouble.passing:
        return StoreUnavailableError(
            f"{server}, which did not answer in {seconds:.0f} s and {tries} tries ({detail})",
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
        f"{trouble.status}: {detail}" if trouble.status else f"not an answer of Qdrant: {detail}"
    )
    return RequestRefusedError(
        f"{server}, which refused the request ({reason})",
        "a request it accepts",
        "compare the server's version with those in docs/deploy.md: sensorium doctor shows it",
    )


def missing(place: str, detail: str) -> CollectionMissingError:
    """Return the error for a collection that is not there."""
    return CollectionMissingError(
        f"{place}, which has no such collection ({detail})",
        "a collection that is there",
        "open the memory again",
    )


def read_trouble(error: Exception) -> Trouble:
    """Read what the client raised."""
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
