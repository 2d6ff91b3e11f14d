"""A memory that another process has open, called from here."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

from sensorium.encoders import Encoder
from sensorium.memory import Memory

PATIENCE = 60  # seconds for one call


class RemoteMemory:
    """Calls methods of `Memory` in a process of its own; arguments and results are pickled."""

    def __init__(self, folder: Path, *, owner: str, encoder: Encoder) -> None:
        """Open a memory there; the encoder must be one that can be pickled."""
        context = multiprocessing.get_context("spawn")
        self._line, other = context.Pipe()
        self.process = context.Process(target=_serve, args=(folder, owner, encoder, other))
        self.process.start()
        other.close()
        self.call("count")  # it is open now

    def call(self, method: str, *args: Any, **options: Any) -> Any:
        """Call a method there and return what it returns, or raise what it raises."""
        self._line.send((method, args, options))
        if not self._line.poll(PATIENCE):
            raise TimeoutError(f"{method} in process {self.process.pid}")
        worked, result = self._line.recv()
        if not worked:
            raise result
        return result

    def __enter__(self) -> RemoteMemory:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._line.close()
        self.process.join(PATIENCE)
        self.process.kill()


def _serve(folder: Path, owner: str, encoder: Encoder, line: Connection) -> None:
    with Memory.open(folder, owner=owner, encoder=encoder) as memory:
        while True:
            try:
                method, args, options = line.recv()
            except EOFError:
                return
            try:
                line.send((True, getattr(memory, method)(*args, **options)))
            except Exception as error:
                line.send((False, error))
