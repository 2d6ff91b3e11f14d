"""The payload indexes of a shard: each is made when its key is first written.

Every index costs something at every write, also of points without its key, and most memories use
few of the keys. Until there is an index no point has the key, so a condition on it needs no look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import qdrant_edge as edge
from qdrant_edge import UpdateOperation

from sensorium.qdrant.filters import (
    Condition,
    Either,
    Every,
    Filter,
    Not,
    first_key,
    with_the_time_of,
)
from sensorium.qdrant.points import Payload
from sensorium.qdrant.schema import AT, AXES, FRAME, KEYWORDS, PLACE, TENANT, TEXT, TIMES

MODALITIES = "modalities"
ALWAYS = frozenset({TENANT, AT, TEXT, MODALITIES})  # keys of every point


class PayloadIndexes:
    """Which payload indexes a shard has. One thread at a time may use it.

    Attributes:
        missing: Indexed keys that no point of the shard has, each with the indexes of its fields.
    """

    def __init__(self, engine: edge.EdgeShard) -> None:
        """Read which indexes an open shard has."""
        there = engine.info().payload_schema
        self._engine = engine
        self.missing: dict[str, dict[str, Any]] = {}
        for field, params in _indexes():
            if field not in there:
                self.missing.setdefault(field.partition(".")[0], {})[field] = params

    def begin(self) -> None:
        """Make those of keys that every point has, in a shard without points."""
        self._make(ALWAYS)

    def migrate(self, has_any: Callable[[str], bool]) -> None:
        """Make those of keys that an earlier release wrote, and did not index.

        Args:
            has_any: Whether any point has a key.
        """
        self._make([key for key in self.missing if has_any(key)])

    def note(self, payloads: Iterable[Payload]) -> None:
        """Make those of keys in payloads that are about to be written."""
        for payload in payloads:
            if not self.missing.keys().isdisjoint(payload):
                self._make([key for key in payload if key in self.missing])

    def without_missing(self, filter: Filter) -> Filter:
        """Return a filter that lets the same points through, without conditions on absent keys."""
        if not self.missing or filter.condition is None:
            return filter
        return replace(filter, condition=_decided(filter.condition, self.missing))

    def whose(self, filter: Filter) -> Condition:
        """Return a filter's condition on the owner, without conditions on absent keys."""
        return _decided(filter.whose, self.missing) if filter.shared else filter.whose

    def _make(self, keys: Iterable[str]) -> None:
        for key in list(keys):
            for field, params in self.missing[key].items():
                self._engine.update(UpdateOperation.create_field_index(field, params))
            del self.missing[key]


def _decided(given: Condition, missing: Mapping[str, Any]) -> Condition:
    """Replace conditions on keys that no point has by what they say of every point."""
    if isinstance(given, (Every, Either)):
        return type(given)(tuple(_decided(each, missing) for each in given.conditions))
    if isinstance(given, Not):
        return Not(_decided(given.condition, missing))
    key = first_key(given)
    if key not in missing:
        return given
    instead = with_the_time_of(given)
    return Either(()) if instead is None else _decided(instead, missing)


def _indexes() -> Iterator[tuple[str, Any]]:
    yield TENANT, edge.KeywordIndexParams(is_tenant=True)
    # Of every other field Edge would build a graph for each value and named vector, when compacting
    alone: dict[str, Any] = {"enable_hnsw": False}
    for field in KEYWORDS:
        yield field, edge.KeywordIndexParams(**alone)
    for field in TIMES:
        yield field, edge.DatetimeIndexParams(**alone)
    yield PLACE, edge.GeoIndexParams(**alone)
    yield FRAME, edge.KeywordIndexParams(**alone)
    for axis in AXES:
        yield axis, edge.FloatIndexParams(**alone)
    word = edge.TokenizerType.Word
    yield TEXT, edge.TextIndexParams(tokenizer=word, lowercase=True, scoring=True, **alone)
