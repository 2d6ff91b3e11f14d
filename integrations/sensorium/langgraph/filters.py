"""LangGraph's filters: conditions for the engine, and the exact answer for a value.

A filter matches the same values as in LangGraph's `InMemoryStore`. Values that it cannot compare do
not match instead of raising; texts that are not numbers are compared as texts, as Postgres does.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from sensorium.errors import FilterError
from sensorium.langgraph.media import split_content
from sensorium.qdrant import Condition, Either, Equal, Not, OneOf, Present, Range
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
OPERATORS = ("$eq", "$ne", *ORDERS)


def check_filter(filter: object) -> None:
    """Check a filter, and the filters within it.

    Raises:
        FilterError: It is not a dictionary, a field is not text, or an operator is unknown.
    """
    if filter is not None and not isinstance(filter, dict):
        raise FilterError(f"filter={filter!r}", "a dictionary", 'write filter={"color": "red"}')
    for name, wanted in (filter or {}).items():
        if not isinstance(name, str):
            raise FilterError(f"{name!r} as a field", "the name of a field", "write it as text")
        _check_wanted(wanted)


def _check_wanted(wanted: object) -> None:
    if isinstance(wanted, (list, tuple)):
        for part in wanted:
            _check_wanted(part)
    elif isinstance(wanted, dict):
        if not _has_operators(wanted):
            check_filter(wanted)
        elif unknown := [name for name in wanted if name not in OPERATORS]:
            raise FilterError(
                f"{unknown[0]!r} as an operator",
                f"one of {', '.join(OPERATORS)}",
                "join conditions on one field in one dictionary, without other names",
            )


def _has_operators(wanted: Mapping[Any, Any]) -> bool:
    return any(isinstance(name, str) and name.startswith("$") for name in wanted)


def matches(value: Mapping[str, Any], filter: Mapping[str, Any] | None) -> bool:
    """Return whether an item's value matches a checked filter."""
    return all(_matches_wanted(value.get(name), wanted) for name, wanted in (filter or {}).items())


def _matches_wanted(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        if _has_operators(wanted):
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
    if name == "$eq":
        return bool(value == operand)
    if name == "$ne":
        return bool(value != operand)
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
        if not PLAIN_KEY.fullmatch(name):
            continue
        inner = f"{field}.{name}"
        if not isinstance(wanted, dict):
            yield from _same(inner, wanted)
        elif not _has_operators(wanted):
            yield from necessary(wanted, field=inner)
        else:
            for kind, operand in wanted.items():
                yield from _same(inner, operand) if kind == "$eq" else _within(inner, kind, operand)


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
