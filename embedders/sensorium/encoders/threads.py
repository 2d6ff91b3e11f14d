"""How many threads an encoder computes with."""

from __future__ import annotations

import os

from sensorium.errors import EncodingError, show

VARIABLE = "SENSORIUM_THREADS"
MOST = 8  # by default: small networks gain nothing from more
LIMIT = 1024  # more than any machine could use
DIGITS = len(str(LIMIT))


def thread_count() -> int:
    """Return the number in `SENSORIUM_THREADS`, or as many as this process may use, at most 8.

    Raises:
        EncodingError: The variable is not a number from 1 to 1024.
    """
    given = os.environ.get(VARIABLE, "").strip()
    if not given:
        return min(MOST, _available())
    if given.isdecimal() and len(given) <= DIGITS and 1 <= int(given) <= LIMIT:
        return int(given)
    raise EncodingError(
        f"{VARIABLE}={show(given)}",
        f"the number of threads, from 1 to {LIMIT}",
        f"set {VARIABLE}=2, or unset it",
    )


def _available() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS and Windows do not say
