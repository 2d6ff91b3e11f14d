"""A server that many share: no owner takes so much that others are kept out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from tests.support.mcp_process import HANDSHAKE, serving

from sensorium.agents.grants import digest_of
from sensorium.mcp.shares import MOST_CALLS, MOST_SESSIONS, OwnerShares

IDLE = 100.0
MODERN = {"mcp-protocol-version": "2026-07-28"}
SENT = {"content-type": "application/json", "accept": "application/json,text/event-stream"}


class Sessions:
    """A server of sessions as the SDK has it, which answers calls when it is free."""

    def __init__(self) -> None:
        self.open: set[str] = set()
        self.opened = 0
        self.free = asyncio.Event()
        self.free.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        user = scope.get("user")
        client = user.username if user else ""
        session = headers.get("mcp-session-id")
        await self.free.wait()
        if session is None and "mcp-protocol-version" not in headers:
            self.opened += 1
            session = f"{client} {self.opened}"
            self.open.add(session)
            answer = Response(headers={"mcp-session-id": session})
        elif session is not None and (session not in self.open or client not in session):
            answer = Response(status_code=404)
        else:
            answer = Response()
            if scope["method"] == "DELETE":
                self.open.discard(session or "")
        await answer(scope, receive, send)


class Asking:
    """Owners who ask, each with several tokens."""

    def __init__(self, app: Callable[[Scope, Receive, Send], object]) -> None:
        self.app = app

    async def __call__(
        self,
        owner: str | None,
        session: str | None = None,
        method: str = "POST",
        token: str = "1",
        **headers: str,
    ) -> tuple[int, str]:
        if session is not None:
            headers["mcp-session-id"] = session
        scope: Scope = {
            "type": "http",
            "method": method,
            "path": "/mcp",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        if owner is not None:
            access = AccessToken(token=token, client_id=owner + token, scopes=[], subject=owner)
            scope["user"] = AuthenticatedUser(access)
        told: list[tuple[int, str]] = []

        async def send(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                raw = dict(message["headers"])  # type: ignore[call-overload]  # pairs of bytes
                told.append((message["status"], raw.get(b"mcp-session-id", b"").decode()))  # type: ignore[arg-type]

        await self.app(scope, None, send)  # type: ignore[arg-type,misc]  # nothing is received
        [answer] = told
        return answer


class Clock:
    """Seconds that pass when they are told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_an_owner_has_so_many_calls_at_once() -> None:
    """The next is refused, another owner's is not; one that ends makes room."""
    server = Sessions()
    ask = Asking(OwnerShares(server, idle=IDLE))
    server.free.clear()
    calls = [asyncio.create_task(ask("ada", **MODERN)) for _ in range(MOST_CALLS)]
    await asyncio.sleep(0)
    assert (await ask("ada", token="2", **MODERN))[0] == 429
    bobs = asyncio.create_task(ask("bob", **MODERN))
    lost = asyncio.create_task(ask("ada", method="GET"))
    await asyncio.sleep(0)
    calls.pop().cancel()
    await asyncio.sleep(0)
    again = asyncio.create_task(ask("ada", **MODERN))
    await asyncio.sleep(0)
    server.free.set()
    assert {status for status, _ in await asyncio.gather(*calls, bobs, lost, again)} == {200}


async def test_an_owner_has_so_many_sessions() -> None:
    """The next is refused to all tokens of the owner, until one ends or is idle for too long."""
    server, clock = Sessions(), Clock()
    ask = Asking(OwnerShares(server, idle=IDLE, clock=clock))
    names = [(await ask("ada"))[1] for _ in range(MOST_SESSIONS)]
    assert await ask("ada", token="2") == (429, "")
    assert (await ask("bob"))[0] == 200
    assert (await ask("ada", **MODERN))[0] == 200
    assert (await ask("ada", names[0]))[0] == 200
    assert (await ask("ada", names[0], token="2"))[0] == 404, "it is another token's"
    assert (await ask("ada"))[0] == 429
    assert (await ask("ada", names[0], "DELETE"))[0] == 200
    assert [(await ask("ada"))[0] for _ in range(2)] == [200, 429]
    clock.now = IDLE
    assert (await ask("ada", names[1]))[0] == 200
    clock.now += 1
    assert {(await ask("ada"))[0] for _ in range(MOST_SESSIONS - 1)} == {200}
    assert (await ask("ada"))[0] == 429
    server.open.discard(names[1])
    assert (await ask("ada", names[1]))[0] == 404
    assert (await ask("ada"))[0] == 200


async def test_a_server_of_one_owner_is_all_theirs() -> None:
    """Without tokens that name an owner nothing is counted."""
    server = Sessions()
    ask = Asking(OwnerShares(server, idle=IDLE))
    assert {(await ask(None))[0] for _ in range(MOST_SESSIONS + 1)} == {200}


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
async def test_the_server_counts_by_owner(tmp_path: Path) -> None:
    """Over HTTP: an owner who opens session after session is told, and another is let in."""
    tokens = {name: f"token-of-{name}-0123456789" for name in ("ada", "bob")}
    table = '[[tokens]]\nsha256 = "{}"\nowner = "{}"\n'
    path = tmp_path / "tokens.toml"
    path.write_text("".join(table.format(digest_of(tokens[name]), name) for name in tokens))
    with serving(tmp_path / "memory", "--tokens", str(path)) as (_, url):
        async with httpx2.AsyncClient(headers=SENT) as web:
            ada, bob = ({"authorization": f"Bearer {tokens[name]}"} for name in tokens)
            for _ in range(MOST_SESSIONS):
                assert (await web.post(url, json=HANDSHAKE[0], headers=ada)).status_code == 200
            refused = await web.post(url, json=HANDSHAKE[0], headers=ada)
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
            assert "sessions; end one" in refused.json()["error"]["message"]
            assert (await web.post(url, json=HANDSHAKE[0], headers=bob)).status_code == 200
