"""The server as a process of its own, with the address that it prints."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.mcp_process import ENCODER, environment

DEADLINE = 30  # seconds


def command(place: Path, *more: str) -> list[str]:
    serve = [sys.executable, "-m", "sensorium.cli", "serve", str(place)]
    return [*serve, "--owner", "rex", "--encoder", ENCODER, *more]


@contextmanager
def served(place: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve at a free port; give the process and the line that it prints."""
    with subprocess.Popen(
        command(place, "--port", "0", *more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            line = process.stdout.readline()
            assert line, process.stderr.read()
            yield process, line.strip()
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """How a process ended that was told to, and what it wrote since."""
    code = process.wait(DEADLINE)
    assert process.stdout is not None
    assert process.stderr is not None
    return code, process.stdout.read(), process.stderr.read()
