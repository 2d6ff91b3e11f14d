"""Filters as other stores write them: operators in dictionaries, and Qdrant's own `Filter`.

One language serves both adapters: `{"floor": {"$gte": 2}, "$or": [{"room": "hall"}, {...}]}`, with
the operators of Chroma, PGVector and Pinecone. A filter of `qdrant_client` is first written in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from sensorium.errors import FilterError, QueryError, SensoriumError, show
from sensorium.langchain.qdrant_filters import is_qdrant_filter, operators_of
from sensorium.qdrant import Condition, Either, Equal, Every, Ids, Not, OneOf, Present, Range

Make: TypeAlias = "Callable[[str], Condition]"  # a condition on a field

BOUNDS = {"$gt": "gt", "$gte": "gte", "$lt": "lt", "$lte": "lte"}
JOINS = ("$and", "$or", "$not")  # of filters, or of the operators of one field
OPERATORS = ("$eq", "$ne", *BOUNDS, "$in", "$nin", "$between", "$exists", *JOINS)
UNKNOWN = ("$like", "$ilike", "$contains", "$not_contains", "$regex", "$text")  # of other stores
METADATA = "metadata."
# What the metadata of a signal's document say of it, unless the user has such a key
SHOWN = {
    "modality": "modalities",
    "modalities": "modalities",
    "uri": "media[].uri",
    "mime_type": "media[].mime",
    "id": "id",
}
BY_HAND = "ask for more documents (k=) and choose among them in your program"


def condition_of(wanted: object) -> Condition | None:
    """Turn a filter of a vector store into a condition; `None` if it restricts nothing.

    Args:
        wanted: A dictionary on the metadata, a condition, a `Filter` of `qdrant_client`, or `None`.
    Raises:
        QueryError: It is something else.
        FilterError: It has an operator or a value that cannot be used.
    """
    if wanted is None or isinstance(wanted, Condition):
        return wanted
    check_kind(wanted)
    prefix = "" if is_qdrant_filter(wanted) else METADATA
    fields = operators_of(wanted) if is_qdrant_filter(wanted) else wanted
    assert isinstance(fields, Mapping), "checked"
    return _every(_entries(fields, prefix)) if fields else None


def check_kind(wanted: object, *, error: type[SensoriumError] = QueryError) -> None:
    """Check that a filter is one that can be read, at all.

    Raises:
        QueryError: It is a function, a text or another object; or an error of another class, if
            one is given.
    """
    if isinstance(wanted, Mapping) or is_qdrant_filter(wanted):
        return
    function = callable(wanted)
    raise error(
        "filter=, a function" if function else f"filter={show(wanted)}",
        "a dictionary on the metadata, a condition, or a Filter of qdrant_client",
        'write filter={"room": "kitchen", "floor": {"$gte": 2}}' + function * f", or {BY_HAND}",
    )


def has_operators(wanted: Mapping[Any, Any]) -> bool:
    """Return whether a dictionary holds operators, not keys of a value."""
    return any(isinstance(name, str) and name.startswith("$") for name in wanted)


def check_name(name: object, wanted: object) -> None:
    """Check that a key of a filter is a field or a join.

    Raises:
        FilterError: It is not text, or an operator, which belongs behind a field.
    """
    if not isinstance(name, str):
        raise FilterError(
            f"{show(name)} as a field", "its name, as text", 'write {"room": "kitchen"}'
        )
    parts = wanted if isinstance(wanted, (list, tuple)) else [wanted]
    behind = any(isinstance(part, Mapping) for part in parts)
    if name in JOINS or not name.startswith("$"):
        return
    if name in (*OPERATORS, *UNKNOWN) or behind:
        raise FilterError(
            f"{name!r} in the place of a field",
            f"the name of a field, or one of {', '.join(JOINS)}",
            f'write the field before the operator: {{"room": {{"$eq": {show(wanted)}}}}}',
        )


def check_operator(field: str, name: object, operand: object) -> None:
    """Check the operator of a field, and that what it compares with has its form.

    Raises:
        FilterError: It is unknown, or compares with a value of another form.
    """
    if name not in OPERATORS:
        raise FilterError(
            f"{show(name)} as an operator of {field!r}",
            f"operators alone, of {', '.join(OPERATORS)}",
            "a list in the metadata is matched by one of its values, with $eq; for parts of words "
            f"and other tests, {BY_HAND}",
        )
    several = isinstance(operand, (list, tuple, set, frozenset))
    form = {
        "$in": (several, "a list of values"),
        "$nin": (several, "a list of values"),
        "$between": (_is_pair(operand), "a list of two values, the smallest and the largest"),
        "$exists": (isinstance(operand, bool), "True or False"),
        "$not": (isinstance(operand, Mapping) and bool(operand), 'operators: {"$gt": 3}'),
        "$and": (bool(_filled(operand, (Mapping,))), "a list of operators"),
        "$or": (bool(_filled(operand, (Mapping,))), "a list of operators"),
    }
    fits, needed = form.get(str(name), (True, ""))
    if not fits:
        example = {"$in": [1, 2], "$nin": [1, 2], "$between": [1, 2], "$exists": True}
        written = example.get(str(name), {"$gt": 3} if name == "$not" else [{"$gt": 3}])
        raise FilterError(
            f"{{{field!r}: {{{name!r}: {show(operand)}}}}}",
            needed,
            f"write {{{field!r}: {{{name!r}: {written!r}}}}}",
        )


def joined(name: str, given: object) -> Sequence[Any]:
    """Return the filters that `$and`, `$or` or `$not` joins.

    Raises:
        FilterError: They are not a list of filters, or one of them is empty.
    """
    alone = name == "$not" and not isinstance(given, (list, tuple))
    parts = _filled([given] if alone else given, (Mapping, Condition))
    if not parts:
        raise FilterError(
            f"{{{name!r}: {show(given)}}}",
            "a list of filters, none of them empty",
            f'write {{{name!r}: [{{"room": "hall"}}, {{"floor": 2}}]}}',
        )
    return parts


def _filled(given: object, kinds: tuple[type, ...]) -> Sequence[Any]:
    """Return a list whose elements are of some kinds, and none empty; otherwise an empty list."""
    if not isinstance(given, (list, tuple)):
        return []
    return given if all(isinstance(part, kinds) and part for part in given) else []


def _is_pair(given: object) -> bool:
    return isinstance(given, (list, tuple)) and len(given) == 2


def _every(conditions: Iterator[Condition]) -> Condition:
    found = tuple(conditions)
    return found[0] if len(found) == 1 else Every(found)


def _entries(fields: Mapping[Any, Any], prefix: str) -> Iterator[Condition]:
    """Yield the condition of each entry of a filter; all must hold."""
    for name, wanted in fields.items():
        check_name(name, wanted)
        if name not in JOINS:
            yield wanted if isinstance(wanted, Condition) else _field(prefix, name, wanted)
            continue
        parts = tuple(
            part if isinstance(part, Condition) else _every(_entries(part, prefix))
            for part in joined(name, wanted)
        )
        yield _join(name, parts)


def _join(name: str, parts: tuple[Condition, ...]) -> Condition:
    """Join conditions; `$not` holds if none of them does."""
    if name == "$and":
        return Every(parts)
    return Either(parts) if name == "$or" else Not(Either(parts))


def _field(prefix: str, name: str, wanted: Any) -> Condition:
    """Return the condition on one field: a value, one of a list, operators, or keys within it."""
    if isinstance(wanted, Mapping) and has_operators(wanted):
        return _every(_operations(prefix, name, wanted))
    if isinstance(wanted, Mapping) and wanted:
        return _every(_field(prefix, f"{name}.{key}", inner) for key, inner in wanted.items())
    if wanted is None or isinstance(wanted, Mapping):
        raise FilterError(
            f"filter={{{name!r}: {wanted!r}}}",
            "a value to compare with, a list of them, or operators",
            f'write filter={{{name!r}: {{"$exists": False}}}} for documents without it',
        )
    if isinstance(wanted, Collection) and not isinstance(wanted, (str, bytes)):
        return _compared(prefix, name, "$in", tuple(wanted))
    return _compared(prefix, name, "$eq", wanted)


def _operations(prefix: str, name: str, wanted: Mapping[Any, Any]) -> Iterator[Condition]:
    """Yield the conditions of the operators of a field; bounds together are one range."""
    bounds = {}
    for operator, operand in wanted.items():
        check_operator(name, operator, operand)
        if operator in BOUNDS:
            bounds[BOUNDS[operator]] = operand
        elif operator in JOINS:
            parts = [operand] if operator == "$not" else operand
            conditions = tuple(_every(_operations(prefix, name, part)) for part in parts)
            yield _join(operator, conditions)
        else:
            yield _compared(prefix, name, operator, operand)
    if bounds:
        yield Range(prefix + name, **bounds)


def _compared(prefix: str, name: str, operator: str, operand: Any) -> Condition:
    """Return the condition of one operator that is neither a bound nor a join."""
    if operator == "$between":
        return Range(prefix + name, gte=operand[0], lte=operand[1])
    if operator == "$exists":
        present = _shown(prefix, name, Present, [""])
        return present if operand else Not(present)
    several = operator in ("$in", "$nin")
    values = list(operand) if several else [operand]
    if not several and not isinstance(operand, (str, int, float)):
        raise FilterError(
            f"{{{name!r}: {{{operator!r}: {show(operand)}}}}}",
            "text, a number, True or False",
            f'write {{{name!r}: {{"$in": [...]}}}} for several values, "$exists" for missing ones, '
            '"$gte" and "$lte" for times',
        )
    make = _one_of(tuple(values)) if several else _equal(operand)
    same = _shown(prefix, name, make, values)
    return Not(same) if operator in ("$ne", "$nin") else same


def _equal(value: Any) -> Make:
    return lambda field: Equal(field, value)


def _one_of(values: tuple[Any, ...]) -> Make:
    return lambda field: OneOf(field, values)


def _shown(prefix: str, name: str, make: Make, values: Sequence[Any]) -> Condition:
    """Return a condition on the metadata, or on what a document's metadata say of its record.

    Args:
        prefix: The path before the name.
        name: The field.
        make: Makes the condition on a path.
        values: What it compares with.
    """
    inner = make(prefix + name)
    other = SHOWN.get(name) if prefix == METADATA else None
    if other is None or not all(isinstance(value, str) for value in values):
        return inner
    of_record = make(other)
    if name == "id":
        of_record = Either((of_record, Ids(tuple(values))))
    return Either((inner, Every((Not(Present(prefix + name)), of_record))))
