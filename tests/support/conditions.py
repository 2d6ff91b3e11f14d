"""Random trees of conditions."""

from __future__ import annotations

from datetime import datetime, timezone

from hypothesis import strategies as st

from sensorium.qdrant.filters import (
    Either,
    Equal,
    Every,
    Ids,
    Not,
    OneOf,
    Present,
    Range,
    Words,
)

NOON = datetime(2024, 5, 1, 12, tzinfo=timezone.utc)
scalars = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)
names = st.sampled_from(["gt", "gte", "lt", "lte"])
times = st.datetimes(timezones=st.just(timezone.utc), min_value=datetime(1970, 1, 2))
numeric_bounds = st.dictionaries(names, st.floats(-9, 9), min_size=1)
time_bounds = st.dictionaries(names, times, min_size=1)
leaves = st.one_of(
    st.builds(Equal, st.just("metadata.x"), scalars),
    st.builds(OneOf, st.just("tags"), st.lists(scalars, max_size=3).map(tuple)),
    st.builds(lambda given: Range("metadata.n", **given), numeric_bounds),
    st.builds(lambda given: Range("at", **given), time_bounds),
    st.builds(Words, st.just("page_content"), st.just("red fox")),
    st.builds(Present, st.just("source")),
    st.builds(Ids, st.lists(st.uuids().map(str), max_size=3).map(tuple)),
)
trees = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.builds(Every, st.lists(parts, max_size=3).map(tuple)),
        st.builds(Either, st.lists(parts, max_size=3).map(tuple)),
        st.builds(Not, parts),
    ),
    max_leaves=5,
)
