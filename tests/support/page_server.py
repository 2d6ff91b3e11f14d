"""The server of a memory in a process of its own, for browsers that look at its page."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from typing_extensions import Self

from sensorium.server.entry.tokens import TokenFile
from tests.support.golden_files import ROOT


class PageServer:
    """The server of a memory in `place / "memory"`, with tokens in `place / "tokens.toml"`."""

    def __init__(self, place: Path) -> None:
        """Begin nothing yet."""
        self._place = place
        self._tokens = TokenFile(place / "tokens.toml")
        self._made: dict[tuple[str, tuple[str, ...]], str] = {}
        self.address = ""

    def token(self, owner: str, rights: tuple[str, ...]) -> str:
        """Return a token of an owner, which the running server knows at once."""
        made = self._made.get((owner, rights))
        if made is None:
            made = self._made[owner, rights] = self._tokens.add(owner, rights)
        return made

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.support.page_server", str(self._place)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()
        assert self.address.startswith("http://"), "the server ended before it listened"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()


def serve(place: Path) -> None:
    """Serve until the process is ended; print the address first."""
    import uvicorn

    from sensorium.memory import Memory
    from sensorium.server.app import build_app

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    with Memory.open(place / "memory", owner="server") as memory:
        app = build_app(memory, tokens=TokenFile(place / "tokens.toml"))
        print(f"http://127.0.0.1:{listening.getsockname()[1]}/", flush=True)
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
