"""How long a process has waited for another."""

from __future__ import annotations

import time

STEP = 1.0  # seconds between two looks, of which no more are counted


class Waiting:
    """Seconds that this process has waited, looking now and then.

    The clock goes on while a process is stopped, as in a debugger or in a container that is
    paused. Who counts that time loses patience with others that had no chance to answer.
    """

    def __init__(self) -> None:
        """Begin to wait."""
        self.restart()

    def restart(self) -> None:
        """Begin anew: there was a sign of life."""
        self._seconds, self._last = 0.0, time.monotonic()

    def look(self) -> float:
        """Return the seconds until now; between two looks at most `STEP` are counted."""
        now = time.monotonic()
        self._seconds += min(now - self._last, STEP)
        self._last = now
        return self._seconds
