"""Another process that opens folders, so that the test's own process is not their holder."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from sensorium.errors import SensoriumError
from sensorium.qdrant import Filter, Point
from sensorium.qdrant.schema import CollectionSchema
from sensorium.qdrant.shared import SharedBackend, connection
from tests.support.told import ToldProcess, answer, told


class HoldingProcess(ToldProcess):
    """A process that holds the folders it is told to, until it is told otherwise."""

    def __init__(self) -> None:
        """Start it; it opens a folder when it is told to."""
        super().__init__(__name__)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process has not ended."""
        return self.process.poll() is None

    def open(self, folder: Path, schema: CollectionSchema) -> bool:
        """Have a folder opened; return whether it could be, when it is."""
        return bool(self.ask(["open", str(folder), schema.to_dict()]))

    def close(self, folder: Path) -> None:
        """Have a folder closed, if it is open."""
        self.ask(["close", str(folder)])

    def begin_to_write(self, folder: Path, name: str) -> None:
        """Have a point written as the only writer for Rex; this returns at once."""
        self.tell(["write", str(folder), name])

    def count_alone(self, folder: Path) -> int:
        """Have Rex's points counted by the only writer for Rex."""
        return int(self.ask(["count", str(folder)]))

    def stop(self) -> None:
        """Stop the process as a debugger does; this returns when it has stopped."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitpid(self.pid, os.WUNTRACED)

    def go_on(self) -> None:
        """Let a stopped process go on."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """Let the process die as if it had lost power."""
        self.process.kill()
        self.process.communicate()


def lose_patience(monkeypatch: pytest.MonkeyPatch, seconds: float = 0.3) -> None:
    """Let this process wait for a holder that does not answer so long, and no longer."""
    monkeypatch.setattr(connection, "CONNECTING", seconds)
    monkeypatch.setattr(connection, "PATIENCE", seconds)


def main() -> None:
    """Do what comes on standard input, a line each; end at an empty line."""
    open_now: dict[str, SharedBackend] = {}
    for verb, folder, *rest in told():
        done: Any = True
        if verb == "open":
            try:
                schema = CollectionSchema.from_dict(rest[0], place=folder)
                open_now[folder] = SharedBackend.open(folder, schema=schema)
            except SensoriumError:
                done = False
        elif verb == "close" and folder in open_now:
            open_now.pop(folder).close()
        elif verb in ("write", "count"):
            done = _alone(open_now[folder], *rest)
        answer(done)
    for backend in open_now.values():
        backend.close()


def _alone(backend: SharedBackend, *names: str) -> int:
    """Write points as the only writer for Rex, and count his."""
    with backend.exclusive("rex"):
        for name in names:
            at = {"owner": "rex", "at": "2024-05-01T12:00:00Z", "page_content": ""}
            backend.upsert([Point(str(uuid5(NAMESPACE_URL, name)), {}, at)])
        return backend.count(Filter("rex"))
