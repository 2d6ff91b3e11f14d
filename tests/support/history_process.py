"""A process that makes calls on a memory when it is told to, and says when each was answered."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from sensorium.memory import Memory
from tests.support.histories import Call, played
from tests.support.planted import PlantedEncoder


class HistoryProcess:
    """A process that has a memory open."""

    def __init__(self) -> None:
        """Start it; it opens a folder when it is told to."""
        program = (
            f"import sys; sys.path[:] = {sys.path!r}; "
            "from tests.support.history_process import main; main()"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def begin_to_open(self, folder: Path) -> None:
        """Have a folder opened, after the one before is closed; this returns at once."""
        self._say(["open", str(folder)])

    def begin_to_play(self, calls: Sequence[Call], starts: float) -> None:
        """Have calls made, from some time on; this returns at once."""
        self._say(["play", starts, [astuple(call)[:4] for call in calls]])

    def done(self) -> list[Call]:
        """Wait until what was begun is done; return the calls that were made."""
        assert self._process.stdout is not None
        return [Call(*fields) for fields in json.loads(self._process.stdout.readline())]

    def end(self) -> None:
        """Close the memory, and end."""
        self._process.communicate("\n", timeout=60)

    def _say(self, message: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()


def main() -> None:
    """Do what comes on standard input, a line each; end at an empty line."""
    memory: Memory | None = None
    for line in sys.stdin:
        if not line.strip():
            break
        verb, place, *rest = json.loads(line)
        calls: list[Call] = []
        if verb == "open":
            if memory is not None:
                memory.close()
            memory = Memory.open(place, owner="rex", encoder=PlantedEncoder())
        elif memory is not None:
            while time.monotonic() < place:
                pass
            calls = list(played(memory, [Call(*fields) for fields in rest[0]]))[1::2]
        print(json.dumps([astuple(call) for call in calls]), flush=True)
    if memory is not None:
        memory.close()
