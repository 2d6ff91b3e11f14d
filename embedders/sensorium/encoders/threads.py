"""How many threads an encoder computes with."""

from __future__ import annotations

import os

from sensorium.errors import EncodingError, show

VARIABLE = "SENSORIUM_THREADS"
MOST = 8  # by default: small networks gain nothing from more


def thread_count() -> int:
    """Return the number in `SENSORIUM_THREADS`, or as many as this process may use, at most 8.

    Raises:
        EncodingError: The variable is not a positive number.
    """
    given = os.environ.get(VARIABLE, "").strip()
    if not given:
        return min(MOST, _available())
    if given.isdecimal() and int(given) > 0:
        return int(given)
    raise EncodingError(
        f"{VARIABLE}={show(given)}",
        "the number of threads, 1 or more",
        f"set {VARIABLE}=2, or unset it",
    )


def _available() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS and Windows do not say
