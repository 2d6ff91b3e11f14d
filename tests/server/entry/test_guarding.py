"""What every answer says to a browser, and what the server tells of itself."""

from __future__ import annotations

import json
import logging

import pytest
from fastapi import FastAPI
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from tests.support.serving import ADDRESS, client, token_of

from sensorium.errors import RequestError
from sensorium.server import ServerOptions
from sensorium.server.entry.access import Reader

SOCKETS = ADDRESS.replace("http", "ws")
SOCKET = f"{SOCKETS}/socket"
PATHS = ("/", "/health", "/nosuch", "/v1/memories/nosuch", "/docs/", "/openapi.json", "/metrics")


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_guarded(ana: TestClient, path: str) -> None:
    """Nothing is loaded from elsewhere, framed, guessed or told to other sites."""
    for answer in (ana.get(path), ana.get(path, headers={"Host": "evil.example"})):
        policy = dict(
            part.strip().split(" ", 1)
            for part in answer.headers["content-security-policy"].split(";")
        )
        assert policy["default-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "microphone=(self)" in answer.headers["permissions-policy"]
        assert "access-control-allow-origin" not in answer.headers


def test_an_endpoint_may_be_stricter(fresh: FastAPI) -> None:
    """What it says of itself stays."""

    @fresh.get("/strict")
    def strict() -> Response:
        return Response(headers={"Content-Security-Policy": "sandbox", "Cache-Control": "private"})

    answer = client(fresh).get("/strict")
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["cache-control"] == "private"


@pytest.mark.parametrize(
    "path",
    [
        "/../app.py",
        "/..%2fapp.py",
        "/%2e%2e/app.py",
        "/docs/../../app.py",
        "/docs/..%2f..%2fapp.py",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/..%5capp.py",
        "/index.html%00.js",
        "/" + "a" * 300,
    ],
)
def test_no_path_leads_out_of_the_page(nobody: TestClient, path: str) -> None:
    """Neither by dots, nor by slashes of any kind."""
    answer = nobody.get(path)
    assert answer.status_code == 404
    assert "build_app" not in answer.text
    assert "root:" not in answer.text


def test_the_page_is_there_and_asked_for_again(nobody: TestClient) -> None:
    """Without signing in; an unchanged file is not sent twice."""
    answer = nobody.get("/")
    assert answer.status_code == 200
    assert "Sensorium" in answer.text
    assert answer.headers["cache-control"] == "no-cache"
    again = nobody.get("/", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_the_reference_loads_nothing_from_elsewhere(nobody: TestClient) -> None:
    """Nor is anything in it run that a policy would have to allow."""
    for path in ("/docs/", "/docs/reference.js", "/docs/reference.css"):
        answer = nobody.get(path)
        assert answer.status_code == 200, path
        assert "://" not in answer.text
    page = nobody.get("/docs/").text
    assert "<script>" not in page
    assert "style=" not in page
    assert nobody.get("/docs").url.path == "/docs/"


def test_the_description_names_every_error(nobody: TestClient) -> None:
    """As problems, at every path, and how to sign in."""
    described = nobody.get("/openapi.json").json()
    assert described["paths"]["/v1/memories/{id}"]["get"]["responses"]["404"]["content"].keys() == {
        "application/problem+json"
    }
    text = json.dumps(described)
    assert "HTTPValidationError" not in text
    assert described["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for path in described["paths"].values():
        for operation in path.values():
            assert {"401", "422", "429"} <= operation["responses"].keys()
    assert described["security"] == [{"token": []}, {"cookie": []}]
    assert described["paths"]["/health"]["get"]["security"] == []
    assert described["paths"]["/v1/session"]["post"]["security"] == []
    assert "security" not in described["paths"]["/v1/session"]["get"]


@pytest.mark.slow
def test_sockets_of_pages_elsewhere_are_refused(fresh: FastAPI) -> None:
    """A browser sends cookies with them to any site: the page has to be ours."""

    @fresh.websocket("/socket")
    async def socket(websocket: WebSocket, caller: Reader) -> None:
        await websocket.accept()
        await websocket.send_text(caller.owner)
        await websocket.close()

    browser = client(fresh)
    browser.post("/v1/session", json={"token": token_of("ana")})
    with browser.websocket_connect(SOCKET, headers={"Origin": ADDRESS}) as opened:
        assert opened.receive_text() == "ana"
    with client(fresh, "ana").websocket_connect(SOCKET) as opened:
        assert opened.receive_text() == "ana"
    for headers in (
        {"Origin": "http://evil.example"},
        {},
        {"Host": "evil.example", "Origin": ADDRESS},
    ):
        with (
            pytest.raises(WebSocketDisconnect),
            browser.websocket_connect(SOCKET, headers=headers),
        ):
            pass
    with pytest.raises(WebSocketDisconnect), client(fresh).websocket_connect(SOCKET):
        pass
    with pytest.raises(WebSocketDisconnect), client(fresh).websocket_connect(f"{SOCKETS}/nosuch"):
        pass


def asked_for_numbers(app: FastAPI) -> str:
    return client(app, "admin").get("/metrics").text


def test_numbers_are_counted_by_route(fresh: FastAPI) -> None:
    """Not by id: their number is bounded. Neither ids nor owners are in them."""
    for number in range(3):
        client(fresh, "ana").get(f"/v1/memories/secret-{number}")
    client(fresh).get("/any/path")
    with fresh.state.access.memories.using("ana") as memory:
        memory.remember(text="x")
    text = asked_for_numbers(fresh)
    counted = 'sensorium_requests_total{method="GET",route="/v1/memories/{id:path}",status="404"}'
    assert f"{counted} 3.0" in text
    assert 'route="other"' in text
    assert "sensorium_points 1.0" in text
    assert "sensorium_recalls_total 0.0" in text
    assert "secret" not in text
    assert "any/path" not in text
    for number in range(5):
        client(fresh).request(f"METHOD{number}", "/health")
    text = asked_for_numbers(fresh)
    assert 'method="OTHER"' in text
    assert "METHOD" not in text


def test_numbers_are_of_admins(fresh: FastAPI) -> None:
    """And of nobody else, unless a program of this machine asks."""
    assert client(fresh).get("/metrics").status_code == 401
    assert client(fresh, "ana").get("/metrics").status_code == 403
    assert client(fresh, "admin").get("/metrics").status_code == 200
    here = TestClient(fresh, base_url=ADDRESS, client=("127.0.0.1", 5))
    assert here.get("/metrics").status_code == 200


def test_a_request_has_an_id(ana: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    """Its own, or that of a proxy, unless that is none; the log has it, and no key of a link."""
    caplog.set_level(logging.DEBUG, "sensorium.server")
    made = ana.get("/health").headers["x-request-id"]
    assert len(made) == 16
    assert ana.get("/health", headers={"X-Request-Id": "a-1"}).headers["x-request-id"] == "a-1"
    for odd in ("a b", "x" * 65, "<b>"):
        assert ana.get("/health", headers={"X-Request-Id": odd}).headers["x-request-id"] != odd
    assert f"{made} GET /health 200" in caplog.text
    ana.get("/sign-in?key=a-secret-key")
    assert "a-secret-key" not in caplog.text


@pytest.mark.parametrize(
    "url",
    ["memory.example.com", "ftp://x", "https://", "https://x/y", "https://u:p@x", "http://x:y"],
)
def test_a_public_address_is_one(url: str) -> None:
    """A scheme and a host, and nothing that would not be heeded."""
    with pytest.raises(RequestError, match=r"https://memory\.example\.com"):
        ServerOptions(public_url=url)
