"""The MCP server as a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ENCODER = "tests.support.mcp_asking:open_planted"
HANDSHAKE: list[dict[str, Any]] = [
    {
        "jsonrpc": "2.0",
        "id": 0,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    },
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
]


def environment(**more: str) -> dict[str, str]:
    threads = {"OMP_NUM_THREADS": "1", "SENSORIUM_THREADS": "1"}
    return {**os.environ, "PYTHONPATH": str(ROOT), **threads, **more}


def command(place: Path, *more: str) -> list[str]:
    memory = ["--memory", str(place), "--owner", "rex", "--encoder", ENCODER]
    return [sys.executable, "-m", "sensorium.cli", "mcp", *memory, *more]


@contextmanager
def serving(
    place: Path, *more: str, **variables: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve over HTTP; give the process and the address."""
    with subprocess.Popen(
        command(place, "--transport", "http", "--port", "0", *more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**variables),
    ) as process:
        try:
            seen = ""
            while (found := re.search(r"serving at (\S+)", seen)) is None:
                assert process.stderr is not None
                line = process.stderr.readline()
                assert line, seen
                seen += line
            yield process, found[1]
        finally:
            process.kill()
