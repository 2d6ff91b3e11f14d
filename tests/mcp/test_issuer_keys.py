"""The keys of an issuer: fetched seldom, by one at a time, whoever asks and however it is."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import anyio.to_thread
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from sensorium.mcp import issuer_keys
from sensorium.mcp.issuer_keys import LIFETIME, MOST_BYTES, PAUSE, IssuerKeys

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()


class Issuer(ThreadingHTTPServer):
    """An issuer of which is counted how often it is asked, and which answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.names = ["one"]
        self.content: bytes | None = None  # in place of the keys
        self.status = 200
        self.asked = 0
        self.free = threading.Event()
        self.free.set()
        self.address = f"http://127.0.0.1:{self.server_address[1]}/keys"

    def document(self) -> bytes:
        keys = [{**RSAAlgorithm.to_jwk(KEY, as_dict=True), "kid": name} for name in self.names]
        return json.dumps({"keys": keys}).encode()


class Answer(BaseHTTPRequestHandler):
    """One answer of the issuer."""

    server: Issuer

    def do_GET(self) -> None:
        self.server.asked += 1
        self.server.free.wait(30)
        content = self.server.document() if self.server.content is None else self.server.content
        self.send_response(self.server.status)
        self.send_header("location", "/elsewhere")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing."""


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.free.set()
        server.shutdown()
        thread.join()


@pytest.mark.allow_hosts(["127.0.0.1"])
async def test_keys_are_fetched_when_they_are_needed(issuer: Issuer) -> None:
    """Once for all tokens, again when they are old, and for a new key after a pause."""
    clock = Clock()
    keys = IssuerKeys(issuer.address, clock=clock)
    assert all(await asyncio.gather(*(keys.named("one") for _ in range(20))))
    assert issuer.asked == 1
    issuer.names = ["one", "two"]
    for _ in range(20):
        assert await keys.named("two") is None
    assert issuer.asked == 1
    clock.now += PAUSE
    assert await keys.named("two") is not None
    clock.now += LIFETIME - 1
    issuer.names = ["two"]
    assert await keys.named("one") is not None
    assert issuer.asked == 2
    clock.now += 1
    assert await keys.named("one") is None, "the issuer has withdrawn it"
    assert issuer.asked == 3


DOWN: dict[str, tuple[int, bytes | None]] = {
    "an error": (503, None),
    "elsewhere": (302, None),
    "a page": (200, b"<p>"),
    "a list": (200, b"[1]"),
    "no keys": (200, b'{"keys": []}'),
    "keys that are none": (200, b'{"keys": [{"kty": "x"}]}'),
    "keys that are numbers": (200, b'{"keys": [1]}'),
    "much": (200, b" " * (MOST_BYTES + 1)),
    "letters that are none": (200, b"\xff\xfe\xff"),
}


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize(("status", "content"), DOWN.values(), ids=DOWN)
async def test_an_issuer_that_is_down_is_asked_seldom(
    issuer: Issuer, status: int, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Tokens are refused at once meanwhile, the operator is told why, and it is asked again."""
    clock = Clock()
    keys = IssuerKeys(issuer.address, clock=clock)
    issuer.status, issuer.content = status, content
    for _ in range(5):
        assert await keys.named("one") is None
    assert issuer.asked == 1
    assert caplog.text.count("keys of the issuer") == 1
    issuer.status, issuer.content = 200, None
    clock.now += PAUSE
    assert await keys.named("one") is not None


@pytest.mark.allow_hosts(["127.0.0.1"])
async def test_keys_that_are_here_outlast_a_failure(issuer: Issuer) -> None:
    """A token that names an unknown key takes nothing from the others, until the keys are old."""
    clock = Clock()
    keys = IssuerKeys(issuer.address, clock=clock)
    assert await keys.named("one") is not None
    issuer.status = 503
    clock.now += PAUSE
    assert await keys.named("two") is None
    assert await keys.named("one") is not None
    clock.now += LIFETIME
    assert await keys.named("one") is None


@pytest.mark.allow_hosts(["127.0.0.1"])
async def test_an_issuer_that_hangs_holds_nobody(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for it holds no thread and gives up; whoever has a key does not wait."""
    clock = Clock()
    keys = IssuerKeys(issuer.address, clock=clock)
    assert await keys.named("one") is not None
    clock.now += PAUSE
    issuer.free.clear()
    monkeypatch.setattr(issuer_keys, "TIMEOUT", 0.5)
    waiting = [asyncio.create_task(keys.named("two")) for _ in range(50)]
    while issuer.asked < 2:
        await asyncio.sleep(0)
    assert await keys.named("one") is not None
    assert not any(task.done() for task in waiting)
    assert anyio.to_thread.current_default_thread_limiter().borrowed_tokens == 0
    assert await asyncio.gather(*waiting) == [None] * 50
    assert issuer.asked == 2
