"""Log lines on stderr that never wait: a supervisor that does not read them stops no server."""

from __future__ import annotations

import logging
import os
import select
import sys
from typing import TextIO

LONGEST_LINE = 4096  # bytes that a pipe takes at once if it takes any


class DroppingHandler(logging.Handler):
    """Writes each record as one line to a stream, or drops it if the stream would have to wait."""

    def __init__(self, stream: TextIO) -> None:
        """Write to a stream.

        Args:
            stream: Such as `sys.stderr`.
        """
        super().__init__()
        self._stream = stream
        self._dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, after the number of those that were dropped before it."""
        try:
            line = self.format(record)
            if self._dropped:
                line = f"({self._dropped} lines that nobody read were dropped)\n{line}"
            self._dropped = 0 if self._write(f"{line}\n") else self._dropped + 1
        except (OSError, ValueError):  # the reader has gone, or the stream is closed
            self._dropped += 1

    def _write(self, text: str) -> bool:
        try:
            number = self._stream.fileno()
        except (OSError, ValueError):  # a stream in memory
            self._stream.write(text)
            return True
        if os.name == "posix" and not select.select([], [number], [], 0)[1]:
            return False
        content = text.encode("utf-8", "backslashreplace")
        if len(content) > LONGEST_LINE:
            content = content[: LONGEST_LINE - 4] + b"...\n"
        os.write(number, content)
        return True


def log_to_stderr() -> None:
    """Write what Sensorium tells, and warnings of others, to stderr.

    What libraries tell of each request is left out.
    """
    handler = DroppingHandler(sys.stderr)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], format="%(name)s: %(message)s")
    logging.getLogger("sensorium").setLevel(logging.INFO)
