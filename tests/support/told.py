"""A process that does what it is told to on its standard input, a JSON value on each line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

PATIENCE = 60  # seconds that the end of a process may take


class ToldProcess:
    """A process that runs `main()` of a module, which reads `told()` and says each `answer`."""

    def __init__(self, module: str) -> None:
        """Start it.

        Args:
            module: Name of the module.
        """
        program = f"import sys; sys.path[:] = {sys.path!r}; from {module} import main; main()"
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, message: Any) -> None:
        """Send a message; this returns at once."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def hear(self) -> Any:
        """Wait for the answer to the earliest message that was not answered."""
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def ask(self, message: Any) -> Any:
        """Send a message and wait for its answer."""
        self.tell(message)
        return self.hear()

    def end(self) -> None:
        """Let the process end by itself."""
        self.process.communicate("\n", timeout=PATIENCE)


def told() -> Iterator[Any]:
    """Yield what comes on standard input, until an empty line."""
    for line in sys.stdin:
        if not line.strip():
            return
        yield json.loads(line)


def answer(value: Any) -> None:
    """Say what came of a message."""
    print(json.dumps(value), flush=True)
