"""Another process that opens folders, so that the test's own process is not their holder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sensorium.errors import SensoriumError
from sensorium.qdrant import Filter, Point
from sensorium.qdrant.schema import CollectionSchema
from sensorium.qdrant.shared import SharedBackend


class HoldingProcess:
    """A process that holds the folders it is told to, until it is told otherwise."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"import sys; sys.path[:] = {sys.path!r}; "
                "from tests.support.holding import main; main()",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def open(self, folder: Path, schema: CollectionSchema) -> bool:
        """Have a folder opened; return whether it could be, when it is."""
        return bool(self._tell(["open", str(folder), schema.to_dict()]))

    def close(self, folder: Path) -> None:
        """Have a folder closed, if it is open."""
        self._tell(["close", str(folder)])

    def begin_to_write(self, folder: Path, name: str) -> None:
        """Have a point written as the only writer for Rex; this returns at once."""
        self._say(["write", str(folder), name])

    def count_alone(self, folder: Path) -> int:
        """Have Rex's points counted by the only writer for Rex."""
        return int(self._tell(["count", str(folder)]))

    def stop(self) -> None:
        """Stop the process as a debugger does; this returns when it has stopped."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitpid(self.pid, os.WUNTRACED)

    def go_on(self) -> None:
        """Let a stopped process go on."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """Let the process die as if it had lost power."""
        self._process.kill()
        self._process.communicate()

    def end(self) -> None:
        """End the process; it closes what it has open."""
        self._process.communicate("\n", timeout=30)

    def _tell(self, message: Any) -> Any:
        self._say(message)
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def _say(self, message: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()


def main() -> None:
    """Do what comes on standard input, a line each; end at an empty line."""
    open_now: dict[str, SharedBackend] = {}
    for line in sys.stdin:
        if not line.strip():
            break
        verb, folder, *rest = json.loads(line)
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
        print(json.dumps(done), flush=True)
    for backend in open_now.values():
        backend.close()


def _alone(backend: SharedBackend, *names: str) -> int:
    """Write points as the only writer for Rex, and count his."""
    with backend.exclusive("rex"):
        for name in names:
            at = {"owner": "rex", "at": "2024-05-01T12:00:00Z", "page_content": ""}
            backend.upsert([Point(str(uuid5(NAMESPACE_URL, name)), {}, at)])
        return backend.count(Filter("rex"))
