"""A store in a forked child, whatever its parent's threads did at the fork."""

from __future__ import annotations

import asyncio

from tests.support.forking import in_child
from tests.support.langgraph_stores import INDEX, PATIENCE, keys

from sensorium.langgraph import SensoriumStore, index_encoder
from sensorium.memory import Memory


def test_a_child_uses_the_store_of_its_parent() -> None:
    """It has threads of its own; the thread that sweeps stays its parent's."""
    with (
        Memory.open(":memory:", owner="rex", encoder=index_encoder(INDEX)) as memory,
        SensoriumStore(memory, index=INDEX) as store,
    ):
        store.put(("a",), "before", {"text": "dog"})
        # An executor whose threads wait for work, as they seem to in the child, too
        asyncio.run(store.aput(("a",), "awaited", {"text": "sea"}))
        ended = store.start_ttl_sweeper(1)

        async def use() -> list[str]:
            await store.aput(("a",), "child", {"text": "dog sea"})
            found = await store.asearch(("a",), query="dog", limit=1)
            return [item.key for item in found]

        def in_time() -> list[str]:
            assert store.stop_ttl_sweeper(PATIENCE)
            store.start_ttl_sweeper(1)
            assert store.stop_ttl_sweeper(PATIENCE)
            return asyncio.run(asyncio.wait_for(use(), PATIENCE))

        assert in_child(in_time) == ["before"]
        assert sorted(keys(store, "a")) == ["awaited", "before", "child"]
        assert not ended.done()
        assert store.stop_ttl_sweeper(PATIENCE)
