"""`/v1/events`: an answer without an end, as long as its token may read this owner's memories."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from tests.support.serving import staying, token_of

from sensorium.agents.grants import Grant, digest_of

SHA256 = digest_of(token_of("ana"))


async def listened(app: FastAPI, changed: Grant | None, sent: list[str], **headers: str) -> None:
    """Listen as Ana until the server ends the answer; her grant changes when it has begun."""
    grants = app.state.access.tokens._grants

    async def send(message: Any) -> None:
        sent.append(message.get("body", b"").decode())
        if "listening" in sent[-1]:
            grants.remove(next(each for each in grants if each.sha256 == SHA256))
            if changed is not None:
                grants.append(changed)
            app.state.routes.happenings.tell("ana", "remembered", ["later"])

    given = {"host": "127.0.0.1:8000", "authorization": f"Bearer {token_of('ana')}", **headers}
    scope = {
        **{"type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}},
        **{"http_version": "1.1", "method": "GET", "path": "/v1/events", "scheme": "http"},
        **{"raw_path": b"/v1/events", "query_string": b"", "state": {}},
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        **{"client": ("127.0.0.1", 5), "server": ("127.0.0.1", 8000)},
    }
    await asyncio.wait_for(app(scope, staying(), send), 20)


@pytest.mark.parametrize(
    "changed",
    [
        None,
        Grant(SHA256, "ana", frozenset({"write", "forget"})),
        Grant(SHA256, "ben", frozenset({"read"})),
    ],
)
def test_it_ends_with_the_right(fresh: FastAPI, changed: Grant | None) -> None:
    """Revoked, narrowed or of another owner: what happens afterwards is not told."""
    sent: list[str] = []
    asyncio.run(listened(fresh, changed, sent))
    assert "listening" in "".join(sent)
    assert "later" not in "".join(sent)
    assert fresh.state.routes.happenings.listened_to() == []


def test_who_comes_back_from_another_start_has_missed_something(fresh: FastAPI) -> None:
    """The id is one that another process gave."""
    sent: list[str] = []
    same = fresh.state.access.tokens.of(token_of("ana"))
    task = listened(fresh, same, sent, **{"last-event-id": "0123456789abcdef-7"})

    async def run() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(task, 0.5)

    asyncio.run(run())
    told = "".join(sent)
    assert told.index('"missed"') < told.index('"later"')
