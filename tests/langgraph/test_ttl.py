"""Items of `SensoriumStore` that expire: when, for whom, and what removes them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.langgraph_stores import INDEX, PATIENCE, SOON, keys, tenant, until

from sensorium.errors import QueryError, StoreClosedError
from sensorium.langgraph import SensoriumStore, index_encoder
from sensorium.langgraph.namespaces import item_id
from sensorium.memory import Memory
from sensorium.qdrant import Filter


@pytest.fixture(scope="module")
def home() -> Iterator[Memory]:
    with Memory.open(":memory:", owner="nobody", encoder=index_encoder(INDEX)) as memory:
        yield memory


@pytest.fixture
def store(home: Memory) -> Iterator[SensoriumStore]:
    with tenant(home, index=INDEX) as opened:
        yield opened


def test_an_item_expires_and_is_swept(store: SensoriumStore) -> None:
    """What has expired is invisible at once, everywhere, and removed by a sweep."""
    store.put(("a",), "k", {"text": "sea"}, ttl=SOON)
    store.put(("b",), "stays", {"text": "sea"}, ttl=60)
    until(lambda: store.get(("a",), "k", refresh_ttl=False) is None)
    assert keys(store) == keys(store, query="sea") == ["stays"]
    assert store.list_namespaces() == [("b",)]
    assert store.sweep_ttl() == 1
    assert store.sweep_ttl() == 0


def test_reading_lets_an_item_live_on(home: Memory) -> None:
    """`get` and `search` put the expiry off by the ttl, unless they are told not to."""
    with tenant(home, index=INDEX, ttl={"default_ttl": 5}) as store:

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
    with tenant(home, index=INDEX, ttl=unread) as store:
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
    """The thread ends with the memory."""
    memory = Memory.open(":memory:", owner="o", encoder=index_encoder(INDEX))
    store = SensoriumStore(memory, index=INDEX)
    memory.close()
    with pytest.raises(StoreClosedError):
        store.start_ttl_sweeper(SOON).result(PATIENCE)


@pytest.mark.parametrize(
    "ttl",
    [
        {"ttl": 60},
        {"default_ttl": 60, "refresh": True},
        60,
        [("default_ttl", 60)],
        {"default_ttl": "60"},
        {"default_ttl": True},
        {"default_ttl": -1},
        {"default_ttl": 0},
        {"default_ttl": math.nan},
        {"default_ttl": math.inf},
        {"default_ttl": timedelta(minutes=5)},
        {"sweep_interval_minutes": -5},
        {"refresh_on_read": "no"},
        {1: 60},
    ],
    ids=str,
)
def test_wrong_settings_are_errors(home: Memory, ttl: Any, tmp_path: Path) -> None:
    """A setting that would have no effect is an error, before anything is opened."""
    words = "a dictionary of default_ttl, refresh_on_read, sweep_interval_minutes, in minutes"
    with pytest.raises(QueryError, match=words):
        SensoriumStore(home, index=INDEX, ttl=ttl)
    with pytest.raises(QueryError, match=words):
        SensoriumStore.open(tmp_path / "new", index=INDEX, ttl=ttl)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "ttl",
    [
        {},
        {"default_ttl": None, "sweep_interval_minutes": None, "omit_expired": False},
        {"default_ttl": 0.5, "refresh_on_read": False, "__private": object()},
    ],
    ids=range(3),
)
def test_settings_of_langgraph_are_taken(home: Memory, ttl: Any) -> None:
    """All settings of LangGraph, and the private keys that its stores add."""
    assert SensoriumStore(home, index=INDEX, ttl=ttl).ttl_config == ttl
