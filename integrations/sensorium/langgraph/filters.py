"""LangGraph's filters: what they mean, and as much of it as an engine can be asked.

A filter holds of the same values as in LangGraph's `InMemoryStore`. What that cannot compare does
not match instead of failing; texts that are no numbers are compared as texts, as Postgres does.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from sensorium.errors import FilterError
from sensorium.langgraph.media import parted
from sensorium.qdrant import Condition, Either, Equal, Not, OneOf, Present, Range
from sensorium.qdrant.filters import EXACT_FLOAT

VALUE = "metadata.value"  # the field of a record that holds an item's value
PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")  # of which every engine makes the same path
ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
BEYOND = {"$gt": "lte", "$gte": "lt", "$lt": "gte", "$lte": "gt"}  # numbers that do not match
OPERATORS = ("$eq", "$ne", *ORDERS)


def check_filter(filter: object) -> None:
    """Refuse what is not a filter, wherever in it.

    Raises:
        FilterError: No dictionary, a name that is no text, or an unknown operator.
    """
    if filter is not None and not isinstance(filter, dict):
        raise FilterError(
            f"filter={filter!r}"[:200], "a dictionary", 'write filter={"color": "red"}'
        )
    for name, wanted in (filter or {}).items():
        if not isinstance(name, str):
            raise FilterError(f"{name!r} as a field"[:200], "its name", "write it as text")
        _check_wanted(wanted)


def _check_wanted(wanted: object) -> None:
    if isinstance(wanted, (list, tuple)):
        for one in wanted:
            _check_wanted(one)
    elif isinstance(wanted, dict):
        if not _has_operators(wanted):
            check_filter(wanted)
        elif unknown := [name for name in wanted if name not in OPERATORS]:
            raise FilterError(
                f"{unknown[0]!r} as an operator"[:200],
                f"one of {', '.join(OPERATORS)}",
                "join conditions on one field in one dictionary, without other names",
            )


def _has_operators(wanted: Mapping[Any, Any]) -> bool:
    return any(isinstance(name, str) and name.startswith("$") for name in wanted)


def matches(value: Mapping[str, Any], filter: Mapping[str, Any] | None) -> bool:
    """Whether a checked filter holds of an item's value."""
    return all(_fulfils(value.get(name), wanted) for name, wanted in (filter or {}).items())


def _fulfils(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        if _has_operators(wanted):
            return all(_holds(value, name, operand) for name, operand in wanted.items())
        return isinstance(value, dict) and matches(value, wanted)
    if isinstance(wanted, (list, tuple)):
        return (
            isinstance(value, list)
            and len(value) == len(wanted)
            and all(map(_fulfils, value, wanted))
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
    """Yield conditions that all records fulfil of which a checked filter holds, and some others."""
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
        head, content = parted(wanted)  # a medium's was taken out of the value that is stored
        stored = (wanted,) if content is None else (wanted, head)
        with suppress(FilterError):  # half a character, which no record holds
            yield OneOf(field, stored)
    elif isinstance(wanted, (int, float)) and abs(wanted) < EXACT_FLOAT:
        yield _same_number(field, wanted)


def _same_number(field: str, wanted: float) -> Condition:
    if wanted not in (0, 1):
        return Equal(field, wanted)
    return Either((Equal(field, int(wanted)), Equal(field, bool(wanted))))  # equal in Python


def _within(field: str, kind: str, operand: object) -> Iterator[Condition]:
    number = _number(operand)
    if kind in BEYOND and number is not None and abs(number) < EXACT_FLOAT:
        yield Not(Range(field, **{BEYOND[kind]: number}))  # texts may be numbers, too
