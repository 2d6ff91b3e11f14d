"""Many owners behind one server over HTTP: a token reaches its owner's memories, by its rights."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from tests.support.command_line import run
from tests.support.mcp_asking import ask, data_of, picture, refused, remembering
from tests.support.mcp_process import HANDSHAKE, serving

from sensorium.errors import MemoryAccessError, OwnerError
from sensorium.mcp import Grant, build_server, grants_of

ADA, BOB, GUEST = ("token-of-ada-0123456789", "token-of-bob-0123456789", "token-of-guest-012345678")
SHORT = "fifteen letters"


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def table(token: str, owner: str, *rights: str) -> str:
    named = ", ".join(f'"{right}"' for right in rights)
    return f'[[tokens]]\nsha256 = "{digest(token)}"\nowner = "{owner}"\nrights = [{named}]\n'


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    path = tmp_path / "tokens.toml"
    every = ("read", "write", "forget")
    path.write_text(
        table(ADA, "ada", *every)
        + table(BOB, "bob", "read", "write")
        + table(GUEST, "ada", "read")
        + table(SHORT, "ada", *every)
    )
    return path


@asynccontextmanager
async def connected(url: str, token: str) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers) as web,
        Client(streamable_http_client(url, http_client=web)) as client,
    ):
        yield client


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
async def test_each_reaches_its_own(tmp_path: Path, tokens: Path) -> None:
    """At once, through tools and resources; nobody finds, changes or forgets another's memory."""
    with serving(tmp_path / "memory", "--tokens", str(tokens)) as (_, url):
        async with connected(url, ADA) as ada, connected(url, BOB) as bob:
            for client, secret in ((ada, "sea"), (bob, "dog"), (ada, "sun"), (bob, "cow")):
                await ask(client, "remember", text=secret, media=[picture(secret)])
            counts = await asyncio.gather(*(data_of(each, "count") for each in (ada, bob) * 5))
            assert [each["count"] for each in counts] == [2] * 10
            texts = {record["text"] for record in (await data_of(bob, "timeline"))["records"]}
            assert texts == {"dog", "cow"}
            [hers, *_] = (await data_of(ada, "timeline"))["records"]
            assert hers["id"] in await refused(bob, "update", id=hers["id"], text="mine")
            await refused(bob, "recall", like=hers["id"])
            await refused(bob, "fetch", id=hers["id"])
            with pytest.raises(MCPError):
                await bob.read_resource(hers["uri"])
            assert (await ada.read_resource(hers["uri"])).contents
            assert (await data_of(ada, "forget", everything=True))["forgotten"] == 2
            assert (await data_of(bob, "count"))["count"] == 2
    with remembering(tmp_path / "memory", owner="bob") as memory:
        assert memory.count() == 2
        assert memory.for_owner("ada").count() == memory.for_owner("rex").count() == 0


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
async def test_rights_bound_what_a_token_does(tmp_path: Path, tokens: Path) -> None:
    """Tools of other rights are neither listed nor run; unknown and short tokens are refused."""
    with serving(tmp_path / "memory", "--tokens", str(tokens)) as (_, url):
        async with connected(url, GUEST) as guest, connected(url, BOB) as bob:
            listed = {tool.name for tool in (await guest.list_tools()).tools}
            assert listed == {"recall", "timeline", "episodes", "when", "count", "search", "fetch"}
            assert "right to write" in await refused(guest, "remember", text="x")
            assert "right to forget" in await refused(guest, "forget", everything=True)
            assert "forget" not in {tool.name for tool in (await bob.list_tools()).tools}
            assert "right to forget" in await refused(bob, "forget", everything=True)
            assert (await data_of(guest, "count"))["count"] == 0
        sent = {"content-type": "application/json", "accept": "application/json,text/event-stream"}
        async with httpx2.AsyncClient(headers=sent) as web:
            for token in (SHORT, digest(ADA), ADA[:-1], ADA + "x", "ü" * 20):
                headers = [(b"authorization", f"Bearer {token}".encode())]
                answer = await web.post(url, json=HANDSHAKE[0], headers=headers)
                assert answer.status_code == 401, token


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
async def test_a_session_is_that_of_its_token(tmp_path: Path, tokens: Path) -> None:
    """Whoever learns the id of another's session cannot go on in it."""
    sent = {"content-type": "application/json", "accept": "application/json,text/event-stream"}
    with serving(tmp_path / "memory", "--tokens", str(tokens)) as (_, url):
        async with httpx2.AsyncClient(headers=sent) as web:
            ada = {"Authorization": f"Bearer {ADA}"}
            begun = await web.post(url, json=HANDSHAKE[0], headers=ada)
            session = {"mcp-session-id": begun.headers["mcp-session-id"]}
            call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
            for token, status in ((BOB, 404), (GUEST, 404), (ADA, 200)):
                headers = {**session, "Authorization": f"Bearer {token}"}
                answer = await web.post(url, json=call, headers=headers)
                assert answer.status_code == status, token


BAD = {
    "none": ("", r"\[\[tokens\]\]"),
    "another table": ("[[token]]\n", r"\[\[tokens\]\]"),
    "no table": ("tokens = 3\n", r"\[\[tokens\]\]"),
    "a list of no tables": ("tokens = [1]\n", r"\[\[tokens\]\]"),
    "rights that are no list": (table(ADA, "ada").replace("[]", "5"), "sha256, owner and rights"),
    "no TOML": ("[[", "TOML"),
    "the token itself": ('[[tokens]]\nsha256 = "a long secret token"\nowner = "ada"\n', "hash it"),
    "no owner": (f'[[tokens]]\nsha256 = "{"0" * 64}"\n', "owner"),
    "another right": (table(ADA, "ada", "read", "rule"), "read, write, forget"),
    "no right": (table(ADA, "ada"), "read, write, forget"),
    "a time without its zone": (
        table(ADA, "ada", "read") + "created = 2026-07-01T12:00:00\n",
        "created as a time",
    ),
    "a name that is none": (table(ADA, "ada", "read") + "name = 3\n", "name"),
    "an unknown field": (table(ADA, "ada", "read") + "scope = 1\n", "sha256, owner and rights"),
}


@pytest.mark.parametrize(("content", "words"), BAD.values(), ids=BAD)
def test_a_wrong_file_of_tokens_is_told(tmp_path: Path, content: str, words: str) -> None:
    """And lets in nobody: the server does not start. No token is repeated."""
    path = tmp_path / "tokens.toml"
    path.write_text(content)
    with pytest.raises(MemoryAccessError, match=words) as told:
        grants_of(path)
    assert "secret" not in str(told.value)
    place = tmp_path / "memory"
    arguments = ["mcp", "--memory", str(place), "--transport", "http", "--tokens", str(path)]
    assert "Traceback" not in run(*arguments, code=1).output
    assert not place.exists()


def test_grants_are_checked(tmp_path: Path) -> None:
    """One digest is one owner's, an owner is a name, and a file without HTTP is refused."""
    one = Grant(digest(ADA), "ada")
    with remembering() as memory:
        with pytest.raises(MemoryAccessError, match="differ"):
            build_server(memory, grants=[one, Grant(digest(ADA), "bob")])
        with pytest.raises(MemoryAccessError, match="both"):
            build_server(memory, grants=[one], token=ADA)
    with pytest.raises(OwnerError):
        Grant(digest(ADA), "")
    with pytest.raises(MemoryAccessError, match="a TOML file"):
        grants_of(tmp_path / "none.toml")
    path = tmp_path / "tokens.toml"
    path.write_text(table(ADA, "ada", "read"))
    output = run("mcp", "--memory", str(tmp_path / "x"), "--tokens", str(path), code=2).output
    assert "add --transport http" in re.sub(r"[\s│]+", " ", output)
