"""What users of other stores of LangGraph have reported as faults, asked of this one."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langgraph.store.base import GetOp
from tests.support.langgraph_stores import DIMS, INDEX, embed, keys, tenant

from sensorium.langgraph import SensoriumStore, index_encoder
from sensorium.memory import Memory


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    place = tmp_path_factory.mktemp("reports") / "edge"
    with Memory.open(place, owner="nobody", encoder=index_encoder(INDEX)) as memory:
        yield memory


@pytest.fixture
def store(home: Memory) -> Iterator[SensoriumStore]:
    with tenant(home, index=INDEX) as made:
        yield made


@pytest.mark.parametrize(
    ("label", "others"),
    [
        ("a_b", ["axb", "a%b", "a_bc"]),
        ("a%", ["ab", "a%b", "a"]),
        ("acme", ["acme-corp", "acme corp", "acm", "ACME"]),
        ("x' OR '1'='1", ["x", "x' OR '1"]),
    ],
)
def test_a_namespace_is_matched_by_whole_labels(
    store: SensoriumStore, label: str, others: list[str]
) -> None:
    """Not by a pattern, nor by its first letters: in searches, queries and listings."""
    for name in (label, *others):
        store.put(("t", name), "k", {"text": "sea", "of": name})
    for options in ({}, {"query": "sea"}, {"filter": {"text": "sea"}}):
        found: list[Any] = store.search(("t", label), **options)
        assert [item.value["of"] for item in found] == [label]
    assert store.list_namespaces(prefix=("t", label)) == [("t", label)]
    assert store.list_namespaces(suffix=(label,)) == [("t", label)]


def test_an_item_that_is_embedded_no_more_is_not_found_by_its_old_words(
    store: SensoriumStore,
) -> None:
    """It stands behind all that are, without a score."""
    store.put(("a",), "k", {"text": "sea"})
    store.put(("a",), "other", {"text": "clock"})
    store.put(("a",), "k", {"text": "sea"}, index=False)
    found = store.search(("a",), query="sea")
    assert [(item.key, item.score is None) for item in found] == [("other", False), ("k", True)]


def test_each_operation_of_a_batch_renews_what_it_reads(home: Memory) -> None:
    """`refresh_ttl` of one does not count for another."""
    with tenant(home, index=INDEX, ttl={"refresh_on_read": True}) as store:
        for key in ("renewed", "read"):
            store.put(("a",), key, {"text": "sea"}, ttl=10)
        before = {key: _expiry(store, key) for key in ("renewed", "read")}
        store.batch([GetOp(("a",), "renewed", True), GetOp(("a",), "read", False)])
        assert _expiry(store, "renewed") > before["renewed"]
        assert _expiry(store, "read") == before["read"]


def _expiry(store: SensoriumStore, key: str) -> Any:
    [record] = store.memory.timeline(where={"key": key})
    return record.expires_at


async def test_a_cancelled_task_leaves_the_store_working(store: SensoriumStore) -> None:
    """Whoever waits no longer takes nothing away from the others."""
    tasks = [asyncio.create_task(store.aput(("a",), f"k{n}", {"text": "sea"})) for n in range(8)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await store.aput(("a",), "after", {"text": "sea"})
    kept = {item.key for item in await store.asearch(("a",), limit=100)}
    assert kept >= {"after", "k1", "k3", "k5", "k7"}


def test_a_store_outlives_the_loop_that_used_it(store: SensoriumStore) -> None:
    """Each run of a program's own loop finds what another put."""
    for number in range(3):
        asyncio.run(store.aput(("a",), f"k{number}", {"text": "sea"}))
    found = asyncio.run(store.asearch(("a",), query="sea"))
    assert len(found) == 3


END = """
import asyncio, sys
from sensorium.langgraph import SensoriumStore

def embed(texts):
    return [[1.0, float(len(text))] for text in texts]

async def main():
    store = SensoriumStore.open(sys.argv[1], index={"dims": 2, "embed": embed})
    task = asyncio.create_task(store.aput(("a",), "k", {"text": "sea"}))
    await store.aput(("a",), "l", {"text": "sea"})
    await task

asyncio.run(main())
"""


@pytest.mark.slow
def test_a_program_that_closes_nothing_ends_in_silence(tmp_path: Path) -> None:
    """No pending task and no thread is complained of, and what was put is kept."""
    place = tmp_path / "store"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", END, str(place)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")

    def two(texts: Any) -> list[list[float]]:
        return [[1.0, float(len(text))] for text in texts]

    with SensoriumStore.open(place, index={"dims": 2, "embed": two}) as store:
        assert sorted(keys(store)) == ["k", "l"]


@pytest.mark.parametrize(
    "key", ["x' OR '1'='1", "x'; DROP TABLE store; --", "x->>'y'", "$.x", 'x"', "x\\"]
)
def test_a_key_of_a_filter_is_only_a_key(store: SensoriumStore, key: str) -> None:
    """It is looked up as it is written, and changes nothing."""
    store.put(("a",), "k", {"x": "secret"})
    assert keys(store, filter={key: "secret"}) == []
    store.put(("a",), "l", {key: "told"})
    assert keys(store, filter={key: "told"}) == ["l"]
    assert keys(store, filter={"x": "secret"}) == ["k"]


@pytest.mark.parametrize("key", ["a-b", "a.b", "a#b", "a/b", "a b", "a:b", "@a", "*", "é", "{a}"])
def test_an_odd_key_is_deleted_alone(store: SensoriumStore, key: str) -> None:
    """Every other key stays."""
    for name in (key, "a", "b"):
        store.put(("n",), name, {"text": "sea"})
    store.delete(("n",), key)
    assert sorted(keys(store)) == ["a", "b"]


async def test_awaited_calls_do_their_work_in_threads(store: SensoriumStore) -> None:
    """A server that watches its loop for blocking calls finds none: the loop's thread is free."""
    loops: list[bool] = []

    def watched(texts: list[str]) -> list[list[float]]:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            loops.append(False)
        else:
            loops.append(True)
        return embed(texts)

    index: Any = {"dims": DIMS, "embed": watched, "fields": ["text"]}
    async with await SensoriumStore.aopen(index=index) as own:
        await own.aput(("a",), "k", {"text": "sea"})
        await own.asearch(("a",), query="sea")
    assert loops
    assert not any(loops)


async def test_a_call_that_stops_the_loop_is_told_once(
    store: SensoriumStore, caplog: pytest.LogCaptureFixture
) -> None:
    """A coroutine that forgot to await hears of aput; it is answered, and others hear nothing."""
    await store.aput(("a",), "k", {"text": "dog"})
    await asyncio.to_thread(store.put, ("a",), "l", {"text": "cat"})
    assert caplog.text == ""
    for _ in range(2):
        store.put(("a",), "m", {"text": "cow"})
        assert len(store.search(("a",))) == 3
    assert caplog.text.count("await store.aput(...)") == 1
