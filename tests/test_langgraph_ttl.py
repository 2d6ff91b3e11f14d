"""Items of `SensoriumStore` that expire: when, for whom, and what removes them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from langgraph.store.base import BaseStore
from planted import direction

from sensorium.errors import QueryError, StoreClosedError
from sensorium.langgraph import SensoriumStore, index_encoder
from sensorium.langgraph.namespaces import item_id
from sensorium.memory import Memory
from sensorium.qdrant import Filter

DIMS = 16
SOON = 0.001  # minutes: 60 ms
PATIENCE = 10.0  # seconds until a test gives up waiting


def embed(texts: list[str]) -> list[list[float]]:
    return [direction(text, DIMS).tolist() for text in texts]


INDEX: Any = {"dims": DIMS, "embed": embed, "fields": ["text"]}


def keys(store: BaseStore, *prefix: str, **named: Any) -> list[str]:
    return [item.key for item in store.search(prefix, **named)]


@pytest.fixture
def store() -> Iterator[SensoriumStore]:
    with SensoriumStore.open(":memory:", index=INDEX) as opened:
        yield opened


def until(happened: Callable[[], bool]) -> None:
    given_up = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < given_up, "it never happened"
        time.sleep(0.01)


def test_an_item_expires_and_is_swept(store: SensoriumStore) -> None:
    """What has expired is invisible at once, everywhere, and removed by a sweep."""
    store.put(("a",), "k", {"text": "sea"}, ttl=SOON)
    store.put(("b",), "stays", {"text": "sea"}, ttl=60)
    until(lambda: store.get(("a",), "k", refresh_ttl=False) is None)
    assert keys(store) == keys(store, query="sea") == ["stays"]
    assert store.list_namespaces() == [("b",)]
    assert store.sweep_ttl() == 1
    assert store.sweep_ttl() == 0


def test_reading_lets_an_item_live_on() -> None:
    """`get` and `search` put the expiry off by the ttl, unless they are told not to."""
    with SensoriumStore.open(":memory:", index=INDEX, ttl={"default_ttl": 5}) as store:

        def expires() -> Any:
            return store.memory.get(item_id(("a",), "k")).expires_at

        store.put(("a",), "k", {"text": "sea"})
        first = expires()
        store.get(("a",), "k", refresh_ttl=False)
        store.search(("a",), refresh_ttl=False)
        assert expires() == first
        store.get(("a",), "k")
        second = expires()
        store.search(("a",), query="sea")
        assert first < second < expires()
        assert expires() - first < timedelta(minutes=1)
        store.put(("a",), "k", {"text": "sea"}, ttl=None)
        assert expires() is None
    unread: Any = {"default_ttl": 5, "refresh_on_read": False}
    with SensoriumStore.open(":memory:", index=INDEX, ttl=unread) as store:
        store.put(("a",), "k", {"text": "sea"})
        first = store.memory.get(item_id(("a",), "k")).expires_at
        store.get(("a",), "k")
        assert store.memory.get(item_id(("a",), "k")).expires_at == first


def test_the_sweeper_sweeps_until_it_is_stopped(store: SensoriumStore) -> None:
    """One thread removes what expires; it ends with `stop_ttl_sweeper`, and with the store."""
    everything = Filter(store.memory.owner)
    store.put(("a",), "k", {"text": "sea"}, ttl=SOON)
    running = store.start_ttl_sweeper(SOON)
    assert store.start_ttl_sweeper(SOON) is running
    until(lambda: store.memory.backend.count(everything) == 0)
    assert store.stop_ttl_sweeper(PATIENCE)
    assert running.result(PATIENCE) is None
    again = store.start_ttl_sweeper()
    assert again.cancel()
    store.close()
    assert store.stop_ttl_sweeper()
    with pytest.raises(QueryError, match="positive"):
        store.start_ttl_sweeper(-1)


def test_a_sweeper_of_a_closed_memory_ends_and_says_why() -> None:
    """The thread does not live on where there is nothing left to sweep."""
    memory = Memory.open(":memory:", owner="o", encoder=index_encoder(INDEX))
    store = SensoriumStore(memory, index=INDEX)
    memory.close()
    with pytest.raises(StoreClosedError):
        store.start_ttl_sweeper(SOON).result(PATIENCE)
