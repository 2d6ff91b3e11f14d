"""Work in processes of their own, so that a crash or a hang ends nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sensorium.errors import SensoriumError

PATIENCE = 60.0  # seconds until a process counts as hung
BLOCK = 65536  # bytes read from a pipe at once


@dataclass(frozen=True)
class Ending:
    """How a process ended.

    Attributes:
        value: What its work returned, JSON.
        error: The exception that ended it, in one line; empty if none did.
        foreign: Whether that exception is none of Sensorium's.
        signal: Number of the signal that ended it; 0 if none did.
        hung: Whether it had to be ended.
    """

    value: Any = None
    error: str = ""
    foreign: bool = False
    signal: int = 0
    hung: bool = False

    @property
    def kind(self) -> str:
        """The kind of problem that this ending is; empty if it is none of these."""
        if self.hung:
            return "hung"
        if self.signal:
            return "crashed"
        return "foreign" if self.foreign else ""

    @property
    def told(self) -> str:
        """What to say of it."""
        if self.hung:
            return "no end in time"
        return f"ended by signal {self.signal}" if self.signal else self.error


class Child:
    """A forked process that says lines of JSON on a pipe."""

    def __init__(self, work: Callable[[Callable[..., None]], None]) -> None:
        """Start `work`, which is handed what says a line: `say(name=value)`."""
        self._reading, writing = os.pipe()
        self._rest = b""
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._reading)
            _end_with(work, writing)
        os.close(writing)

    def fileno(self) -> int:
        """Return the descriptor on which it says them, to wait for several at once."""
        return self._reading

    def lines(self, timeout: float) -> list[dict[str, Any]] | None:
        """Read what it said meanwhile; `None` at its end."""
        if not select.select([self._reading], [], [], max(0.0, timeout))[0]:
            return []
        block = os.read(self._reading, BLOCK)
        if not block:
            return None
        *lines, self._rest = (self._rest + block).split(b"\n")
        return [json.loads(line) for line in lines]

    def kill(self) -> list[dict[str, Any]]:
        """End it at once; return the lines that were not read yet."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        return self.wait()

    def wait(self) -> list[dict[str, Any]]:
        """Wait for its end; return the lines that were not read yet."""
        said: list[dict[str, Any]] = []
        while (lines := self.lines(PATIENCE)) is not None:
            said += lines
        os.close(self._reading)
        _, self.status = os.waitpid(self.pid, 0)
        return said


def _end_with(work: Callable[[Callable[..., None]], None], pipe: int) -> None:
    """Do the work of a forked process, and end it: nothing of its parent's is cleaned up."""
    code = 70
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # panics of Rust are told by their exception

        def say(**words: Any) -> None:
            line = (json.dumps(words) + "\n").encode()
            while line:
                line = line[os.write(pipe, line) :]

        try:
            work(say)
            code = 0
        except SensoriumError as error:
            say(error=f"{type(error).__name__}: {error}", foreign=False)
        except BaseException as error:  # a panic of Rust is no Exception
            say(error=where(error), foreign=True)
    finally:
        os._exit(code)


def where(error: BaseException) -> str:
    """Describe a foreign exception by the last place in Sensorium that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/sensorium/" in frame.filename] or list(frames)
    at = f" at {'/'.join(ours[-1].filename.split('/')[-2:])}:{ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}{at}: {str(error)[:200]}"


def run_apart(work: Callable[[], Any], *, patience: float = PATIENCE) -> Ending:
    """Do something in a forked process, and say how that ended."""
    child = Child(lambda say: say(value=work()))
    until, said = time.monotonic() + patience, []
    while (left := until - time.monotonic()) > 0:
        lines = child.lines(left)
        if lines is None:
            break
        said += lines
    else:
        child.kill()
        return Ending(hung=True)
    child.wait()
    if os.WIFSIGNALED(child.status):
        return Ending(signal=os.WTERMSIG(child.status))
    for words in said:
        return Ending(words.get("value"), words.get("error", ""), words.get("foreign", False))
    return Ending(error=f"ended with status {child.status} and no word", foreign=True)
