"""A server of a memory in this process: its tokens, and clients that hold them."""

from __future__ import annotations

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


def tokens() -> Grants:
    """All of them, as a server knows them."""
    return Grants(
        Grant(digest_of(token_of(name)), owner, frozenset(rights))
        for name, (owner, rights) in OWNERS.items()
    )


def client(app: FastAPI, name: str | None = None) -> TestClient:
    """Ask an app as somebody of `OWNERS`, or without a token."""
    headers = {"Authorization": f"Bearer {token_of(name)}"} if name else {}
    return TestClient(app, base_url=ADDRESS, headers=headers, raise_server_exceptions=False)


def get(web: TestClient, path: str, **query: Any) -> dict[str, Any]:
    """Ask for what is there, and return its JSON."""
    answer = web.get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
