"""The MCP server as a process: over stdio and HTTP, and however it ends."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import httpx2
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from tests.support.command_line import run
from tests.support.mcp_asking import (
    ask,
    base64_of,
    data_of,
    picture,
    png,
    refused,
    remembering,
    shown_by,
)
from tests.support.mcp_process import ENCODER, HANDSHAKE, command, environment, serving

from sensorium.errors import MemoryAccessError, StoreUnavailableError
from sensorium.mcp import build_server, serve_http

COMMAND = "from sensorium.cli import app"
TOKEN = "a long secret"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
READING = {"recall", "timeline", "episodes", "when", "count", "search", "fetch"}
DEADLINE = 30  # seconds
TELLS_ITS_END = '"$0" "$@"; echo "it ended with $?" >&2'  # a command, run by sh
STRANGE = ["", "{", '"text"', "[]", '{"jsonrpc": "2.0", "id": 1}', '{"id": "\\ud800"}']


def left_in(stream: IO[str] | None) -> str:
    """What a process has written that nobody read."""
    assert stream is not None
    return stream.read()


class Pipe:
    """A client of bare lines, which sees every byte that the server writes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        for message in HANDSHAKE:
            self.send(message)
        self.answer(0)

    def send(self, message: dict[str, Any]) -> None:
        self.write(json.dumps(message))

    def write(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def call(self, id: int, tool: str, **arguments: Any) -> None:
        params = {"name": tool, "arguments": arguments}
        self.send({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params})

    def answer(self, id: int) -> dict[str, Any]:
        """Read up to the answer of a request; every line must be a message."""
        assert self.process.stdout is not None
        ends = time.monotonic() + DEADLINE
        while time.monotonic() < ends:
            if not select.select([self.process.stdout], [], [], 0.1)[0]:
                continue
            message: dict[str, Any] = json.loads(self.process.stdout.readline())
            assert message["jsonrpc"] == "2.0"
            if message.get("id") == id:
                return message
        raise TimeoutError(f"no answer to {id}")


@contextmanager
def piped(place: Path, *more: str) -> Iterator[Pipe]:
    with subprocess.Popen(
        command(place, *more),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        bufsize=1,
        env=environment(),
    ) as process:
        try:
            yield Pipe(process)
        finally:
            process.kill()


@pytest.mark.slow
async def test_a_conversation_over_stdio(tmp_path: Path) -> None:
    """The official client remembers and recalls; the process ends well with it, all kept."""
    arguments = ["-c", TELLS_ITS_END, *command(tmp_path / "memory", "--root", str(tmp_path))]
    (tmp_path / "dog.png").write_bytes(png("dog"))
    server = StdioServerParameters(command="sh", args=arguments, env=environment())
    log = tmp_path / "log"
    seen: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        seen.append(progress)

    with log.open("w") as errors:
        async with Client(stdio_client(server, errlog=errors)) as client:
            media = [{"path": "dog.png", "uri": "planted:dog"}, picture("sea")]
            await client.call_tool(
                "remember", {"media": media, "together": False}, progress_callback=note
            )
            answer = await ask(client, "recall", query="dog", limit=1)
            assert "nothing is fetched" in await refused(
                client, "remember", media=[{"path": "http://x/y.png"}]
            )
            many = await asyncio.gather(
                *(data_of(client, "recall", query=f"{n} dog", limit=1) for n in range(20))
            )
    assert [block.data for block in shown_by(answer)] == [base64_of(png("dog"))]
    assert [answer["hits"][0]["matched"] for answer in many] == ["image"] * 20
    assert seen
    assert seen == sorted(seen)
    assert log.read_text().endswith("it ended with 0\n")
    assert "Traceback" not in log.read_text()
    with remembering(tmp_path / "memory") as memory:
        assert memory.count() == 2


@pytest.mark.slow
def test_what_is_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    """After `kill -9` every memory whose id was given is there, and the folder opens."""
    ids = []
    with piped(tmp_path) as pipe:
        for number in range(1, 6):
            pipe.call(number, "remember", text=f"number {number}", media=[picture(f"n{number}")])
            result = pipe.answer(number)["result"]
            ids.append(result["structuredContent"]["records"][0]["id"])
        pipe.process.send_signal(signal.SIGKILL)
        pipe.process.wait(DEADLINE)
    with remembering(tmp_path) as memory:
        assert [memory.get(name).text for name in ids] == [f"number {n}" for n in range(1, 6)]
        assert [len(memory.percepts(memory.get(name))) for name in ids] == [2] * 5


@pytest.mark.slow
def test_a_server_ends_when_it_is_told_to(tmp_path: Path) -> None:
    """SIGTERM is an ordinary end: the memory is closed, and the process leaves without a word."""
    with piped(tmp_path) as pipe:
        for line in STRANGE:  # is passed over
            pipe.write(line)
        pipe.call(1, "remember", text="kept")
        pipe.answer(1)
        pipe.process.send_signal(signal.SIGTERM)
        assert pipe.process.wait(DEADLINE) == 0
        assert left_in(pipe.process.stdout) == ""
        assert "Traceback" not in left_in(pipe.process.stderr)
    with remembering(tmp_path) as memory:
        assert memory.count() == 1


def test_a_memory_that_is_not_there_is_told_on_stderr(tmp_path: Path) -> None:
    """A server that cannot begin says why in one line, and nothing on stdout."""
    done = run("mcp", "--memory", tmp_path / "nothing", "--read-only", code=1)
    assert (done.stdout, done.stderr.count("\n")) == ("", 1)
    assert "where there is no memory" in done.stderr


def test_a_folder_that_is_kept_to_oneself_is_not_served(tmp_path: Path) -> None:
    """The server ends, and says in one line that the folder is open elsewhere."""
    with remembering(tmp_path, share=False):
        arguments = ["mcp", "--memory", str(tmp_path), "--owner", "rex", "--encoder", ENCODER]
        done = run(*arguments, code=1)
    assert (done.stdout, done.stderr.count("\n")) == ("", 1)
    assert "StoreLockedError" in done.stderr


@pytest.mark.slow
async def test_two_servers_share_a_folder(tmp_path: Path) -> None:
    """Each sees what the other's client remembered, and so does a program beside them."""
    with remembering(tmp_path / "memory") as memory:
        [program, *arguments] = command(tmp_path / "memory")
        server = StdioServerParameters(command=program, args=arguments, env=environment())
        async with Client(stdio_client(server)) as one, Client(stdio_client(server)) as other:
            await ask(one, "remember", text="dog")
            await ask(other, "remember", text="sea")
            assert (await data_of(one, "count"))["count"] == 2
            assert (await data_of(other, "count"))["count"] == 2
            assert memory.count() == 2


@pytest.mark.slow
async def test_a_folder_that_is_in_use_can_be_served_for_reading(tmp_path: Path) -> None:
    """With --read-only the server needs no lock, and is the memory as it was when it started."""
    with remembering(tmp_path / "memory") as memory:
        memory.remember(text="dog")
        [program, *arguments] = command(tmp_path / "memory", "--read-only")
        server = StdioServerParameters(command=program, args=arguments, env=environment())
        async with Client(stdio_client(server)) as client:
            memory.remember(text="sea")
            assert {tool.name for tool in (await client.list_tools()).tools} == READING
            assert (await data_of(client, "count"))["count"] == 1


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
async def test_a_conversation_over_http(tmp_path: Path) -> None:
    """Clients with the token share a memory, nobody else is let in; SIGTERM is an ordinary end."""
    with serving(tmp_path, SENSORIUM_MCP_TOKEN=TOKEN) as (process, url):
        async with (
            httpx2.AsyncClient(headers=BEARER) as web,
            Client(streamable_http_client(url, http_client=web)) as one,
            Client(streamable_http_client(url, http_client=web)) as other,
        ):
            await ask(one, "remember", media=[picture("dog")])
            answer = await ask(other, "recall", query="dog")
            assert [block.data for block in shown_by(answer)] == [base64_of(png("dog"))]
            uri = (await data_of(other, "timeline"))["records"][0]["uri"]
            assert (await other.read_resource(uri)).contents
        await check_who_is_let_in(url)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, DEADLINE) == 0
        assert left_in(process.stdout) == ""
        assert not re.search("interrupted|Traceback", left_in(process.stderr))
    with remembering(tmp_path) as memory:
        assert memory.count() == 1


async def check_who_is_let_in(url: str) -> None:
    """Not without the token, not from a page elsewhere, and no body beyond all bounds."""
    sent = {"content-type": "application/json", "accept": "application/json,text/event-stream"}
    async with httpx2.AsyncClient(headers=sent) as web:

        async def status(**headers: Any) -> int:
            return (await web.post(url, json=HANDSHAKE[0], headers=headers)).status_code

        assert await status() == 401
        assert await status(Authorization="Bearer another") == 401
        assert await status(Authorization="Bearer ü".encode()) == 401
        assert await status(**BEARER) == 200
        assert await status(**BEARER, Host="evil.example") == 421
        assert await status(**BEARER, Origin="http://evil.example") == 403
        huge = await web.post(url, content=b" " * 50_000_000, headers=BEARER)
        assert huge.status_code == 413


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
async def test_pages_of_an_allowed_origin_and_probes(tmp_path: Path) -> None:
    """Browsers may ask beforehand, and see the session; /health says ok to everybody."""
    page = "https://inspector.example"
    options = ["--allow-origin", f"{page}/"]
    with serving(tmp_path, *options, SENSORIUM_MCP_TOKEN=TOKEN) as (_, url):
        asked = {"Access-Control-Request-Method": "POST"}
        asked |= {"Access-Control-Request-Headers": "authorization,content-type,mcp-session-id"}
        accept = {"accept": "application/json,text/event-stream"}
        async with httpx2.AsyncClient() as web:
            before = await web.options(url, headers={**asked, "Origin": page})
            assert before.status_code == 200
            assert before.headers["access-control-allow-origin"] == page
            other = await web.options(url, headers={**asked, "Origin": "https://evil.example"})
            assert "access-control-allow-origin" not in other.headers
            sent = {**accept, **BEARER, "Origin": page}
            answer = await web.post(url, json=HANDSHAKE[0], headers=sent)
            assert answer.status_code == 200
            assert answer.headers["access-control-allow-origin"] == page
            assert "mcp-session-id" in answer.headers["access-control-expose-headers"].lower()
            sent["Origin"] = "https://evil.example"
            assert (await web.post(url, json=HANDSHAKE[0], headers=sent)).status_code == 403
            health = await web.get(url.removesuffix("/mcp") + "/health")
            assert (health.status_code, health.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("origin", ["*", "example.com", "ftp://example.com", "https://", ""])
def test_an_origin_is_one(tmp_path: Path, origin: str) -> None:
    """Neither all pages nor a bare name."""
    output = run(
        "mcp", "--memory", tmp_path / "x", "--transport", "http", "--allow-origin", origin, code=1
    ).output
    assert "https://example.com" in re.sub(r"[\s│]+", " ", output)
    assert not (tmp_path / "x").exists()


class Visitor(logging.Handler):
    """Counts the memories of the server whose address is logged, and ends it by Ctrl-C."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: list[int] = []

    def emit(self, record: logging.LogRecord) -> None:
        if found := re.search(r"serving at (\S+)", record.getMessage()):
            threading.Thread(target=self._visit, args=[found[1]]).start()

    def _visit(self, url: str) -> None:
        async def count() -> None:
            async with Client(url) as client:
                self.counts.append((await data_of(client, "count"))["count"])

        try:
            asyncio.run(count())
        finally:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_ctrl_c_interrupts_a_server_over_http(caplog: pytest.LogCaptureFixture) -> None:
    """Without a token everybody on this machine is answered, until Ctrl-C."""
    visitor, log = Visitor(), logging.getLogger("sensorium.mcp.serving")
    caplog.set_level(logging.INFO, log.name)
    log.addHandler(visitor)
    try:
        with remembering() as memory, pytest.raises(KeyboardInterrupt, match="memory is closed"):
            serve_http(build_server(memory), port=0)
    finally:
        log.removeHandler(visitor)
    assert visitor.counts == [0]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_other_machines_are_let_in_on_purpose_alone(
    tmp_path: Path, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address beyond this machine needs the option and a token."""
    monkeypatch.delenv("SENSORIUM_MCP_TOKEN", raising=False)
    arguments = ["mcp", "--memory", str(tmp_path), "--transport", "http", "--host", host]
    assert "--allow-remote" in run(*arguments, code=2).output
    assert "SENSORIUM_MCP_TOKEN" in run(*arguments, "--allow-remote", code=2).output
    with remembering() as memory, pytest.raises(MemoryAccessError, match="without a token"):
        serve_http(build_server(memory), host=host)


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize("port", [None, -1])
def test_an_address_that_is_taken(port: int | None) -> None:
    """A port of somebody else's is an error that says so."""
    with socket.create_server(("127.0.0.1", 0)) as taken, remembering() as memory:
        theirs = taken.getsockname()[1] if port is None else port
        with pytest.raises(StoreUnavailableError, match="address"):
            serve_http(build_server(memory), port=theirs)


def test_wrong_options_are_told(tmp_path: Path) -> None:
    """An unknown transport and a root that is no folder end the command."""
    assert "stdio" in run("mcp", "--memory", tmp_path, "--transport", "smoke", code=2).output
    assert (
        "not a folder" in run("mcp", "--memory", tmp_path, "--root", tmp_path / "x", code=1).output
    )


@pytest.mark.parametrize(
    "option",
    [["--port", "9000"], ["--host", "127.0.0.1"], ["--allow-remote"], ["--allow-origin", "x"]],
)
def test_what_only_http_has_is_refused_without_it(tmp_path: Path, option: list[str]) -> None:
    """An address at which nothing would listen is not passed over."""
    output = run("mcp", "--memory", tmp_path / "x", *option, code=2).output
    assert "add --transport http" in re.sub(r"[\s│]+", " ", output)
    assert not (tmp_path / "x").exists()


def test_a_missing_package_is_told(tmp_path: Path) -> None:
    """Without the extra, the import and the command say how to get it."""
    without = "import sys; sys.modules['mcp'] = None\n"
    for code in ("import sensorium.mcp", f"{COMMAND}; app(['mcp', '--memory', {str(tmp_path)!r}])"):
        done = subprocess.run(
            [sys.executable, "-c", without + code], check=False, capture_output=True, text=True
        )
        assert done.returncode == 1
        assert 'pip install "sensorium[mcp]"' in done.stderr
