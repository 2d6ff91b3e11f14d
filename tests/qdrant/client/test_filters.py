"""Filters in the words of the Qdrant client, the same over REST and gRPC."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qdrant_client import models
from qdrant_client.conversions.conversion import GrpcToRest, RestToGrpc
from tests.support.conditions import NOON, trees

from sensorium.errors import FilterError
from sensorium.qdrant.client.filters import condition, translated
from sensorium.qdrant.filters import (
    Condition,
    Either,
    Every,
    Filter,
    Ids,
    Not,
    OneOf,
    Range,
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
