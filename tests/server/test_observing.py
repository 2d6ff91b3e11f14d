"""Every request is counted and has an id: also one that is refused, or whose client goes away."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from fastapi import FastAPI
from tests.support.serving import client, token_of


def counted(app: FastAPI, method: str, status: int) -> float:
    found = 0.0
    for family in app.state.observed.registry.collect():
        for sample in family.samples:
            same = {"method": method, "status": str(status)}.items() <= sample.labels.items()
            if sample.name == "sensorium_requests_total" and same:
                found += sample.value
    return found


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Host": "evil.example"}, 421), ({"Origin": "https://evil.example"}, 403)],
)
def test_refusals_are_counted(app: FastAPI, headers: dict[str, str], status: int) -> None:
    """With the id of the request, and what keeps browsers in bounds."""
    before = counted(app, "POST", status)
    answer = client(app, "ana").post("/v1/forget", json={}, headers=headers)
    assert answer.status_code == status
    assert answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert counted(app, "POST", status) == before + 1


def test_a_mistake_of_ours_has_every_header(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """500 by a problem, with the id that the log has."""

    async def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(app.router, "default", broken)
    answer = client(app).get("/nowhere", headers={"X-Request-Id": "mine"})
    assert (answer.status_code, answer.json()["code"]) == (500, "InternalError")
    assert answer.headers["x-request-id"] == "mine"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "mine GET /nowhere failed" in caplog.text


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1/memories", b"multipart/form-data; boundary=x"),
        ("/v1/memories", b"application/json"),
        ("/v1/forget", b"application/json"),
    ],
)
def test_a_client_that_goes_away_is_no_mistake(
    app: FastAPI, caplog: pytest.LogCaptureFixture, path: str, kind: bytes
) -> None:
    """499 in the count, and nothing above debug in the log, wherever the body is read."""
    before = counted(app, "POST", 499)
    pieces = iter([b"--x\r\n", None])

    async def receive() -> dict[str, Any]:
        piece = next(pieces)
        if piece is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(_: Any) -> None:
        pass

    scope = {
        **{"type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}},
        **{"http_version": "1.1", "method": "POST", "path": path},
        **{"raw_path": path.encode(), "query_string": b"", "scheme": "http"},
        "headers": [
            (b"host", b"127.0.0.1:8000"),
            (b"content-type", kind),
            (b"authorization", f"Bearer {token_of('ana')}".encode()),
        ],
        **{"client": ("127.0.0.1", 5), "server": ("127.0.0.1", 8000), "state": {}},
    }
    with caplog.at_level(logging.DEBUG, "sensorium"):
        asyncio.run(app(scope, receive, send))
    assert counted(app, "POST", 499) == before + 1
    assert [each for each in caplog.records if each.levelno > logging.DEBUG] == []
