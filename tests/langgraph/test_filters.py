"""Operators of vector stores, and filters of Qdrant's client, in searches of a store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langgraph.store.base import Op, PutOp
from qdrant_client import QdrantClient, models
from tests.support.langgraph_stores import INDEX, tenant
from tests.support.operators import operators_of

from sensorium.errors import FilterError
from sensorium.langgraph import SensoriumStore, index_encoder
from sensorium.memory import Memory

SMALL: list[Any] = [None, True, False, 0, 1, 2, 2.5, "red", "2", "", [], [1], ["red", 2]]
VALUES = [
    {},
    *({"x": x} for x in SMALL),
    *({"x": x, "y": {"z": y}} for x, y in zip(SMALL, SMALL[::-1], strict=True)),
]
ALL = 1000


@pytest.fixture(scope="module", params=["edge", "client"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SensoriumStore]:
    folder: Path = tmp_path_factory.mktemp("filters") / "edge"
    place = folder if request.param == "edge" else QdrantClient(":memory:")
    with (
        Memory.open(place, owner="nobody", encoder=index_encoder(INDEX)) as memory,
        tenant(memory, index=INDEX) as made,
    ):
        ops: list[Op] = [PutOp(("a",), str(i), value, False) for i, value in enumerate(VALUES)]
        made.batch(ops)
        yield made


def number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def ordered(value: Any, operand: Any) -> int | None:
    """-1, 0 or 1; `None` where two values have no order."""
    one, other = number(value), number(operand)
    if one is None or other is None:
        if not (isinstance(value, str) and isinstance(operand, str)):
            return None
        return (value > operand) - (value < operand)
    return (one > other) - (one < other)


def operator_holds(value: Any, name: str, operand: Any) -> bool:
    if name == "$not":
        return not wanted_holds(value, operand)
    if name in ("$and", "$or"):
        parts = [wanted_holds(value, part) for part in operand]
        return all(parts) if name == "$and" else any(parts)
    if name == "$between":
        low, high = (ordered(value, bound) for bound in operand)
        return low in (0, 1) and high in (-1, 0)
    order = ordered(value, operand)
    answers: dict[str, bool] = {
        "$eq": value == operand,
        "$ne": value != operand,
        "$exists": (value is not None) == operand,
        "$gt": order == 1,
        "$gte": order in (0, 1),
        "$lt": order == -1,
        "$lte": order in (-1, 0),
    }
    if name in ("$in", "$nin"):
        return (value in operand) is (name == "$in")
    return answers[name]


def wanted_holds(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict) and any(name.startswith("$") for name in wanted):
        return all(operator_holds(value, *item) for item in wanted.items())
    if isinstance(wanted, dict):
        return isinstance(value, dict) and holds(value, wanted)
    return bool(value == wanted)


def holds(value: dict[str, Any], filter: dict[str, Any]) -> bool:
    for name, wanted in filter.items():
        if name.startswith("$"):
            parts = [
                holds(value, part) for part in (wanted if isinstance(wanted, list) else [wanted])
            ]
            held = {"$and": all(parts), "$or": any(parts), "$not": not any(parts)}[name]
        else:
            held = wanted_holds(value.get(name), wanted)
        if not held:
            return False
    return True


scalars = st.sampled_from(SMALL)
bounds = st.sampled_from([0, 1, 2.5, "2", "red", ""])
BOUNDS = ("$gt", "$gte", "$lt", "$lte")
operands = {
    **dict.fromkeys(("$eq", "$ne"), scalars),
    **dict.fromkeys(("$in", "$nin"), st.lists(scalars, max_size=3)),
    **dict.fromkeys(BOUNDS, bounds),
    "$between": st.lists(bounds, min_size=2, max_size=2),
    "$exists": st.booleans(),
}
operators = operators_of(operands)
leaves = scalars | operators
entries = st.dictionaries(st.just("x"), leaves, min_size=1) | st.fixed_dictionaries(
    {"y": st.fixed_dictionaries({"z": leaves})}
)
filters = st.recursive(
    entries,
    lambda inner: st.dictionaries(
        st.sampled_from(["$and", "$or", "$not"]),
        st.lists(inner, min_size=1, max_size=3),
        min_size=1,
    ),
    max_leaves=5,
)


def found(store: SensoriumStore, wanted: Any) -> set[int]:
    return {int(item.key) for item in store.search((), filter=wanted, limit=ALL)}


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(wanted=filters)
def test_a_filter_means_what_it_says(store: SensoriumStore, wanted: dict[str, Any]) -> None:
    """Any tree of operators finds what plain Python chooses, in every engine."""
    meant = {place for place, value in enumerate(VALUES) if holds(value, wanted)}
    assert found(store, wanted) == meant


def matching(key: str, value: Any) -> models.FieldCondition:
    return models.FieldCondition(key=key, match=models.MatchValue(value=value))


def test_filters_of_qdrant_s_client_are_taken(store: SensoriumStore) -> None:
    """Their keys are paths in the value."""
    red = models.FieldCondition(key="x", match=models.MatchAny(any=["red", "2"]))
    large = models.FieldCondition(key="x", range=models.Range(gt=1))
    deep = models.Filter(must_not=[matching("y.z", 0)])
    assert found(store, models.Filter(must=[red])) == found(store, {"x": {"$in": ["red", "2"]}})
    wanted = models.Filter(should=[large, matching("y.z", "red")], must=[deep])
    same = {"$or": [{"x": {"$gt": 1}}, {"y": {"z": "red"}}], "$not": {"y": {"z": 0}}}
    assert found(store, wanted) == found(store, same) != set()
    with pytest.raises(FilterError, match="name a key that is no list"):
        found(store, models.Filter(must=[matching("x[]", 1)]))
    with pytest.raises(FilterError, match=r"a function; .*in your program"):
        found(store, lambda value: True)


def test_media_within_joined_filters_are_compared_whole(store: SensoriumStore) -> None:
    """A content that the memory keeps in a file is put back before it is compared."""
    gif = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
    with SensoriumStore.open() as own:
        own.put(("a",), "k", {"photo": gif})
        for wanted in ({"photo": gif}, {"$or": [{"photo": {"$in": [gif]}}, {"n": 1}]}):
            assert [item.key for item in own.search((), filter=wanted)] == ["k"]
