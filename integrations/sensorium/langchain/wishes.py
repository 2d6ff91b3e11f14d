"""What is wished for in LangChain's words, checked before the memory is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from sensorium.errors import FilterError, QueryError
from sensorium.memory.checks import MOST
from sensorium.memory.filters import Filters
from sensorium.qdrant import Condition

K = 4  # documents, as everywhere in LangChain
FETCH_K = 20  # candidates of a search for diversity, as everywhere in LangChain
SHOWN = 200  # characters of what came, in an error
BOUNDS = ("$gt", "$gte", "$lt", "$lte")  # which other stores write into a dictionary
FILTERS = tuple(Filters.__annotations__)

Wanted: TypeAlias = "Mapping[str, Any] | Condition | None"


def limit_of(k: object, name: str = "k") -> int:
    """Return how many documents are wanted, at most as many as a memory finds at once.

    Raises:
        QueryError: Not a whole number from 0.
    """
    if not isinstance(k, int) or isinstance(k, bool) or k < 0:
        raise QueryError(
            f"{name}={k!r}"[:SHOWN], "a whole number from 0", f"write {name}={K}, without quotes"
        )
    return min(k, MOST)


def check_lambda(share: object) -> None:
    """Refuse a `lambda_mult` that weighs nothing.

    Raises:
        QueryError: Not a number from 0 to 1.
    """
    numeric = isinstance(share, (int, float)) and not isinstance(share, bool)
    if not numeric or not 0 <= share <= 1:  # type: ignore[operator]  # numeric
        raise QueryError(
            f"lambda_mult={share!r}"[:SHOWN],
            "a number from 0 to 1",
            "write 1 for likeness alone, 0 for difference",
        )


def check_filter(wanted: object) -> None:
    """Refuse a store's `filter=` that is written as other stores have it.

    Raises:
        QueryError: Neither a dictionary nor a condition.
        FilterError: A value of the dictionary that is none to compare with.
    """
    if wanted is None or isinstance(wanted, Condition):
        return
    if not isinstance(wanted, Mapping):
        raise QueryError(
            f"filter={wanted!r}"[:SHOWN],
            "a dictionary on the metadata, or a condition of sensorium.qdrant",
            'write filter={"room": "kitchen"}',
        )
    for name, value in wanted.items():
        if value is None or isinstance(value, Mapping):
            raise FilterError(
                f"filter={{{name!r}: {value!r}}}"[:SHOWN],
                "a value to compare with, a list of them, or a condition of sensorium.qdrant",
                _remedy(name, value),
            )


def _remedy(name: object, value: Mapping[str, Any] | None) -> str:
    if value is None:
        return f'write filter=~Present("metadata.{name}") for what has none'[:SHOWN]
    if value and all(key in BOUNDS for key in value):
        bounds = ", ".join(f"{key[1:]}={bound!r}" for key, bound in value.items())
        return f'write filter=Range("metadata.{name}", {bounds})'[:SHOWN]
    return f'write filter=Equal("metadata.{name}.key", value), Range(...) or another'[:SHOWN]


def check_filters(filters: object) -> None:
    """Refuse a retriever's `filters` that `Memory.recall` does not have.

    Raises:
        QueryError: No dictionary, or a name that is no filter's.
    """
    if not isinstance(filters, Mapping):
        raise QueryError(
            f"filters={filters!r}"[:SHOWN], "a dictionary", 'write filters={"tags": ["pets"]}'
        )
    unknown = {name: value for name, value in filters.items() if name not in FILTERS}
    if unknown:
        raise QueryError(
            f"the filters {', '.join(map(str, unknown))}"[:SHOWN],
            f"known ones: {', '.join(FILTERS)}",
            f'what is metadata goes into filters={{"where": {unknown!r}}}'[:SHOWN],
        )


def refuse(
    unknown: Mapping[str, Any],
    *,
    needed: str = "arguments this store knows",
    remedy: str = "leave them out; what restricts a search is filter=",
) -> None:
    """Refuse what LangChain's signatures let through.

    Raises:
        QueryError: There is such an argument.
    """
    if unknown:
        raise QueryError(f"the arguments {', '.join(sorted(unknown))}"[:SHOWN], needed, remedy)
