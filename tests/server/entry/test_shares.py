"""One owner cannot take all of a server, however many calls he sends."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import anyio.to_thread
import httpx
import pytest
from fastapi import FastAPI
from tests.support.serving import ADDRESS, token_of

from sensorium.errors import TooManyRequestsError
from sensorium.server.entry.shares import CallShares


def asking(app: FastAPI, name: str | None) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token_of(name)}"} if name else {}
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers)


def test_calls_wait_for_their_turn() -> None:
    """So many run at once, in order; too many are refused, and another owner is let through."""

    async def run() -> list[int]:
        shares, order, leave = CallShares(most=2, waiting=2), [], asyncio.Event()

        async def call(number: int) -> None:
            async with shares.one("ana"):
                order.append(number)
                await leave.wait()

        calls = [asyncio.create_task(call(number)) for number in range(4)]
        while len(order) < 2:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(TooManyRequestsError, match="4 calls of this owner"):
            await call(4)
        async with shares.one("ben"):
            assert order == [0, 1]
        leave.set()
        await asyncio.gather(*calls)
        return order

    assert asyncio.run(run()) == [0, 1, 2, 3]


def test_patience_ends() -> None:
    """A call whose turn does not come is refused; the place it waited in is free again."""

    async def run() -> None:
        shares = CallShares(most=1, waiting=1, patience=0.01)
        async with shares.one("ana"):
            for _ in range(3):
                with pytest.raises(TooManyRequestsError, match="2 calls"):
                    async with shares.one("ana"):
                        raise AssertionError
        async with shares.one("ana"):
            pass

    asyncio.run(run())


@pytest.mark.parametrize("path", ["/v1/stats", "/v1/memories", "/v1/tally?field=tags"])
def test_a_busy_owner_keeps_out_nobody_else(app: FastAPI, path: str) -> None:
    """429 with `Retry-After` for him; the others are answered."""
    access = app.state.access
    shares = CallShares(most=1, waiting=0)
    app.state.access = replace(access, shares=shares)

    async def run() -> None:
        async with shares.one("ana"), asking(app, "ana") as ana, asking(app, "ben") as ben:
            refused = await ana.get(path)
            assert (refused.status_code, refused.json()["code"]) == (429, "TooManyRequestsError")
            assert int(refused.headers["retry-after"]) > 0
            assert (await ben.get(path)).status_code == 200
        async with asking(app, "ana") as ana:
            assert (await ana.get(path)).status_code == 200

    try:
        asyncio.run(run())
    finally:
        app.state.access = access


def test_health_needs_no_thread(app: FastAPI) -> None:
    """It is answered while every thread is taken."""

    async def run() -> None:
        limiter = anyio.to_thread.current_default_thread_limiter()
        async with AsyncExitStack() as taken, asking(app, None) as web:
            for _ in range(int(limiter.total_tokens)):
                holder = object()
                await limiter.acquire_on_behalf_of(holder)
                taken.callback(limiter.release_on_behalf_of, holder)
            answer = await asyncio.wait_for(web.get("/health"), 5)
            assert answer.json() == {"status": "ok"}
            unknown = await asyncio.wait_for(web.get("/health?a=1"), 5)
            assert unknown.status_code == 422

    asyncio.run(run())
