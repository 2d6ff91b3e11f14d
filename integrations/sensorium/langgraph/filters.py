"""LangGraph's filters: conditions for the engine, and the exact answer for a value.

A filter matches the same values as in LangGraph's `InMemoryStore`, and may have the operators of
vector stores besides. Values that it cannot compare do
not match instead of raising; texts that are not numbers are compared as texts, as Postgres does.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from sensorium.errors import FilterError, show
from sensorium.langchain.filters import (
    JOINS,
    check_kind,
    check_name,
    check_operator,
    has_operators,
    joined,
)
from sensorium.langchain.qdrant_filters import is_qdrant_filter, operators_of
from sensorium.langgraph.media import split_content
from sensorium.qdrant import Condition, Either, Equal, Every, Not, OneOf, Present, Range
from sensorium.qdrant.filters import EXACT_FLOAT

VALUE = "metadata.value"  # the field of a record that holds an item's value
PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")  # every engine reads these as the same path
ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
OPPOSITES = {"$gt": "lte", "$gte": "lt", "$lt": "gte", "$lte": "gt"}


def filter_of(given: object) -> dict[str, Any] | None:
    """Return a filter as a dictionary, which was checked, and so were the filters within it.

    Args:
        given: A dictionary, `None`, or a `Filter` of `qdrant_client` on keys of the value.
    Raises:
        FilterError: It is something else, a field is not text, or an operator is wrong.
    """
    if given is None:
        return None
    check_kind(given, error=FilterError)
    wanted = operators_of(given, nested=True) if is_qdrant_filter(given) else given
    assert isinstance(wanted, Mapping), "checked"
    _check(wanted)
    return dict(wanted)


def _check(filter: Mapping[Any, Any]) -> None:
    for name, wanted in filter.items():
        check_name(name, wanted)
        if name not in JOINS:
            _check_wanted(name, wanted)
            continue
        for part in joined(name, wanted):
            if not isinstance(part, Mapping):
                raise FilterError(
                    f"{show(part)} within {name!r}", "dictionaries", 'write {"color": "red"}'
                )
            _check(part)


def _check_wanted(field: str, wanted: object) -> None:
    if isinstance(wanted, (list, tuple)):
        for part in wanted:
            _check_wanted(field, part)
    elif isinstance(wanted, datetime):
        raise FilterError(
            f"{field!r} compared with {wanted!r}",
            "JSON, as values are",
            "compare texts: write .isoformat() in the value and here",
        )
    elif isinstance(wanted, dict) and has_operators(wanted):
        for name, operand in wanted.items():
            check_operator(field, name, operand)
            if name in JOINS or not isinstance(operand, dict):
                _check_wanted(field, operand)
    elif isinstance(wanted, dict):
        _check(wanted)


def fields_of(filter: Mapping[str, Any] | None) -> set[str]:
    """Return the keys of a value that a checked filter looks at."""
    fields: set[str] = set()
    for name, wanted in (filter or {}).items():
        if name in JOINS:
            fields.update(*(fields_of(part) for part in joined(name, wanted)))
        else:
            fields.add(name)
    return fields


def matches(value: Mapping[str, Any], filter: Mapping[str, Any] | None) -> bool:
    """Return whether an item's value matches a checked filter."""
    return all(_entry_holds(value, name, wanted) for name, wanted in (filter or {}).items())


def _entry_holds(value: Mapping[str, Any], name: str, wanted: Any) -> bool:
    if name in JOINS:
        return _join(name, (matches(value, part) for part in joined(name, wanted)))
    return _matches_wanted(value.get(name), wanted)


def _join(name: str, parts: Iterable[bool]) -> bool:
    """Join what holds; `$not` holds if none of the parts does."""
    if name == "$and":
        return all(parts)
    return any(parts) if name == "$or" else not any(parts)


def _matches_wanted(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        if has_operators(wanted):
            return all(_holds(value, name, operand) for name, operand in wanted.items())
        return isinstance(value, dict) and matches(value, wanted)
    if isinstance(wanted, (list, tuple)):
        return (
            isinstance(value, list)
            and len(value) == len(wanted)
            and all(map(_matches_wanted, value, wanted))
        )
    return bool(value == wanted)


def _holds(value: Any, name: str, operand: Any) -> bool:
    if name in JOINS:
        parts = [operand] if name == "$not" else operand
        return _join(name, (_matches_wanted(value, part) for part in parts))
    if name in ("$eq", "$ne"):
        return bool(value == operand) is (name == "$eq")
    if name in ("$in", "$nin"):
        return any(value == one for one in operand) is (name == "$in")
    if name == "$exists":
        return (value is not None) is operand
    if name == "$between":
        return _is_ordered(value, "$gte", operand[0]) and _is_ordered(value, "$lte", operand[1])
    return _is_ordered(value, name, operand)


def _is_ordered(value: Any, name: str, operand: Any) -> bool:
    """Compare numbers, or two texts; others do not match."""
    numbers = _number(value), _number(operand)
    if None not in numbers:
        return ORDERS[name](*numbers)
    both_text = isinstance(value, str) and isinstance(operand, str)
    return both_text and ORDERS[name](value, operand)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def necessary(filter: Mapping[str, Any] | None, *, field: str = VALUE) -> Iterator[Condition]:
    """Yield conditions that every record with a matching value fulfils, and perhaps others."""
    for name, wanted in (filter or {}).items():
        inner = f"{field}.{name}"
        if name in JOINS:
            parts = [tuple(necessary(part, field=field)) for part in joined(name, wanted)]
            yield from _joined(name, parts)
        elif not PLAIN_KEY.fullmatch(name):
            continue
        elif not isinstance(wanted, dict):
            yield from _same(inner, wanted)
        elif not has_operators(wanted):
            yield from necessary(wanted, field=inner)
        else:
            yield from _necessary_operators(inner, wanted)


def _joined(name: str, parts: Sequence[tuple[Condition, ...]]) -> Iterator[Condition]:
    """Join what is necessary for each part; for its opposite, nothing is."""
    if name == "$and":
        yield from (condition for part in parts for condition in part)
    elif name == "$or" and all(parts):
        yield Either(tuple(Every(part) for part in parts))


def _necessary_operators(field: str, wanted: Mapping[str, Any]) -> Iterator[Condition]:
    for name, operand in wanted.items():
        if name in ("$and", "$or"):
            parts = [tuple(_necessary_operators(field, part)) for part in operand]
            yield from _joined(name, parts)
        elif name == "$eq":
            yield from _same(field, operand)
        elif name == "$in":
            yield from _joined("$or", [tuple(_same(field, one)) for one in operand])
        elif name == "$between":
            yield from _within(field, "$gte", operand[0])
            yield from _within(field, "$lte", operand[1])
        elif name == "$exists" and not operand:
            yield Not(Present(field))
        else:
            yield from _within(field, name, operand)


def _same(field: str, wanted: object) -> Iterator[Condition]:
    if wanted is None:
        yield Not(Present(field))
    elif isinstance(wanted, str):
        head, content = split_content(wanted)  # the content of media is not in the stored value
        stored = (wanted,) if content is None else (wanted, head)
        with suppress(FilterError):  # half a surrogate pair, which no record holds
            yield OneOf(field, stored)
    elif isinstance(wanted, (int, float)) and abs(wanted) < EXACT_FLOAT:
        yield _same_number(field, wanted)


def _same_number(field: str, wanted: float) -> Condition:
    if wanted not in (0, 1):
        return Equal(field, wanted)
    # 1 and True are equal in Python
    return Either((Equal(field, int(wanted)), Equal(field, bool(wanted))))


def _within(field: str, kind: str, operand: object) -> Iterator[Condition]:
    number = _number(operand)
    if kind in OPPOSITES and number is not None and abs(number) < EXACT_FLOAT:
        # Not the range itself: texts may be numbers, too
        yield Not(Range(field, **{OPPOSITES[kind]: number}))
