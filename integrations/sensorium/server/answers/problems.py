"""Errors as answers: `application/problem+json` (RFC 9457), with what to do about them."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket, WebSocketState

from sensorium.agents.wording import problems_of, worded
from sensorium.errors import (
    BodyTypeError,
    ConflictError,
    DiskSpaceError,
    Doors,
    EncodingError,
    FilterError,
    ForbiddenError,
    MediaNotFoundError,
    MediaQuotaError,
    MemoryAccessError,
    MissingExtraError,
    OperationCancelledError,
    PerceptError,
    Phrase,
    PointError,
    ReadOnlyError,
    RecordNotFoundError,
    RequestError,
    SensoriumError,
    SourceRefusedError,
    SourceTooLargeError,
    SpaceMismatchError,
    StoreError,
    StoreFullError,
    StreamError,
    ToolArgumentError,
    TooManyRequestsError,
    UnauthorizedError,
    UnknownEncoderError,
    WeightsError,
    WrongHostError,
)
from sensorium.server.answers.models import Problem

logger = logging.getLogger(__name__)

request_id: ContextVar[str] = ContextVar("request_id", default="-")  # of the one being answered

MEDIA_TYPE = "application/problem+json"
POLICY_VIOLATION = 1008  # code with which a WebSocket is closed for what its client sent
LONGEST_REASON = 120  # bytes of the reason of a close
RETRY = 5  # seconds after which a store may be there again
STATUSES: Mapping[type[SensoriumError], int] = {  # of a class and those below it
    PerceptError: 422,
    SourceRefusedError: 403,
    SourceTooLargeError: 413,
    EncodingError: 422,
    UnknownEncoderError: 500,
    WeightsError: 500,
    DiskSpaceError: 507,
    StoreError: 503,
    SpaceMismatchError: 500,
    ReadOnlyError: 403,
    StoreFullError: 507,
    PointError: 422,
    FilterError: 422,
    MemoryAccessError: 422,
    RecordNotFoundError: 404,
    MediaNotFoundError: 404,
    MediaQuotaError: 507,
    StreamError: 409,
    RequestError: 422,
    UnauthorizedError: 401,
    ForbiddenError: 403,
    WrongHostError: 421,
    BodyTypeError: 415,
    ConflictError: 409,
    TooManyRequestsError: 429,
    OperationCancelledError: 409,
    ToolArgumentError: 422,
    MissingExtraError: 501,
    SensoriumError: 500,
}
WORDS: Mapping[int, tuple[str, str]] = {  # needed and remedy of what starlette raises
    404: ("a path of this server", "see /docs"),
    405: ("a method that the path takes", "see /docs"),
    413: ("a smaller body", "send it in parts"),
}


def status_of(error: SensoriumError) -> int:
    """Return the status of an error, by the nearest of its classes."""
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def problem_of(error: SensoriumError) -> Response:
    """Return an error as an answer."""
    status, told = status_of(error), error
    if isinstance(error, (PerceptError, EncodingError)) or isinstance(error.remedy, Phrase):
        told = worded(error)  # units as fields of JSON, not as keywords of Python
    headers = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY)
    if isinstance(error, TooManyRequestsError):
        headers["Retry-After"] = str(math.ceil(error.seconds))
    parts = (told.came, told.needed, told.remedy)
    came, needed, remedy = (each.rest if isinstance(each, Doors) else each for each in parts)
    return _answer(status, type(error).__name__, came, needed, remedy, headers=headers)


def close_reason(words: str) -> str:
    """Return as much of some words as the closing frame of a WebSocket has room for."""
    return words.encode("utf-8")[:LONGEST_REASON].decode("utf-8", "ignore")


def offer_problems(app: FastAPI) -> None:
    """Let an app answer errors so."""
    app.add_exception_handler(SensoriumError, _expected)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ValidationError, _invalid)
    app.add_exception_handler(HTTPException, _of_http)


async def _expected(connection: HTTPConnection, error: Exception) -> Response:
    assert isinstance(error, SensoriumError)
    if status_of(error) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.warning("%s %s: %s", request_id.get(), quote(connection.scope["path"]), error)
    answer = problem_of(error)
    if isinstance(connection, WebSocket):  # to which the framework gives no answer of a handler
        if connection.application_state is WebSocketState.CONNECTING:
            await connection.send_denial_response(answer)
        elif connection.application_state is WebSocketState.CONNECTED:
            await connection.close(POLICY_VIOLATION, close_reason(str(error)))
    return answer


async def _invalid(_: Request, error: Exception) -> Response:
    """Answer arguments that are wrong: the first in parts, all of them in the detail."""
    assert isinstance(error, (RequestValidationError, ValidationError))
    problems = problems_of([_within(problem) for problem in error.errors()])
    first, detail = problems[0], "\n".join(map(str, problems))
    return _answer(422, "RequestError", first.came, first.needed, first.remedy, detail=detail)


def _within(problem: Any) -> dict[str, Any]:
    """Leave out where an argument stood: in the body, the query, the path or the headers."""
    return {**problem, "loc": tuple(problem["loc"])[1:]}


async def _of_http(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses, such as a path that leads nowhere."""
    assert isinstance(error, HTTPException)
    needed, remedy = WORDS.get(error.status_code, ("another request", "see /docs"))
    came = f"{request.method} {request.url.path}"
    if error.status_code not in WORDS:
        came = f"{came} ({error.detail})"
    told = RequestError(came, needed, remedy)  # which shortens what is long
    return _answer(
        error.status_code, "RequestError", told.came, needed, remedy, headers=error.headers
    )


def unexpected() -> Response:
    """Answer a mistake of ours, of which nothing is told."""
    return _answer(
        500,
        "InternalError",
        "a request that failed",
        "a server without this mistake",
        "try again; if it stays, look into the log of the server for the id of this request",
    )


def _answer(
    status: int,
    code: str,
    came: str,
    needed: str,
    remedy: str,
    *,
    detail: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail or f"{came}; needed {needed}",
        came=came,
        needed=needed,
        remedy=remedy,
        code=code,
    )
    return JSONResponse(
        problem.model_dump(), status, media_type=MEDIA_TYPE, headers=dict(headers or {})
    )
