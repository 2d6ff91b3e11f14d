"""`/v1/watch`: hits as server-sent events, whose ids are cursors, as long as the token is good."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.support.planted import picture
from tests.support.serving import client, staying, token_of

from sensorium.agents.grants import digest_of
from sensorium.memory import Memory

HOUR_AGO: dict[str, Any] = {"after": "1h", "timeout": 0}


def events(answer: Any) -> list[tuple[str, dict[str, Any] | None]]:
    """The events of an answer: each with its id, and its data."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    found = []
    for block in answer.text.strip().split("\n\n"):
        said = dict(line.split(": ", 1) for line in block.splitlines())
        found.append((said["id"], json.loads(said["data"]) if "data" in said else None))
    return found


def told(web: TestClient, headers: dict[str, str] | None = None, **query: Any) -> list[str]:
    """The ids of the memories that a watch tells of."""
    answer = web.get("/v1/watch", params=query, headers=headers or {})
    return [hit["record"]["id"] for _, hit in events(answer) if hit]


@pytest.fixture
def place(fresh: FastAPI) -> Memory:
    memory: Memory = fresh.state.access.memories.place
    return memory


@pytest.fixture
def web(fresh: FastAPI, place: Memory) -> TestClient:
    """Ana's client; she has two memories of glass and one of the sea, and Ben one of glass."""
    place.remember(text="glass 1", id="a", tags=["home"])
    place.remember(text="sea 1", id="b")
    place.remember(picture("glass"), id="c")
    with place.for_owner("ben") as ben:
        ben.remember(text="glass 2", id="hers")
    return client(fresh, "ana")


@pytest.mark.slow
def test_hits_are_told_with_the_cursor_behind_them(web: TestClient) -> None:
    """Who comes back with the id of the last event gets the rest, whatever the address says."""
    found = events(web.get("/v1/watch", params={"words": "glass", **HOUR_AGO}))
    first, a, c, last = found
    assert first[1] is None
    assert last[1] is None
    assert [hit["record"]["id"] for _, hit in (a, c) if hit] == ["a", "c"]
    assert c[1]
    assert c[1]["medium"] == c[1]["record"]["media"][0]["digest"]
    back = {"Last-Event-ID": a[0]}
    assert told(web, back, words="glass", **HOUR_AGO) == ["c"]
    assert told(web, words="glass", cursor=a[0], timeout=0) == ["c"]
    assert told(web, words="glass", cursor=last[0], timeout=0) == []
    assert told(web, **HOUR_AGO) == ["a", "b", "c"]
    assert told(web, words="glass", tag="home", **HOUR_AGO) == ["a"]
    assert told(web, words="glass", look_in="image", **HOUR_AGO) == ["c"]
    assert told(web, words="glass", min_confidence=1, **HOUR_AGO) == []


@pytest.mark.slow
def test_a_file_may_be_watched_for(web: TestClient, fresh: FastAPI) -> None:
    """As a part of a form; words with weights, too."""
    parts = [{"words": "glass"}, {"words": "sea", "weight": -0.1}]
    answer = web.post("/v1/watch", json={"parts": parts, **HOUR_AGO})
    assert [hit["record"]["id"] for _, hit in events(answer) if hit] == ["a", "c"]
    refused = web.post("/v1/watch", json={"parts": [{"id": "a"}]})
    assert refused.status_code == 422
    assert fresh.state.routes.happenings.listened_to() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "query",
    [
        {"min_confidence": "nan"},
        {"timeout": -1},
        {"timeout": "inf"},
        {"cursor": "damaged"},
        {"cursor": "x" * 9000},
        {"after": "soon"},
        {"cursor": "AQ", "after": "1h"},
        {"look_in": "smell"},
        {"words": " "},
        {"question": "glass"},
    ],
    ids=str,
)
def test_what_cannot_be_watched_is_refused(
    web: TestClient, fresh: FastAPI, query: dict[str, Any]
) -> None:
    """Before the answer begins; and nobody listens then."""
    answer = web.get("/v1/watch", params={"words": "glass", **query})
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert fresh.state.routes.happenings.listened_to() == []


def test_only_who_may_read_watches(web: TestClient, fresh: FastAPI) -> None:
    """Each owner their own memories, and their own cursors."""
    cursor = events(web.get("/v1/watch", params={"words": "glass", "timeout": 0}))[-1][0]
    ben = client(fresh, "ben")
    assert told(ben, words="glass", **HOUR_AGO) == ["hers"]
    assert ben.get("/v1/watch", params={"words": "glass", "cursor": cursor}).status_code == 422
    assert client(fresh, "pen").get("/v1/watch").status_code == 403
    assert client(fresh).get("/v1/watch").status_code == 401


def test_it_ends_with_the_token(fresh: FastAPI, place: Memory, web: TestClient) -> None:
    """What arrives after it was revoked is not told; what arrived before is, as it arrives."""
    grants = fresh.state.access.tokens._grants
    sent: list[str] = []

    async def run() -> None:
        async def send(message: Any) -> None:
            sent.append(message.get("body", b"").decode())
            if sent[-1].startswith("id: ") and len(sent) == 2:
                await asyncio.to_thread(place.remember, text="glass 3", id="before")
            if '"before"' in sent[-1]:
                [mine] = [one for one in grants if one.sha256 == digest_of(token_of("ana"))]
                grants.remove(mine)
                await asyncio.to_thread(place.remember, text="glass 4", id="later")
            fresh.state.routes.happenings.tell("ana", "remembered", ["x"])

        given = {"host": "127.0.0.1:8000", "authorization": f"Bearer {token_of('ana')}"}
        scope = {
            **{"type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}},
            **{"http_version": "1.1", "method": "GET", "path": "/v1/watch", "scheme": "http"},
            **{"raw_path": b"/v1/watch", "query_string": b"words=glass", "state": {}},
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            **{"client": ("127.0.0.1", 5), "server": ("127.0.0.1", 8000)},
        }
        await asyncio.wait_for(fresh(scope, staying(), send), 20)

    asyncio.run(run())
    assert '"before"' in "".join(sent)
    assert '"later"' not in "".join(sent)
    assert fresh.state.routes.happenings.listened_to() == []


def test_what_arrived_may_be_asked_for_once(web: TestClient, place: Memory) -> None:
    """By `/v1/when`, of a client that cannot wait."""
    asked = {"what": "arrived", "parts": [{"words": "glass"}]}
    begun = web.post("/v1/when", json=asked).json()
    assert begun["arrived"] == []
    place.remember(text="glass 5", id="new")
    found = web.post("/v1/when", json={**asked, "moment": begun["cursor"]}).json()
    assert [hit["record"]["id"] for hit in found["arrived"]] == ["new"]
    again = web.post("/v1/when", json={**asked, "moment": found["cursor"]}).json()
    assert again["arrived"] == []
