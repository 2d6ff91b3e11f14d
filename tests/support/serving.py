"""A server of a memory in this process: its tokens, and clients that hold them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

from sensorium.agents.grants import Grant, Grants, digest_of

ADDRESS = "http://127.0.0.1:8000"
ALL = ("read", "write", "forget")
OWNERS = {  # owner and rights, by who holds the token
    "ana": ("ana", ALL),
    "ben": ("ben", ALL),
    "guest": ("ana", ("read",)),
    "pen": ("ana", ("write",)),
    "admin": ("root", ("admin",)),
    "giver": ("ana", (*ALL, "share")),
    "taker": ("ben", (*ALL, "share")),
}


def token_of(name: str) -> str:
    """The token that somebody of `OWNERS` holds."""
    return f"sns_{name}_0123456789abcdefghijklmnopqrstuvwxyz"


def tokens(owners: Mapping[str, tuple[str, Iterable[str]]] = OWNERS) -> Grants:
    """All of them, as a server knows them; or those of others, with owner and rights."""
    return Grants(
        Grant(digest_of(token_of(name)), owner, frozenset(rights))
        for name, (owner, rights) in owners.items()
    )


def client(app: FastAPI, name: str | None = None) -> TestClient:
    """Ask an app as somebody of `OWNERS`, or without a token."""
    headers = {"Authorization": f"Bearer {token_of(name)}"} if name else {}
    return TestClient(app, base_url=ADDRESS, headers=headers, raise_server_exceptions=False)


def staying() -> Callable[[], Awaitable[dict[str, Any]]]:
    """What an app receives of a client that sends no body, and stays."""
    begun = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if begun.is_set():
            await asyncio.Event().wait()
        begun.set()
        return {"type": "http.request", "body": b"", "more_body": False}

    return receive


def get(web: TestClient, path: str, **query: Any) -> dict[str, Any]:
    """Ask for what is there, and return its JSON."""
    answer = web.get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
