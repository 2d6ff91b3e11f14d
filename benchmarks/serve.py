"""A server under load: fifty clients of five owners ask and write for two minutes over loopback.

`python benchmarks/serve.py`; the table is kept in benchmarks/serve.md. The server is a process of
its own, as `sensorium serve` starts it, on a folder with the built-in encoder. Each client asks
four times, then writes once, and pauses before each. The clients share the cores with it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import numpy as np
from machine import machine_lines

from sensorium.samples import notes
from sensorium.server import TokenFile

OWNERS = 5
ASKED = 4  # questions for each thing that is written
POINTS = (50, 95, 99)
TABLE = Path(__file__).with_name("serve.md")
LOOKS = 2.0  # seconds between two looks at the server's memory
WORDS = ("dog", "sea", "rain", "piano", "walk", "kitchen", "red", "morning", "engine", "friend")


@contextmanager
def served(place: Path) -> Iterator[tuple[int, str]]:
    """Serve a folder; give the number of the process and the address."""
    command = [sys.executable, "-m", "sensorium.cli", "serve", str(place), "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            assert server.stdout is not None
            yield server.pid, server.stdout.readline().partition("/sign-in")[0]
        finally:
            server.terminate()


def resident(process: int) -> float:
    """Return the memory of a process in MiB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


class Load:
    """What clients did.

    Attributes:
        seconds: How long each answer took, by what was asked.
        errors: How many answers were none, by what came instead.
    """

    def __init__(self, address: str, ends: float, pause: float) -> None:
        """Ask the server at an address until a time of the monotonic clock."""
        self._address, self._ends, self._pause = address, ends, pause
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.errors: dict[str, int] = defaultdict(int)

    async def client(self, token: str, seed: int) -> None:
        """Ask and write, as one client."""
        dice = random.Random(seed)
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(base_url=self._address, headers=headers, timeout=60) as web:
            await asyncio.sleep(dice.uniform(0, self._pause))
            while time.monotonic() < self._ends:
                words = " ".join(dice.sample(WORDS, 3))
                for _ in range(ASKED):
                    await self._send(web, "/v1/recall", {"parts": [{"words": words}], "limit": 5})
                    await asyncio.sleep(dice.expovariate(1 / self._pause) if self._pause else 0)
                text = f"{words}, {dice.random():.6f}"
                await self._send(web, "/v1/memories", {"text": text, "tags": ["load"]})
                await asyncio.sleep(dice.expovariate(1 / self._pause) if self._pause else 0)

    async def _send(self, web: httpx2.AsyncClient, path: str, body: dict[str, object]) -> None:
        began = time.perf_counter()
        try:
            status = (await web.post(path, json=body)).status_code
        except httpx2.HTTPError as error:
            self.errors[type(error).__name__] += 1
            return
        if status >= 400:
            self.errors[str(status)] += 1
        self.seconds[path].append(time.perf_counter() - began)


async def look(process: int, ends: float) -> list[float]:
    """Return the memory of the server in MiB, every few seconds."""
    seen = []
    while time.monotonic() < ends:
        seen.append(resident(process))
        await asyncio.sleep(LOOKS)
    return seen


async def load(
    address: str, process: int, tokens: list[str], arguments: argparse.Namespace
) -> tuple[Load, list[float]]:
    """Let all clients ask at once."""
    ends = time.monotonic() + arguments.seconds
    run = Load(address, ends, arguments.pause)
    clients = [run.client(tokens[n % len(tokens)], n) for n in range(arguments.clients)]
    seen, *_ = await asyncio.gather(look(process, ends), *clients)
    return run, seen


def remember_some(address: str, tokens: list[str]) -> None:
    """Give every owner the notes of the package."""
    for token in tokens:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx2.Client(base_url=address, headers=headers, timeout=60) as web:
            for note in notes():
                web.post("/v1/memories", json={"text": note}).raise_for_status()


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--pause", type=float, default=1.0, help="mean seconds between requests")
    parser.add_argument("--write", action="store_true", help="keep the table")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "memory"
        file = TokenFile(place / "tokens.toml")
        tokens = [file.add(f"owner-{n}", ["read", "write"]) for n in range(OWNERS)]
        with served(place) as (process, address):
            remember_some(address, tokens)
            before = resident(process)
            run, seen = asyncio.run(load(address, process, tokens, arguments))
    text = table(run, seen, before, arguments)
    if arguments.write:
        TABLE.write_text(text, encoding="utf-8")
    print(text)


def table(run: Load, seen: list[float], before: float, arguments: argparse.Namespace) -> str:
    """Write what was measured."""
    lines = [
        "# A server under load, measured",
        "",
        "Written by `python benchmarks/serve.py --write`: "
        f"{arguments.clients} clients of {OWNERS} owners",
        f"for {arguments.seconds:.0f} s over loopback, each with a mean pause of "
        f"{arguments.pause:g} s before a request; {ASKED} questions",
        "for each text that is written. The clients share the cores with the server.",
        "",
        "| | requests | a second | p50 | p95 | p99 |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for path, seconds in sorted(run.seconds.items()):
        half, most, nearly = (f"{1000 * each:.0f} ms" for each in np.percentile(seconds, POINTS))
        rate = len(seconds) / arguments.seconds
        lines.append(f"| `{path}` | {len(seconds)} | {rate:.1f} | {half} | {most} | {nearly} |")
    third = max(1, len(seen) // 3)
    lines += [
        "",
        f"- errors: {dict(run.errors) or 0}",
        f"- memory of the server: {before:.0f} MiB before, {np.mean(seen[:third]):.0f} in the "
        f"first third, {np.mean(seen[-third:]):.0f} in the last, {max(seen):.0f} at most",
        *machine_lines(),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
