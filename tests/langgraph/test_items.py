"""Items and their records: what is read while somebody else writes."""

from __future__ import annotations

import base64
from pathlib import Path

from sensorium.langgraph import SensoriumStore
from sensorium.langgraph.items import StoredItem
from sensorium.samples import FOLDER


def uri(name: str) -> str:
    """A photo of the samples as a `data:` URI."""
    return "data:image/jpeg;base64," + base64.b64encode((FOLDER / name).read_bytes()).decode()


def test_an_item_that_was_put_again_is_read_as_it_is_now(tmp_path: Path) -> None:
    """Where its picture is gone by the time it is read, the new item is returned, or nothing."""
    first, second = {"seen": uri("photo_dog.jpg")}, {"seen": uri("photo_piano.jpg")}
    with SensoriumStore.open(tmp_path) as store:
        store.put(("n",), "k", first)
        [record] = store.memory.timeline()
        stored = StoredItem.of(record)
        assert stored is not None
        store.put(("n",), "k", second)
        found = stored.completed(store.memory)
        assert found is not None
        assert found.value == second
        store.delete(("n",), "k")
        assert stored.completed(store.memory) is None
