"""What the tests of `sensorium.langgraph` share: a planted embedding, and stores of one memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

from langgraph.store.base import BaseStore, IndexConfig

from sensorium.langgraph import SensoriumStore
from sensorium.memory import Memory
from tests.support.planted import direction

DIMS = 16
SOON = 0.001  # minutes: 60 ms
PATIENCE = 10.0  # seconds until a test gives up waiting
serial = count()  # of owners


def embed(texts: Sequence[str]) -> list[list[float]]:
    return [direction(text, DIMS).tolist() for text in texts]


INDEX: IndexConfig = {"dims": DIMS, "embed": embed, "fields": ["text"]}


def index_with(**changes: Any) -> Any:
    """The planted index with other settings, which may be wrong."""
    return {**INDEX, **changes}


@contextmanager
def tenant(home: Memory, **options: Any) -> Iterator[SensoriumStore]:
    """A store of an owner of its own, with nothing in it: cheaper than a memory of its own."""
    with (
        home.for_owner(f"owner {next(serial)}") as memory,
        SensoriumStore(memory, **options) as store,
    ):
        yield store


def keys(store: BaseStore, *prefix: str, **named: Any) -> list[str]:
    return [item.key for item in store.search(prefix, **named)]


def until(happened: Callable[[], bool]) -> None:
    given_up = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < given_up, "it never happened"
        time.sleep(0.01)
