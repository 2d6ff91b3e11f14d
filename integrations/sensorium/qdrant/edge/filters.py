"""Our filters in the words of Qdrant Edge."""

from __future__ import annotations

from datetime import datetime
from functools import singledispatch
from typing import Any

import qdrant_edge as edge

from sensorium.errors import FilterError
from sensorium.qdrant.filters import (
    EXACT_FLOAT,
    Condition,
    Either,
    Equal,
    Every,
    Filter,
    Ids,
    Near,
    Not,
    OneOf,
    Present,
    Range,
    Scalar,
    Words,
    flag,
    uuids,
    with_the_time_of,
)
from sensorium.qdrant.points import iso
from sensorium.qdrant.schema import CREATED, PLACE

# Edge lets everything through an empty list of alternatives
NEVER = edge.HasIdCondition(set())


def translated(
    filter: Filter, *, whose: Condition | None = None, expiry: bool = True, parts: bool = True
) -> edge.Filter:
    """Translate a filter; the owner is added here, and nowhere else.

    Args:
        filter: The filter.
        whose: Its condition on the owner, if that was made simpler.
        expiry: Whether to ask for expiry. Where nothing has expired, the condition lets everything
            through and costs more than the search itself.
        parts: Whether to ask for continuations, which costs as much where there are none.
    """
    must: list[Any] = [_condition(whose or filter.whose)]
    must_not: list[Any] = []
    if filter.condition is not None:
        must.append(condition(filter.condition))
    if filter.alive_at is not None and expiry:
        limit = edge.RangeDateTime(lte=iso(filter.alive_at))
        must_not.append(edge.FieldCondition("expires_at", range=limit))
    if not filter.parts and parts:
        must.append(edge.IsEmptyCondition("part_of"))
    return edge.Filter(must=must, must_not=must_not or None)


def condition(given: Condition) -> Any:
    """Translate one condition.

    Raises:
        FilterError: A condition of an unknown kind.
    """
    instead = with_the_time_of(given)
    if instead is None:
        return _condition(given)
    absent = edge.Filter(must=[edge.IsEmptyCondition(CREATED), _condition(instead)])
    return edge.Filter(should=[_condition(given), absent])


@singledispatch
def _condition(given: Condition) -> Any:
    raise FilterError(
        f"a condition of type {type(given).__name__}", "one of sensorium.qdrant", "combine those"
    )


@_condition.register
def _(given: Range) -> Any:
    return edge.FieldCondition(given.field, range=_range(given))


@_condition.register
def _(given: Words) -> Any:
    return edge.FieldCondition(given.field, match=edge.MatchText(given.text))


@_condition.register
def _(given: Present) -> Any:
    return edge.Filter(must_not=[edge.IsEmptyCondition(given.field)])


@_condition.register
def _(given: Near) -> Any:
    centre = edge.GeoPoint(given.longitude, given.latitude)
    return edge.FieldCondition(PLACE, geo_radius=edge.GeoRadius(center=centre, radius=given.radius))


@_condition.register
def _(given: Ids) -> Any:
    return edge.HasIdCondition(set(uuids(given.ids)))


@_condition.register
def _(given: Every) -> Any:
    return edge.Filter(must=[condition(part) for part in given.conditions])


@_condition.register
def _(given: Either) -> Any:
    parts = [condition(part) for part in given.conditions]
    return edge.Filter(should=parts) if parts else NEVER


@_condition.register
def _(given: Not) -> Any:
    return edge.Filter(must_not=[condition(given.condition)])


@_condition.register
def _(given: OneOf) -> Any:
    if given.values and all(isinstance(value, str) for value in given.values):
        return edge.FieldCondition(given.field, match=edge.MatchAny(list(map(str, given.values))))
    return condition(Either(tuple(Equal(given.field, value) for value in given.values)))


@_condition.register
def _(given: Equal) -> Any:
    return _equal(given.field, given.value)


def _equal(field: str, value: Scalar) -> Any:
    if isinstance(value, bool):
        return edge.FieldCondition("flags", match=edge.MatchValue(flag(field, value)))
    if isinstance(value, float):
        return edge.FieldCondition(field, range=edge.RangeFloat(gte=value, lte=value))
    exact = edge.FieldCondition(field, match=edge.MatchValue(value))
    if isinstance(value, str) or abs(value) >= EXACT_FLOAT:
        return exact
    # A number stored as 2.0 is no integer to Edge, yet equal to one
    same = edge.FieldCondition(field, range=edge.RangeFloat(gte=value, lte=value))
    return edge.Filter(should=[exact, same])


def _range(given: Range) -> edge.RangeFloat | edge.RangeDateTime:
    if any(isinstance(bound, datetime) for bound in given.bounds.values()):
        times = {k: iso(bound) for k, bound in given.bounds.items() if isinstance(bound, datetime)}
        return edge.RangeDateTime(**times)
    numbers = {k: float(b) for k, b in given.bounds.items() if not isinstance(b, datetime)}
    return edge.RangeFloat(**numbers)
