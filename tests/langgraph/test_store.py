"""`SensoriumStore` beyond LangGraph's own store: order, errors, namespaces, other records."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langgraph.store.base import (
    GetOp,
    InvalidNamespaceError,
    ListNamespacesOp,
    MatchCondition,
    PutOp,
    SearchOp,
)
from PIL.Image import new as new_picture
from tests.support.langgraph_stores import INDEX, SOON, keys, tenant, until

from sensorium.errors import (
    FilterError,
    QueryError,
    RecordError,
    VectorError,
)
from sensorium.langgraph import SensoriumStore, index_encoder, searching
from sensorium.langgraph.filters import matches
from sensorium.langgraph.namespaces import item_id
from sensorium.memory import Memory
from sensorium.memory.layout.ids import LONGEST_ID
from sensorium.percepts import Text


@pytest.fixture(scope="module")
def home() -> Iterator[Memory]:
    with Memory.open(":memory:", owner="nobody", encoder=index_encoder(INDEX)) as memory:
        yield memory


@pytest.fixture
def store(home: Memory) -> Iterator[SensoriumStore]:
    with tenant(home, index=INDEX) as opened:
        yield opened


def test_the_item_put_last_comes_first(store: SensoriumStore) -> None:
    """A listing begins with the item that was put last; putting an item again moves it there."""
    store.batch([PutOp(("a",), f"k{i}", {"i": i}) for i in range(5)])
    store.put(("a",), "k1", {"i": 1})
    assert keys(store, "a") == ["k1", "k4", "k3", "k2", "k0"]
    assert keys(store, "a", limit=2, offset=1) == ["k4", "k3"]


def test_putting_again_keeps_the_time_of_creation(store: SensoriumStore) -> None:
    """`created_at` stays, `updated_at` moves on, even where the value is the same."""
    store.put(("a",), "k", {"x": 1})
    first = store.get(("a",), "k")
    store.put(("a",), "k", {"x": 1})
    again = store.get(("a",), "k")
    assert first is not None
    assert again is not None
    assert again.created_at == first.created_at == first.updated_at < again.updated_at
    store.delete(("a",), "k")
    store.put(("a",), "k", {"x": 1})
    anew = store.get(("a",), "k")
    assert anew is not None
    assert anew.created_at > first.created_at


def test_what_is_read_is_the_callers_own(store: SensoriumStore) -> None:
    """Changing a value that was put or read changes nothing in the store."""
    value = {"tags": ["a"]}
    store.put(("a",), "k", value)
    value["tags"].append("b")
    read = store.get(("a",), "k")
    assert read is not None
    read.value["tags"].append("c")
    assert store.search(("a",))[0].value == {"tags": ["a"]}


def test_reads_of_a_batch_see_the_items_from_before(store: SensoriumStore) -> None:
    """As in LangGraph's store, reads come first and the last put of a key wins."""
    results = store.batch(
        [
            PutOp(("a",), "k", {"x": 1}),
            GetOp(("a",), "k"),
            SearchOp(("a",)),
            ListNamespacesOp(),
            PutOp(("a",), "k", {"x": 2}),
        ]
    )
    assert results == [None, None, [], [], None]
    assert store.search(("a",))[0].value == {"x": 2}


def test_neighbours_are_left_alone(store: SensoriumStore) -> None:
    """Other records of the memory are not items, whatever their tags; the memory recalls items."""
    memory = store.memory
    memory.remember(text="somebody's note", tags=["a", "langgraph"], source="a")
    memory.remember(text="of a like form", tags=["langgraph"], metadata={"namespace": 1, "key": 2})
    store.put(("a",), "k", {"text": "the ferry leaves at nine", "who": {"name": "Rex"}})
    assert keys(store) == keys(store, query="the ferry leaves at nine") == ["k"]
    [hit] = memory.recall("the ferry leaves at nine", limit=1)
    assert (hit.record.source, hit.record.text) == ("a", "the ferry leaves at nine")
    assert memory.count(where={"value.who.name": "Rex"}) == 1
    memory.update(item_id(("a",), "k"), tags=["not the store's any more"])
    assert store.get(("a",), "k") is None
    memory.remember(text="not for long", ttl=timedelta(milliseconds=1))
    store.put(("a",), "k", {"text": "cancelled"}, ttl=SOON)
    until(lambda: store.get(("a",), "k", refresh_ttl=False) is None)
    assert store.sweep_ttl() == 1
    assert memory.count() == 2
    assert memory.sweep().records == 1


def test_an_item_of_no_vectors_is_found_by_its_words(store: SensoriumStore) -> None:
    """`index=False` hides an item from likeness, not from keywords, and it comes last."""
    store.put(("a",), "hidden", {"text": "ferry"}, index=False)
    store.put(("a",), "shown", {"text": "harbour"})
    found = store.search(("a",), query="ferry")
    assert [(item.key, item.score is None) for item in found] == [
        ("shown", False),
        ("hidden", True),
    ]
    [hit] = store.memory.recall(keywords="ferry")
    assert hit.record.metadata["key"] == "hidden"


@pytest.mark.parametrize(
    ("value", "wanted", "holds"),
    [
        (None, {"$gt": 1}, False),
        ([2], {"$gt": 1}, False),
        ("abc", {"$gt": 1}, False),
        ("10", {"$gt": 9}, True),
        (10**400, {"$gt": 9}, False),
        ("2026-03-01", {"$gte": "2026-01-01", "$lt": "2027"}, True),
        ("2025-12-31", {"$gte": "2026-01-01"}, False),
        (True, 1, True),
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": {"b": 3}}, {"a": {"b": {"$ne": 3}}}, False),
        ([1, {"a": 2}], (1, {"a": 2}), True),
        ([1, 2], [1], False),
        (None, None, True),
    ],
)
def test_what_filters_mean(value: Any, wanted: Any, holds: bool) -> None:
    """Values that cannot be compared do not match; texts that are not numbers compare as texts."""
    assert matches({"x": value}, {"x": wanted}) is holds


def test_a_filter_that_lets_little_through_finds_it(store: SensoriumStore) -> None:
    """The search widens where the engine cannot tell: here, a list must be equal as a whole."""
    batch = [PutOp(("a",), f"k{i}", {"text": "sea", "x": [i]}) for i in range(150)]
    store.batch(batch)
    assert keys(store, "a", filter={"x": [0]}, limit=1) == ["k0"]
    assert keys(store, "a", filter={"x": [0]}, limit=1, query="sea") == ["k0"]
    assert len(keys(store, "a", filter={"x": {"$ne": [0]}}, limit=200, query="sea")) == 149


def test_namespaces_are_counted_beyond_one_tally(
    store: SensoriumStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If there are more namespaces than a tally counts, the items are read."""
    store.batch([PutOp((f"n{i:02}", "x"), "k", {}) for i in range(30)])
    everything = store.list_namespaces(limit=100)
    monkeypatch.setattr(searching, "MOST", 7)
    assert store.list_namespaces(limit=100) == everything == [(f"n{i:02}", "x") for i in range(30)]


def test_deleted_namespaces_are_gone(store: SensoriumStore) -> None:
    """A namespace without items is not listed, nor is one that was only read."""
    store.put(("a", "b"), "k", {})
    store.get(("c",), "k")
    store.delete(("a", "b"), "k")
    assert store.list_namespaces() == []


@pytest.mark.parametrize("label", [" ", "\n", "x" * 600, '"', "*", "\U0001f98a", "a/b", "-"])
def test_odd_labels_and_keys_are_labels_and_keys(store: SensoriumStore, label: str) -> None:
    """Blank, long or strange names are found by prefix, listed and deleted like others."""
    store.put((label, "x"), label, {"n": 1})
    store.put((label + "y",), label, {"n": 2})
    assert keys(store, label) == [label]
    assert (label, "x") in store.list_namespaces()
    assert len(item_id((label, "x"), label)) <= LONGEST_ID
    store.delete((label, "x"), label)
    assert store.get((label, "x"), label) is None
    assert len(keys(store)) == 1


@given(st.lists(st.lists(st.text(min_size=1), min_size=1, max_size=3), min_size=2, unique_by=tuple))
def test_names_are_never_mistaken_for_each_other(names: list[list[str]]) -> None:
    """Different namespaces and keys have different ids."""
    assert len({item_id(name[:-1], name[-1]) for name in names}) == len(names)


class Colour(str, enum.Enum):
    RED = "red"


def test_values_come_back_as_json_has_them(store: SensoriumStore) -> None:
    """Tuples become lists; enumerations and numbers of NumPy become plain values."""
    store.put(("a",), "k", {"t": (1, (2,)), "c": Colour.RED, "f": np.float64(0.5), "big": 2**62})
    item = store.get(("a",), "k")
    assert item is not None
    assert item.value == {"t": [1, [2]], "c": "red", "f": 0.5, "big": 2**62}
    assert type(item.value["c"]) is str


def nested(depth: int) -> dict[str, Any]:
    return {"x": nested(depth - 1)} if depth else {}


endless: dict[str, Any] = {}
endless["x"] = endless


@pytest.mark.parametrize(
    "value",
    [
        {"x": math.nan},
        {"x": math.inf},
        {"x": {1, 2}},
        {"x": b"bytes"},
        pytest.param({"x": object()}, id="an object"),
        {"x": 2**63},
        {"x": "\ud800"},
        {1: "x"},
        {"x": np.float32(1)},
        nested(40),
        endless,
        ["x"],
        "x",
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_value_is_refused_before_anything_is_written(
    store: SensoriumStore, value: Any
) -> None:
    """The whole batch fails, with an error that says what is needed."""
    with pytest.raises(RecordError):
        store.batch([PutOp(("a",), "good", {"x": 1}), PutOp(("a",), "bad", value)])
    assert keys(store) == []


@pytest.mark.parametrize("medium", [b"\xff\xd8", new_picture("L", (4, 4)), Text("sea")], ids=type)
def test_a_medium_that_is_no_content_block_says_how(store: SensoriumStore, medium: Any) -> None:
    """The error names its place in the value as it was put, and the block to write."""
    with pytest.raises(RecordError, match=r'value\["a"\]\[1\], a .*"type": "image", "base64"'):
        store.put(("a",), "k", {"a": ["x", medium]})


def test_what_cannot_be_embedded_fails_alone(store: SensoriumStore) -> None:
    """An item with a vector of zeros is not written; the others of the batch are."""
    zero: Any = {"dims": 2, "embed": lambda texts: [[float("bad" not in t), 0.0] for t in texts]}
    of_text: Any = {**zero, "fields": ["text"]}
    wrong_dims: Any = {**zero, "dims": 3}
    with SensoriumStore.open(":memory:", index=of_text) as own:
        ops = [PutOp(("a",), text, {"text": text}) for text in ("good", "bad", "fine")]
        with pytest.raises(VectorError):
            own.batch(ops)
        assert keys(own) == ["fine", "good"]
    with pytest.raises(VectorError, match="dimension=3"):  # noticed at once
        SensoriumStore.open(":memory:", index=wrong_dims)


@pytest.mark.parametrize(
    ("op", "error"),
    [
        (PutOp((), "k", {}), InvalidNamespaceError),
        (PutOp(("a.b",), "k", {}), InvalidNamespaceError),
        (GetOp(("a", ""), "k"), InvalidNamespaceError),
        (GetOp(("a", 1), "k"), InvalidNamespaceError),  # type: ignore[arg-type]  # meant
        (SearchOp(("a\0",)), InvalidNamespaceError),
        (ListNamespacesOp((MatchCondition("prefix", ("a.b",)),)), InvalidNamespaceError),
        (ListNamespacesOp((MatchCondition("infix", ("a",)),)), QueryError),  # type: ignore[arg-type]  # meant
        (GetOp(("a",), 1), QueryError),  # type: ignore[arg-type]  # meant
        (SearchOp(("a",), limit=-1), QueryError),
        (SearchOp(("a",), offset=-1), QueryError),
        (SearchOp(("a",), query=5), QueryError),  # type: ignore[arg-type]  # meant
        (SearchOp(("a",), filter={"x": {"$in": 1}}), FilterError),
        (SearchOp(("a",), filter={"x": {"$like": "a"}}), FilterError),
        (SearchOp(("a",), filter={"$or": []}), FilterError),
        (SearchOp(("a",), filter={"$or": [{"x": {"$gt": 1, "z": 2}}]}), FilterError),
        (SearchOp(("a",), filter={"x": datetime(2026, 1, 1)}), FilterError),
        (SearchOp(("a",), filter=bool), FilterError),  # type: ignore[arg-type]  # meant
        (SearchOp(("a",), filter={"x": {"y": {"$gt": 1, "z": 2}}}), FilterError),
        (SearchOp(("a",), filter={1: 2}), FilterError),  # type: ignore[dict-item]  # meant
        (SearchOp(("a",), filter=["x"]), FilterError),  # type: ignore[arg-type]  # meant
        (PutOp(("a",), "k", {}, index=["a", 1]), QueryError),  # type: ignore[list-item]  # meant
        (PutOp(("a",), "k", {}, ttl=0), RecordError),
        (PutOp(("a",), "k", {}, ttl=math.nan), RecordError),
        (PutOp(("a",), "k", {}, ttl=1e30), RecordError),
        ("get", QueryError),
    ],
    ids=str,
)
def test_what_is_no_operation_is_refused(store: SensoriumStore, op: Any, error: type) -> None:
    """Each has an error of its own kind, before anything is written."""
    with pytest.raises(error):
        store.batch([PutOp(("a",), "good", {}), op])
    assert keys(store) == []


def test_a_limit_of_none_and_blank_words_ask_for_nothing(store: SensoriumStore) -> None:
    """`limit=0` is an empty page; a blank query lists."""
    store.put(("a",), "k", {"text": "sea"})
    assert keys(store, "a", limit=0) == keys(store, "a", limit=0, query="sea") == []
    assert [item.score for item in store.search(("a",), query=" \n")] == [None]
