"""Our filters in the words of `qdrant_client`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias

from qdrant_client import models

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
from sensorium.qdrant.schema import CREATED, PLACE

Translated: TypeAlias = "models.FieldCondition | models.HasIdCondition | models.Filter"
LARGEST = sys.float_info.max  # JSON has no infinity: an infinite bound would become null
# Servers let everything through an empty list of alternatives
NEVER = models.HasIdCondition(has_id=[])
ALWAYS = models.Filter(must_not=[NEVER])


def translated(filter: Filter) -> models.Filter:
    """Translate a filter; the owner is added here, and nowhere else.

    Raises:
        FilterError: A condition of an unknown kind.
    """
    must: list[models.Condition] = [_condition(filter.whose)]
    must_not: list[models.Condition] = []
    if filter.condition is not None:
        must.append(condition(filter.condition))
    if filter.alive_at is not None:
        expired = models.DatetimeRange(lte=filter.alive_at)
        must_not.append(models.FieldCondition(key="expires_at", range=expired))
    if not filter.parts:
        must.append(_empty("part_of"))
    return models.Filter(must=must, must_not=must_not or None)


def condition(given: Condition) -> Translated:
    """Translate one condition.

    Raises:
        FilterError: A condition of an unknown kind.
    """
    instead = with_the_time_of(given)
    if instead is None:
        return _condition(given)
    absent = models.Filter(must=[_empty(CREATED), _condition(instead)])
    return models.Filter(should=[_condition(given), absent])


def _condition(given: Condition) -> Translated:  # noqa: PLR0911 - one return a kind
    if isinstance(given, Equal):
        return _equal(given.field, given.value)
    if isinstance(given, OneOf):
        texts = [value for value in given.values if isinstance(value, str)]
        if texts and len(texts) == len(given.values):
            any_of = models.MatchAny(any=texts)
            return models.FieldCondition(key=given.field, match=any_of)
        return condition(Either(tuple(Equal(given.field, value) for value in given.values)))
    if isinstance(given, Range):
        return models.FieldCondition(key=given.field, range=_range(given))
    if isinstance(given, Words):
        return models.FieldCondition(key=given.field, match=models.MatchText(text=given.text))
    if isinstance(given, Present):
        return models.Filter(must_not=[_empty(given.field)])
    if isinstance(given, Near):
        return models.FieldCondition(key=PLACE, geo_radius=_circle(given))
    if isinstance(given, Ids):
        return models.HasIdCondition(has_id=list(uuids(given.ids)))
    if isinstance(given, Every):
        return models.Filter(must=_all(given.conditions)) if given.conditions else ALWAYS
    if isinstance(given, Either):
        return models.Filter(should=_all(given.conditions)) if given.conditions else NEVER
    if isinstance(given, Not):
        return models.Filter(must_not=[condition(given.condition)])
    raise FilterError(
        f"a condition of type {type(given).__name__}", "one of sensorium.qdrant", "combine those"
    )


def _all(given: Iterable[Condition]) -> list[models.Condition]:
    return [condition(part) for part in given]


def _match(field: str, value: str | int) -> models.FieldCondition:
    return models.FieldCondition(key=field, match=models.MatchValue(value=value))


def _empty(field: str) -> models.IsEmptyCondition:
    return models.IsEmptyCondition(is_empty=models.PayloadField(key=field))


def _equal(field: str, value: Scalar) -> Translated:
    if isinstance(value, str):
        return _match(field, value)
    if isinstance(value, bool):
        return _match("flags", flag(field, value))
    if abs(value) >= EXACT_FLOAT and isinstance(value, int):
        return _match(field, value)
    same = models.FieldCondition(key=field, range=models.Range(gte=value, lte=value))
    if isinstance(value, float):
        return same
    # A number stored as 2.0 is no integer to Qdrant, yet equal to one
    return models.Filter(should=[_match(field, value), same])


def _circle(given: Near) -> models.GeoRadius:
    centre = models.GeoPoint(lat=given.latitude, lon=given.longitude)
    return models.GeoRadius(center=centre, radius=min(given.radius, LARGEST))


def _range(given: Range) -> models.Range | models.DatetimeRange:
    times = {name: bound for name, bound in given.bounds.items() if isinstance(bound, datetime)}
    if times:
        return models.DatetimeRange(**times)
    numbers = {
        name: float(min(max(bound, -LARGEST), LARGEST))
        for name, bound in given.bounds.items()
        if not isinstance(bound, datetime)
    }
    return models.Range(**numbers)
