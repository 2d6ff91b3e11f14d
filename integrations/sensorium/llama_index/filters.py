"""LlamaIndex's metadata filters: a condition for the engine, and the exact answer for a record.

Everything that matches fulfils the engine's condition (`necessary`), and perhaps more does; then
`matches` decides as LlamaIndex's `build_metadata_filter_fn` does, with two extensions: filters may
be nested, and a value of another type than the filter's does not match instead of raising.
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

# What LlamaIndex's own stores add to the metadata of a node
DOCUMENT_KEYS = ("doc_id", "document_id", "ref_doc_id")
NO_DOCUMENT = "None"  # value of these keys for a node without a document
TYPE_KEY = "_node_type"  # key of the name of the node's class
Comparison: TypeAlias = Callable[[Any, Any], bool]
# Takes a field and the value of a filter
ConditionOf: TypeAlias = Callable[[str, Any], Condition]
Operator = FilterOperator


def check_filters(filters: object) -> None:
    """Check that filters are LlamaIndex's, or `None`.

    Raises:
        FilterError: They are something else, such as a dictionary.
    """
    if filters is not None and not isinstance(filters, (MetadataFilters, MetadataFilter)):
        raise FilterError(
            f"filters={filters!r}",
            "LlamaIndex's MetadataFilters",
            'write MetadataFilters(filters=[MetadataFilter(key="topic", value="bees")])',
        )


def matches(metadata: Mapping[str, Any], filters: MetadataFilters | MetadataFilter) -> bool:
    """Return whether metadata matches filters, by LlamaIndex's rules.

    Raises:
        FilterError: LlamaIndex does not have this operator or condition.
    """
    if isinstance(filters, MetadataFilter):
        return _holds(filters.operator, metadata.get(filters.key), filters.value)
    if not filters.filters:
        return True
    answers = (matches(metadata, part) for part in filters.filters)
    match filters.condition or FilterCondition.AND:
        case FilterCondition.AND:
            return all(answers)
        case FilterCondition.OR:
            return any(answers)
        case FilterCondition.NOT:
            return not any(answers)
    raise FilterError(f"the condition {filters.condition!r}", "and, or, not", "use one of these")


def _holds(how: FilterOperator, stored: Any, value: Any) -> bool:
    """Return whether a value of the metadata, or `None` for a missing one, matches one filter."""
    if how is Operator.IS_EMPTY:
        return stored is None or stored in ("", [])
    if stored is None:
        return how in (Operator.NE, Operator.NIN)
    try:
        return _compare(how, stored, value)
    except TypeError:  # text with a number, a number with a list, ...
        return how in (Operator.NE, Operator.NIN)


def _compare(how: FilterOperator, stored: Any, value: Any) -> bool:
    compare = COMPARISONS.get(how)
    if compare is None:
        known = ", ".join(Operator)
        raise FilterError(f"the operator {how!r}", f"one of {known}", "use one of these")
    return bool(compare(stored, value))


def _texts(compare: Callable[[str, str], bool]) -> Comparison:
    return lambda stored, value: (
        isinstance(stored, str) and isinstance(value, str) and compare(stored, value)
    )


ORDERS: Mapping[FilterOperator, Comparison] = {
    Operator.GT: operator.gt,
    Operator.GTE: operator.ge,
    Operator.LT: operator.lt,
    Operator.LTE: operator.le,
}
COMPARISONS: Mapping[FilterOperator, Comparison] = {  # of a stored value with a filter's
    **ORDERS,
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.IN: lambda stored, value: stored in value,
    Operator.NIN: lambda stored, value: stored not in value,
    Operator.CONTAINS: lambda stored, value: value in stored,
    Operator.ALL: lambda stored, value: all(part in stored for part in value),
    Operator.ANY: lambda stored, value: any(part in stored for part in value),
    Operator.TEXT_MATCH: _texts(lambda stored, value: value in stored),
    Operator.TEXT_MATCH_INSENSITIVE: _texts(lambda stored, value: value.lower() in stored.lower()),
}


def necessary(filters: MetadataFilters | MetadataFilter | None) -> Condition | None:
    """Return a condition that every match fulfils; `None` if no condition can say it."""
    if filters is None:
        return None
    if isinstance(filters, MetadataFilter):
        return _of_filter(filters)
    parts = [necessary(part) for part in filters.filters]
    known = tuple(part for part in parts if part is not None)
    match filters.condition or FilterCondition.AND:
        case FilterCondition.AND if known:
            return Every(known)
        case FilterCondition.OR if known and len(known) == len(parts):
            return Either(known)
    return None  # the opposite of a necessary condition would leave out what matches


def _of_filter(given: MetadataFilter) -> Condition | None:
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
    return _of_field(field, how, value)


def _of_field(field: str, how: FilterOperator, value: Any) -> Condition | None:
    if how is Operator.IS_EMPTY:
        return Not(Present(field)) | Equal(field, "")
    if how is Operator.EQ and isinstance(value, str):
        return Equal(field, value)
    orders_lists = how in ORDERS and isinstance(value, list)
    if value in ([], "") or orders_lists:  # empty values may match, and are not `Present`
        return None
    return (
        _ordered(field, how, value)
        if how in ORDERS
        else CONDITIONS.get(how, _present)(field, value)
    )


def _present(field: str, _: Any) -> Condition:
    return Present(field)


def _equal(field: str, value: Any) -> Condition:
    """Require a value, or a list that holds it; numbers compare as floats, and 1 is true."""
    if isinstance(value, str):
        return Equal(field, value)
    if not _is_comparable(value):
        return Present(field)
    low, high = _around(value)
    same: Condition = Range(field, gte=low, lte=high)
    return same | Equal(field, bool(value)) if value in (0, 1) else same


def _element(field: str, value: Any) -> Condition:
    """Require a list that holds a value; engines cannot look for text within a text."""
    return Present(field) if isinstance(value, str) else _equal(field, value)


def _some(condition_of: ConditionOf) -> ConditionOf:
    """Require one of several values."""
    return lambda field, value: (
        Either(tuple(condition_of(field, part) for part in value))
        if isinstance(value, list)
        else Present(field)
    )


def _all(field: str, value: Any) -> Condition:
    if not isinstance(value, list):
        return Present(field)
    return Every(tuple(_element(field, part) for part in value))


def _ordered(field: str, how: FilterOperator, value: Any) -> Condition:
    """Require a number on one side of another; engines do not order texts."""
    if not _is_comparable(value):
        return Present(field)
    low, high = _around(value)
    upwards = how in (Operator.GT, Operator.GTE)
    side: Condition = Range(field, gte=low) if upwards else Range(field, lte=high)
    for truth in (True, False):  # LlamaIndex compares them as numbers
        if ORDERS[how](truth, value):
            side = side | Equal(field, truth)
    return side


CONDITIONS: Mapping[FilterOperator, ConditionOf] = {
    Operator.EQ: _equal,
    Operator.IN: _some(_equal),
    Operator.ANY: _some(_element),
    Operator.ALL: _all,
    Operator.CONTAINS: _element,
}


def _around(number: float) -> tuple[float, float]:
    """Return bounds around a number, which hold it even if an engine rounds it to a float."""
    if abs(number) < EXACT_FLOAT:
        return number, number
    return math.nextafter(number, -math.inf), math.nextafter(number, math.inf)


def _is_comparable(value: object) -> bool:
    """Return whether engines can compare a value with numbers."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and -INT64 <= value < INT64
