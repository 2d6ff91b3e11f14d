"""A server over HTTP is bounded: half requests and unread log lines do not stop it."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from tests.support.command_line import run
from tests.support.mcp_asking import remembering
from tests.support.mcp_process import ENCODER, HANDSHAKE, command, environment, serving

from sensorium.cli.log import LONGEST_LINE, DroppingHandler
from sensorium.errors import MemoryAccessError
from sensorium.mcp import build_server, connections, serve_http
from sensorium.mcp.connections import LONGEST_HEAD, PERIOD, PromptProtocol

DEADLINE = 30  # seconds
SENT = {"content-type": "application/json", "accept": "application/json,text/event-stream"}
HALF = b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a"
SHORT = "fifteen letters"


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_half_requests_are_closed(tmp_path: Path) -> None:
    """They end after seconds, before or after a whole request; others are answered meanwhile."""
    with serving(tmp_path) as (_, url), ExitStack() as opened:
        port = urlsplit(url).port
        halves = []
        for _ in range(20):
            half = opened.enter_context(socket.create_connection(("127.0.0.1", port), DEADLINE))
            half.sendall(HALF)
            halves.append(half)
        second = opened.enter_context(socket.create_connection(("127.0.0.1", port), DEADLINE))
        second.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + HALF)
        answer = b""
        while not answer.endswith(b"Not Found"):
            answer += second.recv(4096)
        assert answer.startswith(b"HTTP/1.1 404")
        with httpx2.Client(headers=SENT) as web:
            assert web.post(url, json=HANDSHAKE[0]).status_code == 200
        began = time.monotonic()
        for half in [*halves, second]:
            half.settimeout(LONGEST_HEAD + 4 * PERIOD)
            assert half.recv(4096) == b""
        assert time.monotonic() - began < LONGEST_HEAD + 4 * PERIOD


@contextmanager
def unread(place: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Serve over HTTP at a known port, with a stderr that is full."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"x" * LONGEST_LINE)
    except BlockingIOError:
        os.set_blocking(writing, True)
    with subprocess.Popen(
        command(place, "--transport", "http", "--port", str(port)),
        stdout=subprocess.DEVNULL,
        stderr=writing,
        env=environment(),
    ) as process:
        os.close(writing)
        try:
            yield process, port
        finally:
            process.kill()
            os.close(reading)


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_stderr_that_nobody_reads_stops_nothing(tmp_path: Path) -> None:
    """The server begins, answers and ends with SIGTERM although no line of its log fits."""
    with unread(tmp_path) as (process, port):
        ends = time.monotonic() + 4 * DEADLINE
        while time.monotonic() < ends:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.1)
        with httpx2.Client(headers=SENT, timeout=DEADLINE) as web:
            for _ in range(3):
                answer = web.post(f"http://127.0.0.1:{port}/mcp", json=HANDSHAKE[0])
                assert answer.status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_request_leaves_no_line(tmp_path: Path) -> None:
    """Only the address is told, so that a log does not grow with every request."""
    with serving(tmp_path) as (process, url):
        with httpx2.Client(headers=SENT) as web:
            for _ in range(5):
                assert web.post(url, json=HANDSHAKE[0]).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_lines_are_dropped_and_counted() -> None:
    """A full pipe takes no line; the next that fits says how many are missing."""
    reading, writing = os.pipe()
    log = logging.Logger("log")
    with os.fdopen(reading, "rb") as read, os.fdopen(writing, "w") as written:
        log.addHandler(DroppingHandler(written))
        for number in range(100):
            log.info("%d %s", number, "x" * 2 * LONGEST_LINE)
        kept = [line.split()[0] for line in os.read(reading, 10**7).decode().splitlines()]
        assert kept == [str(number) for number in range(len(kept))]
        assert 0 < len(kept) < 100
        log.info("again")
        assert os.read(reading, 10**6).decode() == (
            f"({100 - len(kept)} lines that nobody read were dropped)\nagain\n"
        )
        assert read.raw.readable()
    memory = io.StringIO()
    log.handlers = [DroppingHandler(memory)]
    log.info("a line")
    assert memory.getvalue() == "a line\n"


def test_a_token_that_others_can_guess_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where other machines may try, 16 characters are needed; the message says how to make them."""
    monkeypatch.setenv("SENSORIUM_MCP_TOKEN", SHORT)
    arguments = ["mcp", "--memory", str(tmp_path / "m"), "--transport", "http", "--allow-remote"]
    output = run(*arguments, "--host", "0.0.0.0", "--encoder", ENCODER, code=2).output
    told = re.sub(r"[\s│]+", " ", output)
    assert "15 characters" in told
    assert "token_urlsafe" in told
    assert SHORT not in told
    assert not (tmp_path / "m").exists()
    with remembering() as memory, pytest.raises(MemoryAccessError, match="a token of 15 char"):
        serve_http(build_server(memory, token=SHORT), host="0.0.0.0")


@pytest.mark.allow_hosts(["127.0.0.1"])
async def test_an_answer_that_nobody_takes_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that reads slowly gets all of it; one that reads nothing is left."""
    monkeypatch.setattr(connections, "PERIOD", 0.02)
    monkeypatch.setattr(connections, "LONGEST_UNREAD", 0.3)
    whole = 40_000_000  # bytes: more than the buffers of sockets

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(whole)})

    config = uvicorn.Config(app, http=PromptProtocol, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        port = listener.getsockname()[1]
        for is_read in (True, False):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**16)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            taken, ends = 0, time.monotonic() + DEADLINE
            while not is_read and (not taken or server.server_state.connections):
                taken = taken or len(await reader.read(1))  # the answer has begun
                await asyncio.sleep(0.01)
                assert time.monotonic() < ends
            with suppress(ConnectionError):
                while taken < whole and (part := await reader.read(2**20)):
                    taken += len(part)
            assert (taken >= whole) == is_read
            writer.close()
        server.should_exit = True
        await serving


@pytest.mark.allow_hosts(["127.0.0.1"])
async def test_an_idle_connection_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than a half request: a client that pauses does not lose what it sends next."""
    monkeypatch.setattr(connections, "PERIOD", 0.02)
    monkeypatch.setattr(connections, "LONGEST_HEAD", 0.2)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    config = uvicorn.Config(app, http=PromptProtocol, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        port = listener.getsockname()[1]
        idle = await asyncio.open_connection("127.0.0.1", port)
        idle[1].write(request)
        assert await idle[0].readuntil(b"\r\n\r\n")
        half = await asyncio.open_connection("127.0.0.1", port)
        half[1].write(request + HALF)
        silent = await asyncio.open_connection("127.0.0.1", port)
        assert (await half[0].read()).startswith(b"HTTP/1.1 204")  # to its end
        assert await silent[0].read() == b""
        idle[1].write(request)
        assert (await idle[0].readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204")
        for _, writer in (idle, half, silent):
            writer.close()
        server.should_exit = True
        await serving
