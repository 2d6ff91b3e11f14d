"""LlamaIndex's metadata filters: what may match, as conditions of the store; what does, exactly.

A store's condition is a net that lets nothing slip that matches, and `fits` is LlamaIndex's own
meaning, that of `build_metadata_filter_fn`, for what is in the net. It is wider here in two ways:
filters may be nested, and a value of another type than the filter's does not match, where that
function raises.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
)

from sensorium.errors import FilterError
from sensorium.qdrant import Condition, Either, Equal, Every, Not, Present, Range
from sensorium.qdrant.filters import EXACT_FLOAT, INT64

DOCUMENT_KEYS = ("doc_id", "document_id", "ref_doc_id")  # as LlamaIndex's stores name it
NO_DOCUMENT = "None"  # and what they say of a node that has none
TYPE_KEY = "_node_type"  # under which they name its class
Comparison: TypeAlias = Callable[[Any, Any], bool]
Net: TypeAlias = Callable[[str, Any], Condition]  # of a field and a filter's value
Operator = FilterOperator


def check_filters(filters: object) -> None:
    """Refuse what are no filters, a dictionary for one.

    Raises:
        FilterError: Something else than filters or none.
    """
    if filters is not None and not isinstance(filters, (MetadataFilters, MetadataFilter)):
        raise FilterError(
            f"filters={filters!r}"[:200],
            "LlamaIndex's MetadataFilters",
            'write MetadataFilters(filters=[MetadataFilter(key="topic", value="bees")])',
        )


def fits(metadata: Mapping[str, Any], filters: MetadataFilters | MetadataFilter) -> bool:
    """Whether metadata fulfils filters, as LlamaIndex means them.

    Raises:
        FilterError: An operator or a condition that LlamaIndex does not have.
    """
    if isinstance(filters, MetadataFilter):
        return _holds(filters.operator, metadata.get(filters.key), filters.value)
    if not filters.filters:
        return True
    answers = (fits(metadata, one) for one in filters.filters)
    match filters.condition or FilterCondition.AND:
        case FilterCondition.AND:
            return all(answers)
        case FilterCondition.OR:
            return any(answers)
        case FilterCondition.NOT:
            return not any(answers)
    raise FilterError(f"the condition {filters.condition!r}", "and, or, not", "use one of these")


def _holds(how: FilterOperator, there: Any, value: Any) -> bool:
    """Whether one value of metadata (`None` where there is none) fulfils one filter."""
    if how is Operator.IS_EMPTY:
        return there is None or there in ("", [])
    if there is None:
        return how in (Operator.NE, Operator.NIN)
    try:
        return _compared(how, there, value)
    except TypeError:  # text with a number, a number with a list, ...
        return how in (Operator.NE, Operator.NIN)


def _compared(how: FilterOperator, there: Any, value: Any) -> bool:
    compare = COMPARISONS.get(how)
    if compare is None:
        known = ", ".join(Operator)
        raise FilterError(f"the operator {how!r}", f"one of {known}", "use one of these")
    return bool(compare(there, value))


def _texts(compare: Callable[[str, str], bool]) -> Comparison:
    return lambda there, value: (
        isinstance(there, str) and isinstance(value, str) and compare(there, value)
    )


ORDERS: Mapping[FilterOperator, Comparison] = {
    Operator.GT: operator.gt,
    Operator.GTE: operator.ge,
    Operator.LT: operator.lt,
    Operator.LTE: operator.le,
}
COMPARISONS: Mapping[FilterOperator, Comparison] = {  # of what is there with a filter's value
    **ORDERS,
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.IN: lambda there, value: there in value,
    Operator.NIN: lambda there, value: there not in value,
    Operator.CONTAINS: lambda there, value: value in there,
    Operator.ALL: lambda there, value: all(one in there for one in value),
    Operator.ANY: lambda there, value: any(one in there for one in value),
    Operator.TEXT_MATCH: _texts(lambda there, value: value in there),
    Operator.TEXT_MATCH_INSENSITIVE: _texts(lambda there, value: value.lower() in there.lower()),
}


def net(filters: MetadataFilters | MetadataFilter | None) -> Condition | None:
    """Return a condition that everything fulfils which fits; `None` where there is none."""
    if filters is None:
        return None
    if isinstance(filters, MetadataFilter):
        return _net_of_one(filters)
    nets = [net(one) for one in filters.filters]
    known = tuple(one for one in nets if one is not None)
    match filters.condition or FilterCondition.AND:
        case FilterCondition.AND if known:
            return Every(known)
        case FilterCondition.OR if known and len(known) == len(nets):
            return Either(known)
    return None  # the opposite of a net lets slip what matches


def _net_of_one(given: MetadataFilter) -> Condition | None:
    how, value = given.operator, given.value
    if given.key in DOCUMENT_KEYS:
        named = how is Operator.EQ and isinstance(value, str) and value != NO_DOCUMENT
        return Equal("source", str(value)) if named else None
    if how in (Operator.NE, Operator.NIN) or given.key == TYPE_KEY:
        return None
    try:
        field = Present(f'metadata."{given.key}"').field
    except FilterError:  # a key that engines cannot look up
        return None
    return _net_of_field(field, how, value)


def _net_of_field(field: str, how: FilterOperator, value: Any) -> Condition | None:
    if how is Operator.IS_EMPTY:
        return Not(Present(field)) | Equal(field, "")
    if how is Operator.EQ and isinstance(value, str):
        return Equal(field, value)
    orders_lists = how in ORDERS and isinstance(value, list)
    if value in ([], "") or orders_lists:  # which may match what is empty: so is not `Present`
        return None
    return _ordered(field, how, value) if how in ORDERS else NETS.get(how, _present)(field, value)


def _present(field: str, _: Any) -> Condition:
    return Present(field)


def _equal(field: str, value: Any) -> Condition:
    """Catch a value, and lists that hold it; numbers compare as floats, and 1 is true."""
    if isinstance(value, str):
        return Equal(field, value)
    if not _is_comparable(value):
        return Present(field)
    low, high = _around(value)
    same: Condition = Range(field, gte=low, lte=high)
    return same | Equal(field, bool(value)) if value in (0, 1) else same


def _element(field: str, value: Any) -> Condition:
    """Catch lists that hold a value; text that holds a text cannot be looked for."""
    return Present(field) if isinstance(value, str) else _equal(field, value)


def _some(one: Net) -> Net:
    """Catch what one of several values catches."""
    return lambda field, value: (
        Either(tuple(one(field, part) for part in value))
        if isinstance(value, list)
        else Present(field)
    )


def _all(field: str, value: Any) -> Condition:
    if not isinstance(value, list):
        return Present(field)
    return Every(tuple(_element(field, part) for part in value))


def _ordered(field: str, how: FilterOperator, value: Any) -> Condition:
    """Catch numbers on one side of another; engines order no text."""
    if not _is_comparable(value):
        return Present(field)
    low, high = _around(value)
    upwards = how in (Operator.GT, Operator.GTE)
    side: Condition = Range(field, gte=low) if upwards else Range(field, lte=high)
    for truth in (True, False):  # which are numbers to LlamaIndex
        if ORDERS[how](truth, value):
            side = side | Equal(field, truth)
    return side


NETS: Mapping[FilterOperator, Net] = {
    Operator.EQ: _equal,
    Operator.IN: _some(_equal),
    Operator.ANY: _some(_element),
    Operator.ALL: _all,
    Operator.CONTAINS: _element,
}


def _around(number: float) -> tuple[float, float]:
    """Return bounds that hold a number, whether engines round it to a float or not."""
    if abs(number) < EXACT_FLOAT:
        return number, number
    return math.nextafter(number, -math.inf), math.nextafter(number, math.inf)


def _is_comparable(value: object) -> bool:
    """Whether engines compare it with numbers."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and -INT64 <= value < INT64
