"""`sensorium serve` as a process: who comes in, from where, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import os
import signal
import socket
import ssl
import time
from contextlib import ExitStack, suppress
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from tests.support.command_line import run, run_json
from tests.support.mcp_asking import ask, data_of, remembering
from tests.support.mcp_process import ENCODER, HANDSHAKE
from tests.support.planted import PlantedEncoder
from tests.support.server_process import ended, served

from sensorium.errors import MemoryAccessError, RequestError
from sensorium.mcp.connections import LONGEST_HEAD, PERIOD
from sensorium.mcp.shares import MOST_SESSIONS
from sensorium.memory import Memory
from sensorium.server import ServerOptions, TokenFile, serve

SENT = {"accept": "application/json,text/event-stream"}
OURS = {"X-Sensorium": "1"}
WRITING = {"remember", "update"}  # tools that a token which only reads has not
HALF = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a"


def at(link: str) -> str:
    return link.partition("/sign-in")[0]


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_the_link_signs_in_and_the_end_keeps_all(tmp_path: Path) -> None:
    """One line on stdout; the link works once; what was remembered survives SIGTERM."""
    with served(tmp_path) as (process, link):
        with httpx2.Client(follow_redirects=True) as browser:
            page = browser.get(link)
            assert (page.status_code, page.url.path) == (200, "/")
            session = browser.get(f"{at(link)}/v1/session").json()
            assert (session["owner"], "admin" in session["rights"]) == ("rex", True)
            made = browser.post(f"{at(link)}/v1/memories", json={"text": "sea"}, headers=OURS)
            assert made.status_code == 201, made.text
            assert httpx2.get(link).status_code == 401
            assert httpx2.get(f"{at(link)}/health").json() == {"status": "ok"}
            assert "server" not in page.headers
        process.send_signal(signal.SIGTERM)
        code, out, err = ended(process)
        assert (code, out) == (0, "")
        assert "Traceback" not in err
        assert link.partition("key=")[2] not in err
    with remembering(tmp_path) as memory:
        assert memory.count() == 1


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_the_link_is_said_once_it_is_answered(tmp_path: Path) -> None:
    """Whoever reads it may open it, or press Ctrl-C, at once."""
    answers = []

    def announce(link: str) -> None:
        answers.append(httpx2.get(f"{at(link)}/health", timeout=10).json())
        os.kill(os.getpid(), signal.SIGINT)

    with Memory.open(tmp_path, owner="rex", encoder=PlantedEncoder()) as memory:
        with pytest.raises(KeyboardInterrupt):
            serve(memory, port=0, announce=announce)
        assert memory.count() == 0
    assert answers == [{"status": "ok"}]


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
async def test_agents_use_the_same_tokens(tmp_path: Path) -> None:
    """A real MCP client reaches its owner's memories; what tokens come and go is heard at once."""
    file = TokenFile(tmp_path / "tokens.toml")
    ana, guest = file.add("ana", ["read", "write"]), file.add("ana", ["read"])
    with served(tmp_path) as (process, link):
        base = at(link)
        ben = run_json("token", "add", "--owner", "ben", "--memory", tmp_path)["token"]
        for token, writes in ((ana, True), (guest, False)):
            headers = {"Authorization": f"Bearer {token}"}
            async with (
                httpx2.AsyncClient(headers=headers) as web,
                Client(streamable_http_client(f"{base}/mcp", http_client=web)) as client,
            ):
                tools = {tool.name for tool in (await client.list_tools()).tools}
                assert "recall" in tools
                assert ({"remember", "update"} <= tools) is writes
                if writes:
                    await ask(client, "remember", text="the sea")
                assert (await data_of(client, "count"))["count"] == 1
                listed = await web.get(f"{base}/v1/memories")
                assert [each["text"] for each in listed.json()["records"]] == ["the sea"]
        async with httpx2.AsyncClient() as web:
            bearer = {"Authorization": f"Bearer {ben}"}
            listed = await web.get(f"{base}/v1/memories", headers=bearer)
            assert listed.json()["records"] == []
            assert (await web.post(f"{base}/mcp", json={})).status_code == 401
            assert (
                await web.post(f"{base}/mcp", json={}, headers={"Cookie": "sensorium=x"})
            ).status_code == 403
            for _ in range(MOST_SESSIONS):
                begun = await web.post(f"{base}/mcp", json=HANDSHAKE[0], headers=bearer | SENT)
                assert begun.status_code == 200
            begun = await web.post(f"{base}/mcp", json=HANDSHAKE[0], headers=bearer | SENT)
            assert begun.status_code == 429, "an owner keeps out nobody else"
            run("token", "revoke", "--memory", tmp_path, file.of(ben).sha256[:8])  # type: ignore[union-attr]  # is there
            gone = await web.get(f"{base}/v1/memories", headers=bearer)
            assert gone.status_code == 401
        process.send_signal(signal.SIGINT)
        assert (await asyncio.to_thread(process.wait, 30)) == 130


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_slow_and_huge_requests_end(tmp_path: Path) -> None:
    """Half a head is closed after seconds, a huge one at once; others are answered meanwhile."""
    with served(tmp_path) as (_, link), ExitStack() as opened:
        port = urlsplit(link).port
        halves = []
        for _ in range(10):
            half = opened.enter_context(socket.create_connection(("127.0.0.1", port), 30))
            half.sendall(HALF)
            halves.append(half)
        huge = opened.enter_context(socket.create_connection(("127.0.0.1", port), 30))
        with suppress(ConnectionError):  # it is closed before all of it has been sent
            huge.sendall(HALF + b"a" * 2_000_000)
            assert huge.recv(4096).startswith((b"HTTP/1.1 400", b"HTTP/1.1 431"))
        assert httpx2.get(f"{at(link)}/health").status_code == 200
        began = time.monotonic()
        for half in halves:
            half.settimeout(LONGEST_HEAD + 4 * PERIOD)
            assert half.recv(4096) == b""
        assert time.monotonic() - began < LONGEST_HEAD + 4 * PERIOD


def certified(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that nobody else signed, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "cert.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_tls_is_spoken(tmp_path: Path) -> None:
    """The link is https, the cookie Secure; who speaks plain HTTP is not answered."""
    certificate, key = certified(tmp_path)
    options = ("--tls-cert", str(certificate), "--tls-key", str(key))
    with served(tmp_path / "m", *options) as (_, link):
        assert link.startswith("https://127.0.0.1:")
        trust = ssl.create_default_context(cafile=str(certificate))
        answer = httpx2.get(link, verify=trust)
        assert answer.status_code == 303
        assert "secure" in answer.headers["set-cookie"].lower()
        assert "strict-transport-security" in answer.headers
        with pytest.raises(httpx2.TransportError):
            httpx2.get(f"http{at(link).removeprefix('https')}/health")


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_behind_a_proxy_its_word_is_taken(tmp_path: Path) -> None:
    """Its address is ours, no link is printed, and wrong tokens are counted by its clients."""
    token = TokenFile(tmp_path / "tokens.toml").add("ana")
    with served(tmp_path, "--behind-proxy", "https://memory.example.com") as (process, line):
        assert line == "https://memory.example.com/"
        assert process.stderr is not None
        port = listening(process.pid)
        base = f"http://127.0.0.1:{port}"
        assert httpx2.get(f"{base}/health", headers={"Host": "memory.example.com"}).is_success
        for number in range(12):
            sent = {"Authorization": "Bearer wrong-wrong-wrong", "X-Forwarded-For": "192.0.2.1"}
            answer = httpx2.get(f"{base}/v1/session", headers=sent)
            assert answer.status_code == (401 if number < 10 else 429)
        sent = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "192.0.2.2"}
        assert httpx2.get(f"{base}/v1/session", headers=sent).is_success
        assert httpx2.get(f"{base}/metrics").status_code == 401


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize(("proxy", "status"), [("127.0.0.1", 401), ("192.0.2.0/24", 429)])
def test_only_the_address_of_the_proxy_is_believed(tmp_path: Path, proxy: str, status: int) -> None:
    """Who asks from elsewhere cannot have wrong tokens counted as those of another address."""
    TokenFile(tmp_path / "tokens.toml").add("ana")
    proxied = ("--behind-proxy", "https://memory.example.com", "--proxy-address", proxy)
    with served(tmp_path, *proxied) as (process, _):
        session = f"http://127.0.0.1:{listening(process.pid)}/v1/session"
        blamed = {"X-Forwarded-For": "192.0.2.1"}
        for _ in range(10):
            sent = {"Authorization": "Bearer wrong-wrong-wrong", **blamed}
            assert httpx2.get(session, headers=sent).status_code == 401
        here = httpx2.get(session, headers={"Authorization": "Bearer wrong-wrong-wrong"})
        assert here.status_code == status


@pytest.mark.parametrize("proxy", ["proxy.example.com", "10.0.0.1,", "10.0.0.1/8", "*"])
def test_the_address_of_a_proxy_is_a_number(proxy: str) -> None:
    """A name would be believed of nobody; a server without a proxy takes none."""
    with pytest.raises(RequestError, match=r"10\.0\.0"):
        ServerOptions(behind_proxy=True, proxy_address=proxy)
    with pytest.raises(RequestError, match="--behind-proxy"):
        ServerOptions(proxy_address="10.0.0.2")


def listening(process: int) -> int:
    """The port at which a process listens, as the system says."""
    nodes = set()
    for link in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since it was listed
            kind, _, node = str(link.readlink()).partition(":")
            if kind == "socket":
                nodes.add(node.strip("[]"))
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and fields[9] in nodes:
            return int(fields[1].partition(":")[2], 16)
    raise AssertionError("it does not listen")


def test_other_machines_need_tls_and_tokens(tmp_path: Path) -> None:
    """Or somebody who says that a proxy is there; the message says which option helps."""
    command = ["serve", str(tmp_path / "m"), "--encoder", ENCODER]
    plain = run(*command, "--host", "0.0.0.0", code=1).output
    assert "--behind-proxy" in plain
    certificate, key = certified(tmp_path)
    options = ["--tls-cert", str(certificate), "--tls-key", str(key)]
    assert "token add" in run(*command, "--host", "0.0.0.0", *options, code=1).output
    assert "token add" in run(*command, "--behind-proxy", "https://x.example", code=1).output
    both = ["--behind-proxy", "https://x.example", "--public-url", "https://y.example"]
    assert "--public-url" in run(*command, *both, code=2).output
    assert "https://" in run(*command, "--behind-proxy", "x.example", code=1).output


def test_files_for_tls_are_checked(tmp_path: Path) -> None:
    """Both of them, before anything is served."""
    certificate, key = certified(tmp_path)
    with Memory.open(":memory:", owner="ana", encoder=PlantedEncoder()) as memory:
        for files in ((certificate, None), (None, key)):
            with pytest.raises(MemoryAccessError, match="--tls-key"):
                serve(memory, certificate=files[0], key=files[1])
        for one, other in ((key, certificate), (certificate, tmp_path / "none")):
            with pytest.raises(MemoryAccessError, match="belong together"):
                serve(memory, certificate=one, key=other)
        with pytest.raises(MemoryAccessError, match="without TLS"):
            serve(memory, options=ServerOptions(host="192.0.2.1"))


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    """And what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = run("serve", tmp_path, "--encoder", ENCODER, "--port", port, code=1).output
    assert port in told
    assert "--port" in told


def test_tokens_are_listed_and_revoked(tmp_path: Path) -> None:
    """On the command line, in words and JSON; a token is on stdout alone, and nowhere later."""
    place = ["--memory", str(tmp_path)]
    rights = "write, read"
    made = run("token", "add", "--owner", "ana", "--rights", rights, "--name", "laptop", *place)
    token = made.stdout.strip()
    assert token.startswith("sns_")
    listed = run_json("token", "list", *place)["tokens"]
    assert [(each["owner"], each["rights"], each["name"]) for each in listed] == [
        ("ana", ["read", "write"], "laptop")
    ]
    assert token not in json.dumps(listed)
    line = run("token", "list", *place).stdout
    assert "laptop" in line
    assert listed[0]["id"] in line
    assert (
        "read, write, forget"
        in run("token", "add", "--owner", "a", "--rights", "x", *place, code=2).output
    )
    assert run_json("token", "revoke", "laptop", *place)["revoked"] == listed[0]
    assert "token list" in run("token", "revoke", "laptop", *place, code=1).output
    assert "token add" in run("token", "list", *place).stderr
    server = ["--memory", "http://127.0.0.1:6333"]
    assert "--tokens" in run("token", "list", *server, code=2).output
