"""Browsers sign in by a link or a token, and hold a cookie that pages elsewhere cannot use."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient
from tests.support.planted import PlantedEncoder
from tests.support.serving import ADDRESS, client, token_of, tokens

from sensorium.agents.grants import Grant, Grants, digest_of
from sensorium.memory import Memory
from sensorium.server import ServerOptions, build_app
from sensorium.server.entry.attempts import MOST_FAILURES
from sensorium.server.entry.sessions import LASTS, LINK_LASTS, MOST_SESSIONS, Sessions

OURS = {"X-Sensorium": "1", "Origin": ADDRESS}
GRANT = Grant(digest_of("x"), "ana")


def sign_in(app: FastAPI, name: str = "ana") -> TestClient:
    browser = client(app)
    assert browser.post("/v1/session", json={"token": token_of(name)}).status_code == 204
    return browser


def cookie_of(answer: Response) -> SimpleCookie:
    return SimpleCookie(answer.headers["set-cookie"])


@pytest.mark.slow
def test_a_token_becomes_a_cookie(app: FastAPI) -> None:
    """Which scripts cannot read, other sites cannot send, and which is not the token."""
    browser = client(app)
    answer = browser.post("/v1/session", json={"token": token_of("ana")})
    cookie = cookie_of(answer)["sensorium"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "strict"
    assert not cookie["secure"]
    assert token_of("ana") not in answer.headers["set-cookie"]
    assert browser.get("/v1/session").json()["owner"] == "ana"
    assert browser.get("/v1/memories/note").status_code == 200


def test_signing_out_ends_the_session(app: FastAPI) -> None:
    """For whoever has the cookie, also if the browser keeps it."""
    browser = sign_in(app)
    kept = dict(browser.cookies)
    assert browser.delete("/v1/session", headers=OURS).status_code == 204
    assert not browser.cookies
    other = client(app)
    other.cookies.update(kept)
    assert other.get("/v1/session").status_code == 401


@pytest.mark.parametrize("cookie", ["", "x", "../../etc", "ä" * 9, "0" * 4000, digest_of("x")])
def test_a_forged_cookie_signs_nobody_in(app: FastAPI, cookie: str) -> None:
    """Whatever is in it."""
    headers = {b"cookie": b"sensorium=" + cookie.encode()}
    answer = client(app).get("/v1/session", headers=headers)
    assert answer.status_code == 401


def test_a_link_signs_in_once(app: FastAPI) -> None:
    """And leads to the page; the key is of no use afterwards, nor is a wrong one."""
    key = app.state.access.sessions.link(Grant(digest_of("link"), "ben", frozenset({"read"})))
    browser = client(app)
    answer = browser.get(f"/sign-in?key={key}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert browser.get("/v1/session").json()["owner"] == "ben"
    assert client(app).get(f"/sign-in?key={key}").status_code == 401
    shown = client(app).get(
        f"/sign-in?key={key}", headers={"Accept": "text/html"}, follow_redirects=False
    )
    assert (shown.status_code, shown.headers["location"]) == (303, "/#/link-ended")
    assert "set-cookie" not in shown.headers
    assert client(app).get("/sign-in").status_code == 422
    assert key not in client(app).get(f"/sign-in?key={key}").text


def test_a_session_ends_with_its_token() -> None:
    """Revoking the token signs out every browser that used it."""
    with Memory.open(":memory:", owner="ana", encoder=PlantedEncoder()) as memory:
        left = tokens()
        app = build_app(memory, tokens=left)
        browser = sign_in(app)
        assert browser.get("/v1/session").status_code == 200
        left._grants.remove(Grants.of(left, token_of("ana")))  # type: ignore[arg-type]  # is there
        assert browser.get("/v1/session").status_code == 401


def test_sessions_are_bounded_and_expire() -> None:
    """In number and in time, as links are."""

    class Clock:
        now = 0.0

        def __call__(self) -> float:
            return self.now

    clock = Clock()
    sessions = Sessions(clock=clock)
    first, key, late = sessions.begin(GRANT), sessions.link(GRANT), sessions.link(GRANT)
    assert sessions.redeem(key)
    assert sessions.redeem(key) is None
    clock.now = LINK_LASTS
    assert sessions.redeem(late) is None
    assert sessions.of(first) == (GRANT, True)
    clock.now = LASTS
    assert sessions.of(first) is None
    other = Grant(digest_of("y"), "ana")
    theirs = sessions.begin(other)
    cookies = [sessions.begin(GRANT) for _ in range(MOST_SESSIONS + 1)]
    assert sessions.of(theirs) == (other, True), "a token signs out nobody else's"
    assert sessions.of(cookies[0]) is None
    assert sessions.of(cookies[-1])


def test_guessing_is_slowed_down(fresh: FastAPI) -> None:
    """Tokens, keys of links and sign-ins count together; the answer says when to come back."""
    browser = client(fresh)
    for number in range(MOST_FAILURES):
        if number % 2:
            answer = browser.post("/v1/session", json={"token": f"sns_{number}" * 8})
        else:
            answer = browser.get(f"/sign-in?key={number}")
        assert answer.status_code == 401
    limited = client(fresh, "ana").get("/v1/session")
    assert limited.status_code == 429
    assert 0 < int(limited.headers["retry-after"]) <= 60
    assert browser.get("/health").status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9", "", "x:y"])
@pytest.mark.parametrize("how", ["cookie", "token", "neither"])
def test_pages_elsewhere_change_nothing(app: FastAPI, origin: str, how: str) -> None:
    """Whatever a browser sends along: they are told by their Origin."""
    browser = sign_in(app) if how == "cookie" else client(app, "ana" if how == "token" else None)
    headers = {"Origin": origin, "X-Sensorium": "1"}
    answer = browser.post("/v1/session", json={"token": token_of("ben")}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "ForbiddenError")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers", [{}, {"X-Sensorium": "0"}, {"Authorization": "Basic YTpi"}, {"Authorization": "x"}]
)
def test_a_cookie_alone_changes_nothing(app: FastAPI, headers: dict[str, str]) -> None:
    """A form elsewhere sends cookies and a name with a password, but no header of ours."""
    browser = sign_in(app)
    assert browser.delete("/v1/session", headers=headers).status_code == 403
    assert browser.get("/v1/session").status_code == 200
    assert browser.delete("/v1/session", headers={"X-Sensorium": "1"}).status_code == 204


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("LOCALHOST:80", 200),
        ("[::1]:8000", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.", 421),
        ("127.0.0.1@evil.example", 421),
        ("192.0.2.1", 421),
        ("", 421),
        ("127.0.0.1:8000/evil.example", 421),
    ],
)
def test_a_name_that_was_led_here_is_refused(app: FastAPI, host: str, status: int) -> None:
    """Only the names of this machine reach a server that listens there."""
    for path in ("/health", "/v1/session", "/", "/mcp"):
        answer = client(app, "ana").get(path, headers={"Host": host})
        assert (answer.status_code == 421) == (status == 421), path


def served(options: ServerOptions) -> TestClient:
    memory = Memory.open(":memory:", owner="ana", encoder=PlantedEncoder())
    return client(build_app(memory, tokens=tokens(), options=options))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("memory.example.com", 200),
        ("Memory.Example.com:8443", 200),
        ("192.0.2.7:8000", 200),
        ("[2001:db8::1]", 200),
        ("localhost:8000", 200),
        ("other.example.com", 421),
        ("memory.example.com.evil.example", 421),
    ],
)
def test_a_public_server_has_its_names(host: str, status: int) -> None:
    """The public one, and numbers, which nobody can lead elsewhere."""
    options = ServerOptions(host="0.0.0.0", public_url="https://memory.example.com")
    assert served(options).get("/health", headers={"Host": host}).status_code == status


def test_over_tls_cookies_stay_there() -> None:
    """They are Secure, browsers are told to come back by TLS, and the public page is ours."""
    options = ServerOptions(public_url="https://memory.example.com", over_tls=True)
    browser = served(options)
    headers = {"Origin": "https://memory.example.com", "Host": "127.0.0.1:8000"}
    answer = browser.post("/v1/session", json={"token": token_of("ana")}, headers=headers)
    assert answer.status_code == 204
    cookie = cookie_of(answer)["__Host-sensorium"]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
    assert "max-age" in answer.headers["strict-transport-security"]


def test_over_tls_a_cookie_that_others_could_set_signs_nobody_in() -> None:
    """A page of another name of the domain may set "sensorium", but not with the prefix."""
    options = ServerOptions(public_url="https://memory.example.com", over_tls=True)
    browser = served(options)
    answer = browser.post("/v1/session", json={"token": token_of("ana")})
    value = cookie_of(answer)["__Host-sensorium"].value
    for name, status in (("sensorium", 401), ("__Host-sensorium", 200)):
        other = TestClient(browser.app, base_url=ADDRESS, headers={"Cookie": f"{name}={value}"})
        assert other.get("/v1/session").status_code == status, name
    out = TestClient(browser.app, base_url=ADDRESS, headers={"Cookie": f"__Host-sensorium={value}"})
    gone = out.delete("/v1/session", headers={"X-Sensorium": "1"})
    assert gone.headers["set-cookie"].startswith("__Host-sensorium=")
    assert out.get("/v1/session").status_code == 401
    described = browser.get("/openapi.json").json()["components"]["securitySchemes"]
    assert described["cookie"]["name"] == "__Host-sensorium"


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("memory.example.com", "https://memory.example.com", 204),
        ("memory.example.com", "https://memory.example.com:443", 204),
        ("memory.example.com:443", "https://memory.example.com", 204),
        ("memory.example.com", "http://memory.example.com", 403),
        ("memory.example.com", "http://memory.example.com:443", 403),
        ("memory.example.com:443", "http://memory.example.com:443", 403),
        ("memory.example.com", "https://memory.example.com:8443", 403),
        ("memory.example.com", "ftp://memory.example.com", 403),
        ("127.0.0.1:8000", "http://127.0.0.1:8000", 403),
    ],
)
def test_a_page_has_scheme_and_port_of_the_server(host: str, origin: str, status: int) -> None:
    """One over plain HTTP may be anybody's on the way, though its name is that of the server."""
    options = ServerOptions(public_url="https://memory.example.com", over_tls=True)
    headers = {"Host": host, "Origin": origin}
    sent = {"token": token_of("ana")}
    assert served(options).post("/v1/session", json=sent, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("address", "origin", "status"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", 204),
        ("http://127.0.0.1:8000", "https://127.0.0.1:8000", 403),
        ("http://localhost", "http://localhost:80", 204),
        ("https://localhost", "https://localhost", 204),
        ("https://localhost", "http://localhost", 403),
    ],
)
def test_without_a_public_address_the_request_tells_the_scheme(
    fresh: FastAPI, address: str, origin: str, status: int
) -> None:
    """That of the connection by which it came."""
    browser = TestClient(fresh, base_url=address, headers={"Origin": origin})
    answer = browser.post("/v1/session", json={"token": token_of("ana")})
    assert answer.status_code == status


def test_a_server_to_be_read_gives_no_other_right() -> None:
    """Whatever the token says."""
    browser = served(ServerOptions(read_only=True))
    browser.headers["Authorization"] = f"Bearer {token_of('ana')}"
    assert browser.get("/v1/session").json()["rights"] == ["read"]
