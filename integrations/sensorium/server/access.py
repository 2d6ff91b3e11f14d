"""Who asks: whose memories a request reaches, and what it may do with them.

An endpoint names the right that it takes by the type of an argument:

    @router.get("/v1/stats")
    def stats(caller: Reader) -> dict[str, Any]:
        return caller.memory.stats()
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends
from starlette.requests import HTTPConnection

from sensorium.agents.grants import FORGET, READ, WRITE, Grant
from sensorium.agents.owners import OwnersMemories
from sensorium.errors import ForbiddenError, UnauthorizedError
from sensorium.memory import Memory
from sensorium.server.options import ServerOptions

ADMIN = "admin"
BEARER = "bearer"  # scheme of the header Authorization


class Tokens(Protocol):
    """Who is let in: `Grants`, or a file of tokens."""

    def of(self, token: str) -> Grant | None:
        """Return what the holder of a token may do; `None` if it is not let in."""


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
    """

    tokens: Tokens
    memories: OwnersMemories
    options: ServerOptions

    def grant_of(self, connection: HTTPConnection) -> Grant:
        """Return what the client of a request may do.

        Raises:
            UnauthorizedError: It sent no token, or one that is not known.
        """
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        grant = self.tokens.of(token.strip()) if scheme.lower() == BEARER else None
        if grant is None:
            raise UnauthorizedError(
                "a token that is not known here" if scheme else "a request without a token",
                "a token of this server",
                "send the header Authorization: Bearer TOKEN; make one with: sensorium token add",
            )
        return grant


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
    grant = access_of(connection).grant_of(connection)
    if right is not None and right not in grant.rights:
        raise ForbiddenError(
            f"a token with the rights {', '.join(sorted(grant.rights))}",
            f"one with the right {right}",
            f"use another one, or make it: sensorium token add --rights {right}",
        )
    return grant


def allowing(right: str | None) -> Callable[[HTTPConnection], Iterator[Caller]]:
    """Make the dependency of endpoints that take a right.

    Args:
        right: The right; `None` lets in everybody who has a token.
    """

    def caller(connection: HTTPConnection) -> Iterator[Caller]:
        grant = granted(connection, right)
        with access_of(connection).memories.using(grant.owner) as memory:
            yield Caller(grant.owner, grant.rights, memory)

    return caller


reader, writer, forgetter, admin = map(allowing, (READ, WRITE, FORGET, ADMIN))
Known = Annotated[Caller, Depends(allowing(None))]
Reader = Annotated[Caller, Depends(reader)]
Writer = Annotated[Caller, Depends(writer)]
Forgetter = Annotated[Caller, Depends(forgetter)]
Admin = Annotated[Caller, Depends(admin)]
