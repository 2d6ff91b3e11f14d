"""A process that makes calls on a memory when it is told to, and says when each was answered."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

from sensorium.memory import Memory
from tests.support.histories import Call, played
from tests.support.planted import PlantedEncoder
from tests.support.told import ToldProcess, answer, told


class HistoryProcess(ToldProcess):
    """A process that has a memory open."""

    def __init__(self) -> None:
        """Start it; it opens a folder when it is told to."""
        super().__init__(__name__)

    def begin_to_open(self, folder: Path) -> None:
        """Have a folder opened, after the one before is closed; this returns at once."""
        self.tell(["open", str(folder)])

    def begin_to_play(self, calls: Sequence[Call], starts: float) -> None:
        """Have calls made, from some time on; this returns at once."""
        self.tell(["play", starts, [astuple(call)[:4] for call in calls]])

    def done(self) -> list[Call]:
        """Wait until what was begun is done; return the calls that were made."""
        return [Call(*fields) for fields in self.hear()]


def main() -> None:
    """Do what comes on standard input, a line each; end at an empty line."""
    memory: Memory | None = None
    for verb, place, *rest in told():
        calls: list[Call] = []
        if verb == "open":
            if memory is not None:
                memory.close()
            memory = Memory.open(place, owner="rex", encoder=PlantedEncoder())
        elif memory is not None:
            while time.monotonic() < place:
                pass
            calls = list(played(memory, [Call(*fields) for fields in rest[0]]))[1::2]
        answer([astuple(call) for call in calls])
    if memory is not None:
        memory.close()
