"""Filters of `qdrant_client`, written with operators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sensorium.errors import FilterError
from sensorium.qdrant.filters import KEY, QUOTE

KINDS = "MatchValue, MatchAny, Range, DatetimeRange, is_empty, and filters of these"


def is_qdrant_filter(given: object) -> bool:
    """Return whether an object is a `Filter` of `qdrant_client`, without loading that."""
    kind = type(given)
    return kind.__name__ == "Filter" and kind.__module__.startswith("qdrant_client.")


def operators_of(given: Any, *, nested: bool = False) -> dict[str, Any]:
    """Write a filter of `qdrant_client` with operators.

    Args:
        given: A `models.Filter`.
        nested: Whether each key of a path stands for a dictionary; otherwise the path is one name.
    Returns:
        A filter as `condition_of` takes it, empty if it restricts nothing.
    Raises:
        FilterError: A part that has no operator.
    """
    if given.min_should is not None:
        raise _unknown("min_should", "write should, which asks for one of them")
    parts = list(_clauses(given.must, nested))
    should, must_not = list(_clauses(given.should, nested)), list(_clauses(given.must_not, nested))
    if should:
        parts.append({"$or": should})
    if must_not:
        parts.append({"$not": must_not})
    return {"$and": parts} if parts else {}


def _clauses(given: Any, nested: bool) -> Iterator[dict[str, Any]]:
    """Yield each condition of `must`, `should` or `must_not`, which may be one alone."""
    for part in given if isinstance(given, (list, tuple)) else [] if given is None else [given]:
        if is_qdrant_filter(part):
            inner = operators_of(part, nested=nested)
            if not inner:
                raise _unknown("an empty Filter within a filter", "leave it out")
            yield inner
        else:
            yield _clause(part, nested)


def _clause(part: Any, nested: bool) -> dict[str, Any]:
    """Write one condition: the operators of a field, all of which must hold."""
    kind = type(part).__name__
    if kind == "IsEmptyCondition":
        return _at(part.is_empty.key, {"$exists": False}, nested)
    if kind != "FieldCondition":
        raise _unknown(kind, "write FieldCondition(key=, match=) or range=; ids are arguments")
    given = {name for name in type(part).model_fields if getattr(part, name) is not None} - {"key"}
    operators: dict[str, Any] = {}
    if part.match is not None:
        operators |= _match(part.match)
    if part.range is not None:
        bounds = {name: getattr(part.range, name) for name in ("gt", "gte", "lt", "lte")}
        operators |= {f"${name}": bound for name, bound in bounds.items() if bound is not None}
    if part.is_empty is not None:
        operators["$exists"] = not part.is_empty
    unknown = given - {"match", "range", "is_empty"}
    if unknown or not operators:
        raise _unknown(f"FieldCondition({', '.join(sorted(unknown))})", "leave it out")
    return _at(part.key, operators, nested)


def _match(match: Any) -> dict[str, Any]:
    kind = type(match).__name__
    if kind == "MatchValue":
        return {"$eq": match.value}
    if kind == "MatchAny":
        return {"$in": list(match.any)}
    if kind == "MatchExcept":
        raise _unknown(kind, "write MatchAny within must_not")
    raise _unknown(kind, 'words of the text are sensorium.qdrant.Words("page_content", "...")')


def _at(path: str, operators: dict[str, Any], nested: bool) -> dict[str, Any]:
    """Put operators behind a path, or into a dictionary for each of its keys."""
    if not nested:
        return {path: operators}
    keys = [key.strip(QUOTE) for key in KEY.findall(path)]
    for key in reversed(keys):
        if "[" in key:
            raise _unknown(f"the path {path!r}", "name a key that is no list")
        operators = {key: operators}
    return operators


def _unknown(came: str, remedy: str) -> FilterError:
    return FilterError(f"{came} in a Filter of qdrant_client", f"a filter of {KINDS}", remedy)
