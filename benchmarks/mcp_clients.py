"""Five clients that talk to the real `sensorium mcp`, over stdin and stdout and over HTTP.

`python benchmarks/mcp_clients.py` prints the table of mcp_clients.md: what each client can do with
the server. Clients that need an environment of their own get one below `--environments`, made at
the first run with pip and npm; without network, or without node, a line says what is missing.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import os
import platform
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import PIL.Image
from tables import markdown

from sensorium.samples import FOLDER

DRIVERS = Path(__file__).parent / "mcp_drivers"
ENVIRONMENTS = Path.home() / ".cache" / "sensorium" / "mcp_clients"
SIDE = 224  # pixels of the picture that is sent
NODE_SDK, INSPECTOR = "@modelcontextprotocol/sdk", "@modelcontextprotocol/inspector"
VERBS = (
    *("lists tools", "remembers a text", "remembers a picture", "recalls", "updates"),
    *("reads a resource", "is told an error", "forgets"),
)
TRANSPORTS = ("stdio", "http")
TOOLS = {"recall", "timeline", "count", "search", "fetch", "remember", "update", "forget"}
Ask = Callable[..., Any]  # does a wish, given as keywords


@dataclass(frozen=True)
class Client:
    """A client of the protocol.

    Attributes:
        name: Name in the table, and that of its environment.
        package: Package of the client, whose version is told.
        driver: File that drives it.
        pip: What is installed with pip; empty if this environment has it.
        npm: What is installed with npm.
        sends_token: Whether it can send a token over HTTP; the server has none otherwise.
    """

    name: str
    package: str
    driver: str
    pip: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()
    sends_token: bool = True

    def command(self, folder: Path) -> list[str]:
        """Return the command of the driver, but for its last argument, which is the server.

        The environment is made if it is missing.


        Raises:
            MissingError: It cannot be made.
        """
        home = folder / self.name.replace(" ", "-")
        if self.npm:
            _make_node(home, self.npm)
        if self.driver.endswith(".mjs"):
            shutil.copy(DRIVERS / self.driver, home)  # modules are looked for beside it
            return ["node", str(home / self.driver), self.package, str(home)]
        python = _make_python(home, self.pip) if self.pip else Path(sys.executable)
        return [str(python), str(DRIVERS / self.driver), self.package, str(home)]


class MissingError(Exception):
    """An environment cannot be made."""


CLIENTS = (
    Client("Python SDK", "mcp", "python_sdk.py"),
    Client("TypeScript SDK", NODE_SDK, "typescript_sdk.mjs", npm=(NODE_SDK,)),
    Client("inspector", INSPECTOR, "inspector.py", npm=(INSPECTOR,), sends_token=False),
    Client("fastmcp", "fastmcp", "python_sdk.py", pip=("fastmcp",)),
    Client(
        "langchain-mcp-adapters",
        "langchain-mcp-adapters",
        "langchain_adapters.py",
        pip=("langchain-mcp-adapters", "mcp<2"),
    ),
)


def _make_python(home: Path, packages: tuple[str, ...]) -> Path:
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not (home / "ready").exists():
        venv.create(home, with_pip=True, clear=True)
        _install([str(python), "-m", "pip", "install", "-q", *packages], home)
    return python


def _make_node(home: Path, packages: tuple[str, ...]) -> None:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise MissingError("npm and node are not on this machine")
    if not (home / "ready").exists():
        home.mkdir(parents=True, exist_ok=True)
        (home / "package.json").write_text("{}")
        _install([npm, "install", "--silent", "--no-fund", "--no-audit", *packages], home)


def _install(command: list[str], home: Path) -> None:
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no reason was given"]
        raise MissingError(
            f"{Path(command[0]).name} installed nothing, is there a network? {said[-1]}"
        )
    (home / "ready").touch()


def server_command(place: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "sensorium.cli", "mcp", "--memory", str(place), *more]


@contextmanager
def served(place: Path, *, with_token: bool) -> Iterator[dict[str, Any]]:
    """Serve over HTTP at a free port of this machine; give the address, and the token or `""`."""
    token = secrets.token_urlsafe() if with_token else ""
    with subprocess.Popen(
        server_command(place, "--transport", "http", "--port", "0"),
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "SENSORIUM_MCP_TOKEN": token},
    ) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if found := re.search(r"serving at (\S+)", line):
                    yield {"url": found[1], "token": token}
                    break
        finally:
            process.terminate()


@contextmanager
def reached(place: Path, transport: str, client: Client) -> Iterator[dict[str, Any]]:
    """Say where a client finds the server, which it starts itself over stdio."""
    if transport == "stdio":
        yield {"command": server_command(place)}
    else:
        with served(place, with_token=client.sends_token) as server:
            yield server


@contextmanager
def driven(command: list[str], server: dict[str, Any], folder: Path) -> Iterator[tuple[str, Ask]]:
    """Start a driver; give the version of its client, and what does a wish."""
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [*command, json.dumps(server)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):

        def ask(**wish: Any) -> Any:
            assert process.stdin is not None
            process.stdin.write(json.dumps(wish) + "\n")
            process.stdin.flush()
            return answer()

        def answer() -> Any:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise AssertionError(f"it ended: {(folder / 'log').read_text()[-1500:]}")
            return json.loads(line)

        try:
            yield answer(), ask
        finally:
            process.kill()


def picture() -> str:
    """Return a photo of a boat as base64."""
    file = io.BytesIO()
    with PIL.Image.open(FOLDER / "photo_sailboat.jpg") as photo:
        photo.thumbnail((SIDE, SIDE))
        photo.save(file, "JPEG")
    return base64.b64encode(file.getvalue()).decode()


def verbs(ask: Ask) -> Iterator[str]:
    """Do one thing after the other; yield the name of each that went as it should.

    Raises:
        AssertionError: The next did not.
    """

    def call(tool: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = ask(do="call", tool=tool, arguments=arguments)
        assert not answer["failed"], answer["text"]
        return answer

    def kept(**arguments: Any) -> str:
        found = re.search(r"remembered: memory (\S+)", call("remember", **arguments)["text"])
        assert found
        return found[1]

    assert set(ask(do="list")) == TOOLS
    yield "lists tools"
    text = kept(text="The ferry leaves at nine", tags=["trip"], at="2026-07-01T12:00:00Z")
    yield "remembers a text"
    photo = kept(media=[{"data": picture(), "mime_type": "image/jpeg"}])
    yield "remembers a picture"
    found = call("recall", query="a boat on the water", limit=1)
    assert photo in found["text"], found["text"]
    assert found["media"] == 1
    yield "recalls"
    assert "at ten" in call("update", id=text, text="The ferry leaves at ten")["text"]
    yield "updates"
    record = json.loads(ask(do="read", uri=f"memory://{text}"))
    assert (record["text"], record["tags"]) == ("The ferry leaves at ten", ["trip"])
    yield "reads a resource"
    told = ask(do="call", tool="recall", arguments={"query": "boat", "since": "yesterdayish"})
    assert told["failed"], told["text"]
    assert "needed" in told["text"], told["text"]
    yield "is told an error"
    assert "forgot 1 memory" in call("forget", ids=[photo])["text"]
    assert "1 memory" in call("count")["text"]
    yield "forgets"


def row(client: Client, command: list[str], transport: str) -> list[str]:
    """Return the row of a client: what it could do. Where it failed is printed."""
    done: list[str] = []
    name = client.name
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            home = Path(folder)
            with (
                reached(home / "memory", transport, client) as server,
                driven(command, server, home) as (version, ask),
            ):
                name = f"{name} {version}"
                done.extend(verbs(ask))
    except (AssertionError, ValueError) as error:
        failed = VERBS[len(done)] if len(done) < len(VERBS) else "the end"
        print(f"{client.name} over {transport}: {failed}: {error}", file=sys.stderr)
    return [name, transport, *("yes" if verb in done else "**no**" for verb in VERBS)]


def rows(client: Client, environments: Path) -> list[list[str]]:
    """Return the rows of a client, or say in one line what it lacks."""
    try:
        command = client.command(environments)
    except MissingError as error:
        print(f"{client.name}: {error}", file=sys.stderr)
        return [[client.name, each, *("not run" for _ in VERBS)] for each in TRANSPORTS]
    return [row(client, command, each) for each in TRANSPORTS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environments", type=Path, default=ENVIRONMENTS)
    parser.add_argument("--only", help="name of one client")
    options = parser.parse_args()
    chosen = [client for client in CLIENTS if options.only in (None, client.name)]
    table = [each for client in chosen for each in rows(client, options.environments)]
    print(markdown(("client", "over", *VERBS), table))
    software = [f"Python {platform.python_version()}", f"{platform.system()} {platform.machine()}"]
    if node := shutil.which("node"):
        told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
        software.insert(1, f"node {told.stdout.strip()}")
    print(f"\n- software: {', '.join(software)}; {os.cpu_count()} cores")
    if any("yes" not in each or "**no**" in each for each in table):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
