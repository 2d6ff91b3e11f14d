"""Who asks: whose memories a request reaches, and what it may do with them.

An endpoint names the right that it takes by the type of an argument:

    @router.get("/v1/stats")
    def stats(caller: Reader) -> dict[str, Any]:
        return caller.memory.stats()
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends
from fastapi.concurrency import contextmanager_in_threadpool
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from sensorium.agents.grants import ADMIN, FORGET, READ, SHARE, WRITE, Grant, Tokens, digest_of
from sensorium.agents.owners import OwnersMemories
from sensorium.errors import ForbiddenError, UnauthorizedError
from sensorium.memory import Memory
from sensorium.server.entry.attempts import Attempts
from sensorium.server.entry.sessions import Sessions, cookie_name
from sensorium.server.entry.shares import CallShares
from sensorium.server.options import ServerOptions

BEARER = "bearer"  # scheme of the header Authorization
UNCHANGING = {READ, ADMIN}  # rights that are left where nothing may be changed


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Attributes:
        owner: Owner whose memories are reached.
        rights: Some of `"read"`, `"write"`, `"forget"` and `"admin"`.
        memory: The owner's memory; it stays open until the answer has been sent.
    """

    owner: str
    rights: frozenset[str]
    memory: Memory


@dataclass(frozen=True)
class Access:
    """What decides who is let in. It is the app's `state.access`.

    Attributes:
        tokens: Who is let in.
        memories: The memories of owners.
        options: How the server answers.
        sessions: Who is signed in by a cookie.
        attempts: Wrong tokens, by address.
        shares: How many calls each owner has at once.
    """

    tokens: Tokens
    memories: OwnersMemories
    options: ServerOptions
    sessions: Sessions = field(default_factory=Sessions)
    attempts: Attempts = field(default_factory=Attempts)
    shares: CallShares = field(default_factory=CallShares)

    def grant_of(self, connection: HTTPConnection) -> Grant:
        """Return what the client of a request may do, by its token or its cookie.

        Raises:
            UnauthorizedError: It sent none, or one that is not known.
            TooManyRequestsError: Its address has sent too many wrong tokens.
        """
        token = bearer_of(connection)
        if token is not None:
            return self.grant_of_token(token, connection)
        grant = self._of_cookie(connection.cookies.get(cookie_name(self.options), ""))
        if grant is None:
            raise without_token()
        return grant

    def grant_of_token(self, token: str, connection: HTTPConnection) -> Grant:
        """Return what the holder of a token may do; raises as `grant_of`."""
        address = connection.client.host if connection.client else None
        digest = digest_of(token)
        self.attempts.check(address, digest)
        grant = self.tokens.of(token)
        if grant is None:
            self.attempts.failed(address)
            raise UnauthorizedError(
                "a token that is not known here, or was revoked",
                "a token of this server",
                "make one with: sensorium token add",
            )
        self.attempts.succeeded(address, digest)
        return grant

    def rights_of(self, grant: Grant) -> frozenset[str]:
        """Return the rights of a grant that this server has a use for."""
        return grant.rights & UNCHANGING if self.options.read_only else grant.rights

    def _of_cookie(self, cookie: str) -> Grant | None:
        """Return what a session may do. What is 256 random bits long needs no limit of attempts."""
        session = self.sessions.of(cookie)
        if session is None:
            return None
        grant, of_token = session
        if of_token and not self.tokens.has(grant):
            self.sessions.end(cookie)
            return None
        return grant


def without_token() -> UnauthorizedError:
    """Build the error for a request that sends neither a token nor a cookie that is taken."""
    return UnauthorizedError(
        "a request without a token",
        "a token of this server",
        "send the header Authorization: Bearer TOKEN; make one with: sensorium token add",
    )


def bearer_of(connection: HTTPConnection) -> str | None:
    """Return the token that a request sends; `None` if it has to be known by a cookie."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == BEARER else None


def access_of(connection: HTTPConnection) -> Access:
    """Return what decides who is let in at the app that answers a request."""
    access: Access = connection.app.state.access
    return access


def granted(connection: HTTPConnection, right: str | None) -> Grant:
    """Return what a client may do, a right among it.

    Raises:
        UnauthorizedError: It sent no token, or one that is not known.
        ForbiddenError: Its token lacks the right.
    """
    access = access_of(connection)
    grant = access.grant_of(connection)
    rights = access.rights_of(grant)
    if right is not None and right not in rights:
        raise _without(right, grant, rights)
    return grant


def allowing(
    right: str | None, *, takes_threads: bool = True
) -> Callable[[HTTPConnection], AsyncIterator[Caller]]:
    """Make the dependency of endpoints that take a right.

    Args:
        right: The right; `None` lets in everybody who has a token.
        takes_threads: Whether a call counts among those that an owner may have at once; not one
            that only waits in the event loop.
    """

    async def caller(connection: HTTPConnection) -> AsyncIterator[Caller]:
        access = access_of(connection)
        grant = await run_in_threadpool(granted, connection, right)
        share = access.shares.one(grant.owner) if takes_threads else nullcontext()
        async with (
            share,
            contextmanager_in_threadpool(access.memories.using(grant.owner)) as memory,
        ):
            yield Caller(grant.owner, access.rights_of(grant), memory)

    return caller


def _without(right: str, grant: Grant, rights: frozenset[str]) -> ForbiddenError:
    """Say which right is missing."""
    if right in grant.rights:
        return ForbiddenError(
            "a request to change something", "one that reads", "this server is only to be read"
        )
    return ForbiddenError(
        f"a token with the rights {', '.join(sorted(rights)) or 'none'}",
        f"one with the right {right}",
        f"use another one, or make it: sensorium token add --rights {right}",
    )


reader, writer, forgetter, admin = map(allowing, (READ, WRITE, FORGET, ADMIN))
sharer = allowing(SHARE)
listener = allowing(READ, takes_threads=False)
Known = Annotated[Caller, Depends(allowing(None))]
Reader = Annotated[Caller, Depends(reader)]
Listener = Annotated[Caller, Depends(listener)]
Writer = Annotated[Caller, Depends(writer)]
Forgetter = Annotated[Caller, Depends(forgetter)]
Sharer = Annotated[Caller, Depends(sharer)]
Admin = Annotated[Caller, Depends(admin)]
