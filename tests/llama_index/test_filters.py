"""LlamaIndex's metadata filters: the same nodes as its own reference lets through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
)
from llama_index.core.vector_stores.utils import build_metadata_filter_fn, node_to_metadata_dict
from tests.support.llama_indexing import ENCODER, KINDS, ask, ids, node
from tests.support.planted import house

from sensorium.agents import widening
from sensorium.errors import FilterError
from sensorium.llama_index import SensoriumVectorStore
from sensorium.llama_index.filters import matches

Filters = MetadataFilters | MetadataFilter
Operator = FilterOperator
OPPOSITES = (Operator.NE, Operator.NIN)
LARGE = 2**53 + 1  # no float is equal to it
NUMBERS = (-1, 0, 1, 2, 0.0, 0.5, 1.0, 2.5, LARGE, LARGE - 1, float(LARGE), 2**63 - 1)
WORDS = ("", "a", "ab", "b", "B", "1", "None", "x.y", "TextNode", "doc")
THERE: list[Any] = [
    *(None, True, False, *NUMBERS, *WORDS),
    *([], ["a"], ["a", "b"], ["ab"], [1], [1, 2], [0.5], [True], [[]], [None], [""]),
    *({}, {"a": 1}, {"a": {"b": 2}}),
]
KEYS = ("k", "a.b", "a[0]", 'a"b', "a\\b", "", "doc_id", "ref_doc_id", "_node_type", "missing")
NODES = [
    node(
        f"{key}={value!r}",
        "sea",
        metadata={key: value},
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id="doc")}
        if number % 2
        else {},
    )
    for key in ("k", "a.b")
    for number, value in enumerate(THERE)
] + [node(f"key {key!r}", "sea", metadata={key: "a"}) for key in KEYS if key not in ("k", "a.b")]

values = st.one_of(
    st.none(),
    st.sampled_from([*NUMBERS, float("inf"), float("nan"), 2**70]),
    st.sampled_from(WORDS),
    st.lists(st.sampled_from(WORDS), max_size=3),
    st.lists(st.sampled_from([n for n in NUMBERS if isinstance(n, int)]), max_size=3),
    st.lists(st.sampled_from([n for n in NUMBERS if isinstance(n, float)]), max_size=3),
)
one_filter = st.builds(
    MetadataFilter,
    key=st.sampled_from(KEYS) | st.just("k"),
    value=values,
    operator=st.sampled_from(Operator),
)
filters = st.recursive(
    one_filter,
    lambda inner: st.builds(
        MetadataFilters,
        filters=st.lists(inner, max_size=3),
        condition=st.sampled_from([*FilterCondition, None]),
    ),
    max_leaves=5,
)


def lets_through(given: Filters, metadata: dict[str, Any]) -> bool:
    """LlamaIndex's own answer; it knows no nesting, and raises where types differ."""
    if isinstance(given, MetadataFilters):
        answers = [lets_through(member, metadata) for member in given.filters]
        if not answers:
            return True
        how = given.condition or FilterCondition.AND
        return (
            any(answers) is (how is FilterCondition.OR)
            if how is not FilterCondition.AND
            else (all(answers))
        )
    try:
        flat = MetadataFilters(filters=[given])
        return build_metadata_filter_fn(lambda _: metadata, flat)("")
    except TypeError:
        return given.operator in OPPOSITES


@pytest.fixture(scope="module", params=KINDS)
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SensoriumVectorStore]:
    with house(request.param, tmp_path_factory.mktemp("house"), ENCODER) as home:
        opened = SensoriumVectorStore(home.memory("me", ENCODER))
        opened.add(NODES)
        opened.memory.remember(text="no node", metadata={"k": "a"})
        yield opened


@settings(max_examples=400, deadline=None)
@given(one_filter, st.sampled_from(THERE))
def test_one_filter_means_what_llama_index_means(given: MetadataFilter, there: Any) -> None:
    """All operators, on values of all kinds, missing ones included."""
    metadata = {} if there is None else {given.key: there}
    assert matches(metadata, given) == lets_through(given, metadata)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[*HealthCheck])
@given(filters)
@example(MetadataFilter(key="k", value=1))
@example(MetadataFilter(key="k", value=[0.0, 2.5], operator=Operator.IN))
@example(MetadataFilter(key="k", value=LARGE))
@example(MetadataFilter(key="k", value=LARGE, operator=Operator.GTE))
@example(MetadataFilter(key="k", value=0.5, operator=Operator.GT))
@example(MetadataFilter(key="k", value=[], operator=Operator.ALL))
@example(MetadataFilter(key="k", value=[""], operator=Operator.LT))
@example(MetadataFilter(key="k", value=None, operator=Operator.IS_EMPTY))
def test_the_store_lets_through_the_same_nodes(store: SensoriumVectorStore, given: Filters) -> None:
    """Also in groups of groups, and of keys that engines cannot look up."""
    group = given if isinstance(given, MetadataFilters) else MetadataFilters(filters=[given])
    expected = [node.node_id for node in NODES if lets_through(group, node_to_metadata_dict(node))]
    assert sorted(ids(store.get_nodes(filters=group))) == sorted(expected)


def test_every_operator_finds_and_leaves_out(store: SensoriumVectorStore) -> None:
    """None of the fourteen lets everything or nothing through."""
    asked: dict[FilterOperator, Any] = dict.fromkeys(Operator, "a")
    asked |= dict.fromkeys((Operator.GT, Operator.GTE, Operator.LT, Operator.LTE), 1)
    asked |= {how: ["a", "ab"] for how in (Operator.IN, Operator.NIN, Operator.ALL, Operator.ANY)}
    assert len(asked) == 14
    for how, value in asked.items():
        one = MetadataFilter(key="k", value=value, operator=how)
        let = store.get_nodes(filters=MetadataFilters(filters=[one]))
        assert 0 < len(let) < len(NODES), how


def test_what_is_nearest_but_does_not_fit_is_passed_over(store: SensoriumVectorStore) -> None:
    """A search goes on until as many as wanted fit, though the store cannot look for them."""
    near = [node(f"near {n}", "cat", metadata={"word": "dog"}) for n in range(30)]
    store.add([*near, node("far", "cat*0.1 sun", metadata={"word": "a cat!"})])
    only = MetadataFilter(key="word", value="cat", operator=Operator.TEXT_MATCH)
    assert ask(store, "cat", 1, filters=MetadataFilters(filters=[only])) == ["far"]
    store.delete_nodes([*(node.node_id for node in near), "far"])


def test_the_search_goes_on_beyond_what_one_call_returns(
    store: SensoriumVectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a memory returns no more at once, it is asked for others."""
    monkeypatch.setattr(widening, "MOST", 7)
    near = [node(f"near {n}", "cow", metadata={"word": "dog"}) for n in range(30)]
    store.add([*near, node("far", "cow*0.1 sun", metadata={"word": "a cat!"})])
    only = MetadataFilter(key="word", value="cat", operator=Operator.TEXT_MATCH)
    assert ask(store, "cow", 1, filters=MetadataFilters(filters=[only])) == ["far"]
    everything = MetadataFilters(filters=[MetadataFilter(key="k", value=5, operator=Operator.NE)])
    assert len(ask(store, "cow", 40, filters=everything)) == 40
    store.delete_nodes([*(node.node_id for node in near), "far"])


def test_a_dictionary_is_no_filter(store: SensoriumVectorStore) -> None:
    """The error says what to write, wherever the dictionary is given."""
    wrong: Any = {"k": "a"}
    for call in (
        lambda: ask(store, "sea", filters=wrong),
        lambda: store.get_nodes(filters=wrong),
        lambda: store.delete_nodes(filters=wrong),
    ):
        with pytest.raises(FilterError, match=r"write MetadataFilters\(filters=\["):
            call()


@pytest.mark.parametrize(("field", "words"), [("operator", "operator"), ("condition", "condition")])
def test_unknown_operators_and_conditions_are_errors(
    store: SensoriumVectorStore, field: str, words: str
) -> None:
    """Made without checks, an operator or a condition that does not exist is named."""
    one = MetadataFilter(key="k", value="a")
    group = MetadataFilters(filters=[one])
    setattr(one if field == "operator" else group, field, "like")
    with pytest.raises(FilterError, match=words):
        store.get_nodes(filters=group)
