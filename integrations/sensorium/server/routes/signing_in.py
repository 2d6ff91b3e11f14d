"""Signing in and out: `/v1/session`, and the link that `sensorium serve` prints."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import RedirectResponse

from sensorium.agents.grants import digest_of
from sensorium.errors import UnauthorizedError
from sensorium.server.answers import models
from sensorium.server.entry.access import Access, Known, access_of
from sensorium.server.entry.sessions import LASTS, cookie_name

SIGN_IN = "/sign-in"
LONGEST_SECRET = 512  # characters of a token or key that is sent
LARGEST_BODY = 16 * 1024  # bytes of a request

ENDED = "/#/link-ended"  # where a link leads that signs in no more

router = APIRouter(tags=["session"], max_body_size=LARGEST_BODY)


class SignIn(BaseModel):
    """What signs somebody in.

    Attributes:
        token: A token of the server.
    """

    model_config = ConfigDict(extra="forbid")

    token: str = Field(max_length=LONGEST_SECRET)


@router.get("/v1/session")
def get_session(caller: Known) -> models.SessionState:
    """Say who is signed in, and what the memory can do."""
    encoder = caller.memory.encoder
    return models.SessionState(
        owner=caller.owner,
        rights=sorted(caller.rights),
        encoder=encoder.space.id,
        modalities=sorted(encoder.modalities),
        keeps_media=caller.memory.keeps_media,
        version=installed_version(),
    )


@router.post("/v1/session", status_code=status.HTTP_204_NO_CONTENT)
def begin_session(request: Request, sign_in: SignIn) -> Response:
    """Sign in by a token: the answer sets a cookie that stands for it."""
    access = access_of(request)
    grant = access.grant_of_token(sign_in.token, request)
    return _with_cookie(Response(status_code=204), access, access.sessions.begin(grant))


@router.delete("/v1/session", status_code=status.HTTP_204_NO_CONTENT)
def end_session(request: Request) -> Response:
    """Sign out."""
    access = access_of(request)
    name = cookie_name(access.options)
    access.sessions.end(request.cookies.get(name, ""))
    answer = Response(status_code=204)
    answer.delete_cookie(name, httponly=True, samesite="strict", secure=access.options.over_tls)
    return answer


@router.get(SIGN_IN, include_in_schema=False)
def sign_in_by_link(
    request: Request, key: Annotated[str, Query(max_length=LONGEST_SECRET)]
) -> Response:
    """Sign in by the link that was printed, which works once."""
    access = access_of(request)
    address = request.client.host if request.client else None
    access.attempts.check(address, digest_of(key))
    cookie = access.sessions.redeem(key)
    if cookie is None:
        access.attempts.failed(address)
        if "text/html" in request.headers.get("accept", ""):  # the page says it, or is open already
            return RedirectResponse(ENDED, status_code=303)
        raise UnauthorizedError(
            "a link that was used before, or is older than ten minutes",
            "a new one",
            "start the server again, or sign in with a token: sensorium token add",
        )
    return _with_cookie(RedirectResponse("/", status_code=303), access, cookie)


def _with_cookie(answer: Response, access: Access, cookie: str) -> Response:
    answer.set_cookie(
        cookie_name(access.options),
        cookie,
        max_age=round(LASTS),
        httponly=True,
        samesite="strict",
        secure=access.options.over_tls,
    )
    return answer


def installed_version() -> str:
    """Return the version of Sensorium; empty if it runs from a checkout."""
    try:
        return version("sensorium")
    except PackageNotFoundError:
        return ""
