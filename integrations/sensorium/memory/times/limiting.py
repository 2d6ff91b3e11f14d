"""A question whose words of times limit what may answer it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sensorium.memory.filters import Filters
from sensorium.memory.times.reading import TimesRead, read_times

Asked = TypeVar("Asked")


def limit_by_times(query: Asked, filters: Filters) -> tuple[Asked, Filters, TimesRead | None]:
    """Read the times in a question, and make filters of them.

    Args:
        query: The question, as for `Memory.recall`; times are read in its first text that has any.
        filters: Filters that are given; with `since` or `until` among them, nothing is read.
    Returns:
        The question without the words of times, the filters, and what was read, if anything.
    """
    if filters.get("since") is not None or filters.get("until") is not None:
        return query, filters, None
    if isinstance(query, str):
        read = read_times(query)
        return (query, filters, None) if read is None else (read.text, _with(filters, read), read)  # type: ignore[return-value]  # a str, as it was
    parts: list[Any] = list(query) if isinstance(query, Sequence) else []
    for index, part in enumerate(parts):
        read = read_times(part) if isinstance(part, str) else None
        if read is not None:
            parts[index] = read.text
            return parts, _with(filters, read), read  # type: ignore[return-value]  # a list of parts
    return query, filters, None


def _with(filters: Filters, read: TimesRead) -> Filters:
    limited = filters.copy()
    if read.since is not None:
        limited["since"] = read.since
    if read.until is not None:
        limited["until"] = read.until
    return limited
