"""Filters: what is refused when they are made, and that every client says the same by them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qdrant_client import models
from qdrant_client.conversions.conversion import GrpcToRest, RestToGrpc
from tests.support.planted import PlantedEncoder

from sensorium.errors import FilterError, OwnerError, QueryError
from sensorium.memory.filters import conditions
from sensorium.memory.recalling.query import checked_modalities, query_vectors
from sensorium.qdrant.client.filters import condition, translated
from sensorium.qdrant.filters import (
    Condition,
    Either,
    Equal,
    Every,
    Filter,
    Ids,
    Not,
    OneOf,
    Present,
    Range,
    Words,
    matching,
    uuids,
)

NOON = datetime(2024, 5, 1, 12, tzinfo=timezone.utc)
ID = "6f1ed002-ab59-4a4a-8a0f-1a2b3c4d5e6f"
EAST, WEST = timezone(timedelta(hours=5)), timezone(timedelta(hours=-5))
ENCODER = PlantedEncoder()
scalars = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)
bounds = st.one_of(
    st.dictionaries(st.sampled_from(["gt", "gte", "lt", "lte"]), st.floats(-9, 9), min_size=1),
    st.dictionaries(
        st.sampled_from(["gt", "gte", "lt", "lte"]),
        st.datetimes(timezones=st.just(timezone.utc), min_value=datetime(1970, 1, 2)),
        min_size=1,
    ),
)
leaves = st.one_of(
    st.builds(Equal, st.just("metadata.x"), scalars),
    st.builds(OneOf, st.just("tags"), st.lists(scalars, max_size=3).map(tuple)),
    st.builds(lambda given: Range("at", **given), bounds),
    st.builds(Words, st.just("page_content"), st.just("red fox")),
    st.builds(Present, st.just("source")),
    st.builds(Ids, st.lists(st.uuids().map(str), max_size=3).map(tuple)),
)
trees = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.builds(Every, st.lists(parts, max_size=3).map(tuple)),
        st.builds(Either, st.lists(parts, max_size=3).map(tuple)),
        st.builds(Not, parts),
    ),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(tree=trees, owner=st.sampled_from(["rex", "fido"]), parts=st.booleans())
def test_the_owner_is_in_every_filter(tree: Condition, owner: str, parts: bool) -> None:
    """At the top, as something that must hold, whatever else is asked."""
    meant = translated(Filter(owner, tree, alive_at=NOON, parts=parts))
    mine = models.FieldCondition(key="owner", match=models.MatchValue(value=owner))
    assert isinstance(meant.must, list)
    assert mine in meant.must
    assert not meant.should


@settings(max_examples=100, deadline=None)
@given(tree=trees)
def test_rest_and_grpc_ask_the_same(tree: Condition) -> None:
    """A filter survives the translation to gRPC and back, and serialisation to JSON."""
    meant = translated(Filter("rex", tree, alive_at=NOON))
    there = RestToGrpc.convert_filter(meant)
    again = RestToGrpc.convert_filter(GrpcToRest.convert_filter(there))
    assert again == there
    read = models.Filter.model_validate_json(meant.model_dump_json())
    assert RestToGrpc.convert_filter(read) == there


@pytest.mark.parametrize("never", [Either(()), OneOf("tags", ()), Ids(()), Ids(("no uuid",))])
def test_no_alternative_is_never_true(never: Condition) -> None:
    """An empty list of alternatives is not left out: that would let everything through."""
    nothing = models.HasIdCondition(has_id=[])
    assert condition(never) == nothing
    assert condition(Not(never)) == models.Filter(must_not=[nothing])


def test_ids_that_are_no_uuids_are_left_out() -> None:
    """No point has them; those that are, are written as points have them."""
    odd: list[Any] = [ID.upper(), "", "holiday", None, 7]
    assert list(uuids(odd)) == [ID]


@pytest.mark.parametrize("bound", [float("inf"), float("-inf"), 10**300])
def test_infinite_bounds_survive_json(bound: float) -> None:
    """JSON has no infinity: a bound that became null would bound nothing."""
    meant = translated(Filter("rex", Range("metadata.x", gt=bound)))
    assert models.Filter.model_validate_json(meant.model_dump_json()) == meant


def test_a_foreign_condition_is_refused() -> None:
    """One that the translation does not know is not passed over."""
    with pytest.raises(FilterError, match="Condition"):
        translated(Filter("rex", Condition()))
    with pytest.raises(FilterError, match="Condition"):
        translated(Filter("rex", Not(Every((Condition(),)))))


@pytest.mark.parametrize("owner", ["", " ", " rex", "rex\n", None, 7, b"rex", "x" * 513, "\ud800"])
def test_a_filter_needs_an_owner(owner: Any) -> None:
    """Nothing can be asked without one."""
    with pytest.raises(OwnerError):
        Filter(owner)


MISTAKES: dict[str, Any] = {
    "no field": lambda: Equal("", 1),
    "nan": lambda: Equal("metadata.x", float("nan")),
    "infinite": lambda: OneOf("metadata.x", (1.0, float("inf"))),
    "a time as a value": lambda: Equal("at", NOON),  # type: ignore[arg-type] # the mistake
    "no bounds": lambda: Range("at"),
    "mixed bounds": lambda: Range("at", gt=1, lt=NOON),
    "nan as a bound": lambda: Range("metadata.x", gt=float("nan")),
    "a truth as a bound": lambda: Range("metadata.x", gt=True),
    "a naive time": lambda: Range("at", gt=datetime(2024, 5, 1)),
    "a naive alive_at": lambda: Filter("rex", alive_at=datetime(2024, 5, 1)),
    "before the first year": lambda: Range("at", gt=datetime(1, 1, 1, tzinfo=EAST)),
    "after the last year": lambda: Range("at", lt=datetime(9999, 12, 31, 23, tzinfo=WEST)),
    "beyond 64 bits": lambda: Equal("metadata.x", 2**63),
    "beyond all floats": lambda: Range("metadata.x", lt=10**400),
    "half a character": lambda: Equal("tags", "\ud800"),
    "a field of half a character": lambda: Present("metadata.\ud800"),
    "words of half a character": lambda: Words("page_content", "fox \ud800"),
    "a quote in a key": lambda: matching({'say "hi"': 1}),
    "a quote that does not end": lambda: Equal('metadata."a', 1),
    "a backslash in a key": lambda: matching({"a\\b": 1}),
    "a key that is no text": lambda: matching({5: 1}),  # type: ignore[dict-item] # the mistake
    "letters for values": lambda: OneOf("tags", "home"),  # type: ignore[arg-type] # the mistake
    "one value for several": lambda: OneOf("tags", 5),  # type: ignore[arg-type] # the mistake
    "letters for ids": lambda: Ids(ID),  # type: ignore[arg-type] # the mistake
    "one condition for several": lambda: Every(Present("at")),  # type: ignore[arg-type] # same
    "no words": lambda: Words("page_content", " "),
    "no condition": lambda: Filter("rex", {"tags": "x"}),  # type: ignore[arg-type] # the mistake
    "a dictionary to match": lambda: matching({"room": {"a": 1}}),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_refused_at_once(mistake: Any) -> None:
    """When the filter is made, not when a server answers."""
    with pytest.raises(FilterError):
        mistake()


def test_operators_build_trees() -> None:
    """`&`, `|` and `~` are Every, Either and Not."""
    a, b = Equal("tags", "a"), Present("source")
    assert (a & b, a | b, ~a) == (Every((a, b)), Either((a, b)), Not(a))


def test_fields_are_matched_by_kind() -> None:
    """A scalar is equal, a collection is one of, a condition stays."""
    there = Present("source")
    assert matching({"room": "kitchen", "floor": [1, 2], "any": there}) == [
        Equal("metadata.room", "kitchen"),
        OneOf("metadata.floor", (1, 2)),
        there,
    ]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("room", "metadata.room"),
        ("a.b", "metadata.a.b"),
        ('"a.b".c', 'metadata."a.b".c'),
        ("my key.x", 'metadata."my key".x'),
        ("", 'metadata.""'),
        ("people[].name", "metadata.people[].name"),
    ],
)
def test_keys_are_quoted_where_engines_need_it(name: str, field: str) -> None:
    """Dots part keys; quotes that are there stay."""
    assert matching({name: 1}) == [Equal(field, 1)]
    assert Equal(field, 1).field == field


QUESTIONS: dict[str, tuple[Any, type[Exception]]] = {
    "a sense nobody has": (
        lambda: conditions("recall", {"with_modalities": ["smell"]}),
        QueryError,
    ),
    "letters for senses": (lambda: conditions("recall", {"with_modalities": "audio"}), QueryError),
    "no senses": (lambda: conditions("recall", {"with_modalities": 5}), QueryError),  # type: ignore[typeddict-item] # the mistake
    "no name": (lambda: conditions("recall", {"source": 5}), FilterError),  # type: ignore[typeddict-item] # the mistake
    "no time": (lambda: conditions("recall", {"since": 5}), FilterError),  # type: ignore[typeddict-item] # the mistake
    "no date": (lambda: conditions("recall", {"until": "2024"}), FilterError),  # type: ignore[typeddict-item] # same
    "no list of weights": (lambda: query_vectors("sea", ENCODER, 2), QueryError),  # type: ignore[arg-type] # same
    "a boundless weight": (lambda: query_vectors("sea", ENCODER, [10**400]), QueryError),
    "weights of text": (lambda: query_vectors("sea", ENCODER, ["1"]), QueryError),  # type: ignore[list-item] # same
    "a boundless vector": (lambda: query_vectors([[10**400] * 64], ENCODER, None), QueryError),  # type: ignore[list-item] # same
    "senses of no kind": (lambda: checked_modalities(5, ENCODER), QueryError),  # type: ignore[arg-type] # same
    "senses that are lists": (lambda: checked_modalities([[]], ENCODER), QueryError),  # type: ignore[list-item] # same
}


@pytest.mark.parametrize(("ask", "error"), QUESTIONS.values(), ids=QUESTIONS)
def test_questions_of_the_wrong_kind_are_refused(ask: Any, error: type[Exception]) -> None:
    """They would find nothing, without a word, or fail with an error that is not ours."""
    with pytest.raises(error):
        ask()
