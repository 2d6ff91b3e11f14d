"""`SensoriumStore` does what LangGraph's `InMemoryStore` does, in any sequence of operations.

The reference keeps a few accidents out of the comparison: an item is deleted before it is put
again (else its old vectors stay), puts are made one by one (texts that are equal within a batch
fail), and namespaces are listed of a copy (reading one makes it appear). Where it raises because a
value cannot be compared, each item is asked alone, and what raises does not match.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langgraph.store.base import (
    GetOp,
    IndexConfig,
    Item,
    ListNamespacesOp,
    MatchCondition,
    Op,
    PutOp,
    SearchItem,
    SearchOp,
)
from langgraph.store.memory import InMemoryStore
from qdrant_client import QdrantClient
from tests.support.langgraph_stores import tenant
from tests.support.planted import direction

from sensorium.langgraph import SensoriumStore, index_encoder
from sensorium.langgraph.filters import matches
from sensorium.memory import Memory

DIMS = 16
ALL = 1000  # more items than there ever are
TOLERANCE = 1e-3  # of scores: Edge keeps vectors in 16 bits
Name = tuple[tuple[str, ...], str]  # of an item: its namespace and key


def embed(texts: Sequence[str]) -> list[list[float]]:
    """A vector of each text, of any length, that only its own letters decide."""
    return [(direction(text, DIMS) * (1 + len(text))).tolist() for text in texts]


INDEX: IndexConfig = {"dims": DIMS, "embed": embed}
FIELDS: IndexConfig = {**INDEX, "fields": ["text", "tags[*]", "deep.note"]}
CONFIGS = {"whole values": INDEX, "fields": FIELDS}


@dataclass
class Reference:
    """The reference, and which item was put last."""

    config: IndexConfig
    put_last: list[Name] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = InMemoryStore(index=self.config)
        self.puts: dict[Name, PutOp] = {}

    def batch(self, ops: Iterable[Op]) -> list[Any]:
        ops = list(ops)
        expected = [self.answer(op) for op in ops]
        for op in {(op.namespace, op.key): op for op in ops if isinstance(op, PutOp)}.values():
            name = (op.namespace, op.key)
            self.store.batch([op._replace(value=None)])
            if self.puts.pop(name, None):
                self.put_last.remove(name)
            if op.value is not None:
                self.store.batch([op])
                self.puts[name] = op
                self.put_last.insert(0, name)
        return expected

    def answer(self, op: Op) -> Any:
        if isinstance(op, SearchOp):
            return self.found(op)
        if isinstance(op, ListNamespacesOp):
            copied = InMemoryStore()
            copied.batch([put._replace(index=False) for put in self.puts.values()])
            return copied.batch([op])[0]
        return self.store.batch([op])[0] if isinstance(op, GetOp) else None

    def found(self, op: SearchOp) -> dict[Name, SearchItem]:
        """All items that a search finds; those without a score in the order that we define."""
        every = op._replace(limit=ALL, offset=0)
        try:
            found = self.store.batch([every])[0]
        except (TypeError, ValueError):
            found = [item for put in self.puts.values() for item in self.alone(put, every)]
        assert isinstance(found, list)
        items = [item for item in found if isinstance(item, SearchItem)]
        assert len(items) == len(found)
        named = {(item.namespace, item.key): item for item in items}
        return {name: named[name] for name in self.put_last if name in named}

    def alone(self, put: PutOp, op: SearchOp) -> list[SearchItem]:
        store = InMemoryStore(index=self.config)
        store.batch([put])
        try:
            return store.batch([op])[0]  # type: ignore[return-value]  # what searches return
        except (TypeError, ValueError):
            return []


def check(op: Op, ours: Any, expected: Any) -> None:
    """Compare the results of one operation."""
    if isinstance(op, SearchOp):
        check_search(op, ours, expected)
    elif isinstance(op, GetOp):
        assert (ours is None) == (expected is None)
        if ours is not None:
            assert (ours.namespace, ours.key, ours.value) == (op.namespace, op.key, expected.value)
    else:
        assert ours == expected


def check_search(op: SearchOp, ours: list[SearchItem], expected: dict[Name, SearchItem]) -> None:
    """Compare a page: the best scores first, then in their order those without a score."""
    names = [(item.namespace, item.key) for item in ours]
    scores = sorted(
        (item.score for item in expected.values() if item.score is not None), reverse=True
    )
    others = [name for name, item in expected.items() if item.score is None]
    page = [*scores, *(None for _ in others)][op.offset : op.offset + op.limit]
    assert len(set(names)) == len(names) == len(page)
    for item, name, score in zip(ours, names, page, strict=True):
        assert item.value == expected[name].value
        assert (item.score is None) == (expected[name].score is None) == (score is None)
        if item.score is not None:
            assert item.score == pytest.approx(score, abs=TOLERANCE)
            assert item.score == pytest.approx(expected[name].score, abs=TOLERANCE)
    tail = [name for name, score in zip(names, page, strict=True) if score is None]
    skipped = max(0, op.offset - len(scores))
    assert tail == others[skipped : skipped + len(tail)]


labels = st.sampled_from(["a", "b", "c d", "é", "*x"])
namespaces = st.lists(labels, min_size=1, max_size=3).map(tuple)
prefixes = st.lists(labels, max_size=2).map(tuple)
keys = st.sampled_from(["k", "l", 'quo"te', "dot.ted", "ключ"])
numbers = st.sampled_from([0, 1, -1, 2.5, 3, 2**53 + 1, 1e300]) | st.integers(-5, 5)
scalars = numbers | st.booleans() | st.none() | st.sampled_from(["red", "blue", "3", "", "a.b"])
leaves = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["x", "y", "dot.ted", "[0]"]), inner, max_size=2)
    ),
    max_leaves=4,
)
words = st.sampled_from(["sea", "dog", "waves on the beach", "Füße", "a fire"])
values = st.fixed_dictionaries(
    {},
    optional={
        "text": words,
        "tags": st.lists(st.sampled_from(["pet", "loud", "warm"]), unique=True, max_size=3),
        "deep": st.fixed_dictionaries({"note": st.sampled_from(["note one", "note two"])}),
        "x": leaves,
        "y": leaves,
        "dot.ted": leaves,
    },
)
operands = st.fixed_dictionaries({}, optional={"$eq": leaves, "$ne": leaves}) | st.dictionaries(
    st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), numbers | st.just("2.5"), max_size=2
)
wanted = leaves | operands | st.dictionaries(st.sampled_from(["x", "note"]), leaves | operands)
filters = st.none() | st.dictionaries(
    st.sampled_from(["text", "tags", "deep", "x", "y", "dot.ted"]), wanted, max_size=2
)
indexes = st.sampled_from([None, None, None, False, ["text"], ["tags[*]", "deep"], []])
patterns = st.lists(labels | st.just("*"), max_size=3).map(tuple)
conditions = st.lists(
    st.builds(MatchCondition, st.sampled_from(["prefix", "suffix"]), patterns), max_size=2
).map(tuple)
puts = st.tuples(namespaces, keys, values, indexes).map(lambda given: PutOp(*given))
operations = st.one_of(
    puts,
    puts,
    st.tuples(namespaces, keys, st.none()).map(lambda given: PutOp(*given)),
    st.tuples(namespaces, keys).map(lambda given: GetOp(*given)),
    st.tuples(
        prefixes,
        filters,
        st.integers(0, 4) | st.just(ALL),
        st.integers(0, 3),
        st.none() | words | st.just("Dog!"),
    ).map(lambda given: SearchOp(*given)),
    st.tuples(
        conditions,
        st.none() | st.integers(1, 3),
        st.integers(0, 4) | st.just(ALL),
        st.integers(0, 2),
    ).map(lambda given: ListNamespacesOp(*given)),
)
batches = st.lists(operations, min_size=1, max_size=6)
filled = st.lists(puts, min_size=4, max_size=12)  # before anything is asked
quick = settings(max_examples=10, deadline=None)


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    """A folder whose owners have nothing to do with each other."""
    folder = tmp_path_factory.mktemp("differential") / "edge"
    with Memory.open(folder, owner="nobody", encoder=index_encoder(INDEX)) as memory:
        yield memory


@pytest.fixture(scope="module")
def client() -> Iterator[Memory]:
    """The same of Qdrant's client."""
    server = QdrantClient(":memory:")
    with Memory.open(server, owner="nobody", encoder=index_encoder(INDEX)) as memory:
        yield memory


@pytest.fixture(scope="module", params=["edge", "client"])
def home(request: pytest.FixtureRequest) -> Memory:
    memory: Memory = request.getfixturevalue(request.param)
    return memory


SMALL: list[Any] = [None, True, False, 0, 1, 2, 2.5, -1, 2**53 + 1, "red", "2", "", [], {}]
STORED = [*SMALL, *([x] for x in SMALL), *({"y": x} for x in SMALL)]
OPERATORS = ("$eq", "$ne", "$gt", "$gte", "$lt", "$lte")
ASKED = [*STORED, *({name: x} for name in OPERATORS for x in SMALL)]
ASKED += [{"y": {name: x}} for name in OPERATORS for x in SMALL] + [{"$gte": 0, "$lt": 2}]


@pytest.mark.slow
def test_the_engine_hides_nothing_that_a_filter_means(home: Memory) -> None:
    """A filter finds the items that match it, and so does the reference, where it can compare."""
    ops: list[Op] = [PutOp(("a",), str(i), {"x": x}, False) for i, x in enumerate(STORED)]
    reference = InMemoryStore()
    reference.batch(ops)
    with tenant(home, index=INDEX) as store:
        store.batch(ops)
        for wanted in ASKED:
            found = {item.key for item in store.search((), filter={"x": wanted}, limit=ALL)}
            meant = {str(i) for i, x in enumerate(STORED) if matches({"x": x}, {"x": wanted})}
            assert found == meant, wanted
            with suppress(TypeError, ValueError):  # it compares numbers with numbers alone
                theirs = reference.search((), filter={"x": wanted}, limit=ALL)
                assert found == {item.key for item in theirs}, wanted


@pytest.mark.slow
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@quick
@given(first=filled, sequence=st.lists(batches, min_size=1, max_size=4))
def test_any_sequence_does_the_same(
    home: Memory, config: IndexConfig, first: list[Op], sequence: list[list[Op]]
) -> None:
    """Results, scores and pages agree after any batches of puts, deletions and reads."""
    reference = Reference(config)
    with tenant(home, index=config) as store:
        for ops in [first, *sequence]:
            expected = reference.batch(ops)
            for op, one, other in zip(ops, store.batch(ops), expected, strict=True):
                check(op, one, other)


@quick
@given(first=filled, searches=st.lists(operations, min_size=3, max_size=8))
async def test_asynchronous_methods_do_the_same(
    edge: Memory, first: list[Op], searches: list[Op]
) -> None:
    """`abatch` is `batch`."""
    reference = Reference(FIELDS)
    with tenant(edge, index=FIELDS) as store:
        for ops in (first, searches):
            expected = reference.batch(ops)
            for op, one, other in zip(ops, await store.abatch(ops), expected, strict=True):
                check(op, one, other)


@pytest.mark.slow
@settings(max_examples=2, deadline=None)
@given(sequence=st.lists(batches, min_size=2, max_size=4), first=filled)
def test_a_folder_that_is_opened_again_has_lost_nothing(
    sequence: list[list[Op]], first: list[Op]
) -> None:
    """What was put before a folder was closed is found after it was opened again."""
    reference = Reference(FIELDS)
    with TemporaryDirectory() as folder:
        for ops in [first, *sequence]:
            with SensoriumStore.open(Path(folder) / "store", index=FIELDS) as store:
                expected = reference.batch(ops)
                for op, one, other in zip(ops, store.batch(ops), expected, strict=True):
                    check(op, one, other)


def test_many_tasks_put_and_search_at_once(edge: Memory) -> None:
    """Concurrent puts, deletions and searches leave exactly what was last put under each key."""

    async def use(store: SensoriumStore, task: int) -> None:
        for step in range(6):
            await store.aput(("t", str(task % 3)), f"k{task}", {"text": "sea", "step": step})
            found = await store.asearch(("t",), query="sea", limit=ALL)
            assert len({(item.namespace, item.key) for item in found}) == len(found)
        if task % 4 == 0:
            await store.adelete(("t", str(task % 3)), f"k{task}")

    async def all_at_once(store: SensoriumStore) -> None:
        await asyncio.gather(*(use(store, task) for task in range(12)))

    with tenant(edge, index=FIELDS) as store:
        asyncio.run(all_at_once(store))
        left: list[Item] = [*store.search(("t",), limit=ALL)]
        assert {item.key: item.value["step"] for item in left} == {
            f"k{task}": 5 for task in range(12) if task % 4
        }
