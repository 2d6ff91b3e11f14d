"""A LangGraph store can be handed to a worker."""

from __future__ import annotations

import asyncio
import copy
from pathlib import Path
from typing import Any

import pytest
from tests.support.langgraph_stores import INDEX, keys
from tests.support.planted import PlantedEncoder
from tests.support.workers import again, workers

from sensorium.errors import StoreClosedError
from sensorium.langgraph import SensoriumStore
from sensorium.memory import Memory

PLACE = ("rex", "notes")


def found_and_put(store: SensoriumStore, query: str, key: str) -> list[str]:
    """Search, put one more item, awaiting both, and close."""

    async def work() -> list[str]:
        items = await store.asearch(PLACE, query=query, limit=1)
        await store.aput(PLACE, key, {"text": key})
        return [item.key for item in items]

    with store:
        return asyncio.run(work())


@pytest.mark.slow
@pytest.mark.parametrize("index", [None, INDEX], ids=["own", "index"])
def test_workers_search_and_put(tmp_path: Path, index: Any) -> None:
    """They find what is here; what they put is found here."""
    options = {"index": index} if index else {"encoder": PlantedEncoder()}
    with SensoriumStore.open(tmp_path, **options) as store:
        for name in ("dog", "sea"):
            store.put(PLACE, name, {"text": name})
        with workers() as call:
            assert call(found_and_put, store, "dog", "fire") == ["dog"]
        assert keys(store, *PLACE, query="fire", limit=1) == ["fire"]
        assert found_and_put(again(store), "sea", "snow") == ["sea"]
        assert store.get(PLACE, "snow") is not None


def test_it_closes_what_it_opened(tmp_path: Path) -> None:
    """There as here, and each its own; a deep copy has the same memory."""
    with Memory.open(tmp_path, owner="rex", encoder=PlantedEncoder()) as memory:
        lent = SensoriumStore(memory)
        with again(lent) as other:
            other.put(PLACE, "dog", {"text": "dog"})
        assert keys(other, *PLACE) == ["dog"]
        other.memory.close()
        with copy.deepcopy(lent) as same:
            assert same.memory is memory
        assert keys(lent, *PLACE) == ["dog"]
    with SensoriumStore.open(tmp_path, owner="rex", encoder=PlantedEncoder()) as store:
        with again(store) as other:
            assert keys(other, *PLACE) == ["dog"]
        with pytest.raises(StoreClosedError):
            keys(other, *PLACE)
        assert keys(store, *PLACE) == ["dog"]
