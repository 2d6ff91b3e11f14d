"""Tokens of an issuer: whom they let in, to whose memories, and what strangers are told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import RSAAlgorithm
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from tests.support.command_line import run
from tests.support.mcp_asking import ask, data_of, refused, remembering
from tests.support.mcp_process import HANDSHAKE, serving

from sensorium.errors import MemoryAccessError
from sensorium.mcp import Grant, Issuer, build_server
from sensorium.mcp.issuers import IssuedTokens

RESOURCE = "https://memory.example/mcp"
SENT = {"content-type": "application/json", "accept": "application/json,text/event-stream"}
KEY, OTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
CURVE = ec.generate_private_key(ec.SECP256R1())


class Keys(BaseHTTPRequestHandler):
    """The public key of the issuer."""

    def do_GET(self) -> None:
        assert self.path == "/.well-known/jwks.json"
        key = {**RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "k", "use": "sig"}
        content = json.dumps({"keys": [key]}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing."""


@pytest.fixture
def issuer() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Keys) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def token(issuer: str, *, key: Any = KEY, algorithm: str = "RS256", **claims: Any) -> str:
    about = {"iss": issuer, "aud": RESOURCE, "sub": "ada", "exp": time.time() + 600}
    given = {**about, "scope": "memory:read memory:write openid", **claims}
    kept = {name: value for name, value in given.items() if value is not None}
    return jwt.encode(kept, key, algorithm=algorithm, headers={"kid": "k"})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
async def test_an_issuer_names_owners_and_rights(tmp_path: Path, issuer: str) -> None:
    """Clients reach the memories of their own subject; strangers are told where to log in."""
    options = ["--issuer", issuer, "--resource", RESOURCE]
    with serving(tmp_path / "memory", *options) as (_, url):
        for owner in ("ada", "bob"):
            async with (
                httpx2.AsyncClient(headers=bearer(token(issuer, sub=owner))) as web,
                Client(streamable_http_client(url, http_client=web)) as client,
            ):
                await ask(client, "remember", text=f"of {owner}")
                [record] = (await data_of(client, "timeline"))["records"]
                assert record["text"] == f"of {owner}"
                assert "right to forget" in await refused(client, "forget", everything=True)
        async with httpx2.AsyncClient(headers=SENT) as web:
            bad = {
                "a stranger's key": token(issuer, key=OTHER),
                "another issuer": token("https://evil.example"),
                "another server": token(issuer, aud="https://other.example/mcp"),
                "too old": token(issuer, exp=time.time() - 600),
                "no end": token(issuer, exp=None),
                "no owner": token(issuer, sub=None),
                "no name": token(issuer, sub=""),
                "a secret": token(issuer, key="0123456789abcdef" * 4, algorithm="HS256"),
                "no signature": token(issuer, key=None, algorithm="none"),
                "a key of another kind": token(issuer, key=CURVE, algorithm="ES256"),
                "no token": "x.y.z",
                "a long one": "x" * 20_000,
            }
            for name, wrong in bad.items():
                answer = await web.post(url, json=HANDSHAKE[0], headers=bearer(wrong))
                assert answer.status_code == 401, name
            told = answer.headers["www-authenticate"]
            assert "https://memory.example/.well-known/oauth-protected-resource/mcp" in told
            place = url.removesuffix("/mcp") + "/.well-known/oauth-protected-resource/mcp"
            document = (await web.get(place)).json()
            assert document["resource"] == RESOURCE
            assert [each.rstrip("/") for each in document["authorization_servers"]] == [issuer]


@pytest.mark.parametrize("slash", ["", "/"], ids=["the token", "the operator"])
@pytest.mark.allow_hosts(["127.0.0.1"])
async def test_an_issuer_is_named_letter_by_letter(
    issuer: str, slash: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A slash at the end makes another one, which the operator is told; a stranger is not."""
    tokens = IssuedTokens(Issuer(issuer + slash, RESOURCE))
    other = issuer if slash else f"{issuer}/"
    assert await tokens.verify_token(token(issuer + slash)) is not None
    assert await tokens.verify_token(token("https://evil.example/")) is None
    assert await tokens.verify_token(token(other, key=OTHER)) is None
    assert caplog.text == ""
    assert await tokens.verify_token(token(other)) is None
    assert repr(other) in caplog.text
    assert repr(issuer + slash) in caplog.text


@pytest.mark.allow_hosts(["127.0.0.1"])
async def test_keys_that_cannot_be_read_let_in_nobody(
    issuer: str, caplog: pytest.LogCaptureFixture
) -> None:
    """And the operator is told why: here nobody listens where the keys should be."""
    tokens = IssuedTokens(Issuer(issuer, RESOURCE, keys="http://127.0.0.1:1/page"))
    assert await tokens.verify_token(token(issuer)) is None
    assert "http://127.0.0.1:1/page cannot be read" in caplog.text


def test_wrong_issuers_are_told(tmp_path: Path) -> None:
    """Addresses that are none, one of two, or more than one way to let clients in."""
    bad = [("example", RESOURCE), ("https://a.example", "x"), ("", RESOURCE)]
    for wrong in [*bad, ("http://a.example", RESOURCE)]:
        with pytest.raises(MemoryAccessError, match="an address"):
            Issuer(*wrong)
    issuer = Issuer("https://a.example", RESOURCE)
    with remembering() as memory, pytest.raises(MemoryAccessError, match="one of them"):
        build_server(memory, grants=[Grant("0" * 64, "ada")], issuer=issuer)
    arguments = ["mcp", "--memory", str(tmp_path / "x"), "--transport", "http"]
    assert "both addresses" in run(*arguments, "--issuer", "https://a.example", code=2).output
    assert not (tmp_path / "x").exists()
