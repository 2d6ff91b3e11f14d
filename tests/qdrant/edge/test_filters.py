"""Filters in the words of Edge: the owner is in each of them."""

from __future__ import annotations

import pytest
import qdrant_edge as edge
from hypothesis import given, settings
from tests.support.conditions import NOON, trees

from sensorium.errors import FilterError
from sensorium.qdrant import Condition, Filter, Not
from sensorium.qdrant.edge.filters import condition, translated


@settings(max_examples=60, deadline=None)
@given(tree=trees)
def test_the_owner_is_in_every_filter(tree: Condition) -> None:
    """At the top, as something that must hold, whatever else is asked."""
    asked = translated(Filter("rex", tree, alive_at=NOON))
    assert isinstance(asked.must, list)
    fields = [part for part in asked.must if isinstance(part, edge.FieldCondition)]
    [owner] = [part for part in fields if part.key == "owner"]
    assert isinstance(owner.match, edge.MatchValue)
    assert owner.match.value == "rex"
    assert not asked.should


def test_conditions_that_leave_nothing_out_may_be_left_out() -> None:
    """Expiry and parts cost as much as the search where nothing expires or continues."""
    question = Filter("rex", alive_at=NOON)
    whole, short = translated(question), translated(question, expiry=False, parts=False)
    assert (len(whole.must or []), len(whole.must_not or [])) == (2, 1)
    assert (len(short.must or []), len(short.must_not or [])) == (1, 0)


def test_a_foreign_condition_is_refused() -> None:
    """One that the translation does not know is not passed over."""
    with pytest.raises(FilterError, match="Condition"):
        translated(Filter("rex", Not(Condition())))
    with pytest.raises(FilterError, match="Condition"):
        condition(Condition())
