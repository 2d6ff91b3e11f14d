"""Waiting until something is so, on a machine that may be busy."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 60.0  # seconds
PAUSE = 0.002  # seconds between two looks


def wait_until(condition: Callable[[], bool]) -> None:
    """Return as soon as something is so; fail if that takes too long."""
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends, "it did not come to that"
        time.sleep(PAUSE)
