"""Every store lets through what a condition means, within one owner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.stores import ME, NOON, SCHEMA, YOU, Reopen, all_ids, axis, point, point_id

from sensorium.errors import FilterError
from sensorium.qdrant.backend import Backend, Search
from sensorium.qdrant.filters import (
    DEEPEST,
    MOST_NUMBERS,
    Condition,
    Either,
    Equal,
    Every,
    Filter,
    Ids,
    Not,
    OneOf,
    Present,
    Range,
    Words,
    matching,
)
from sensorium.qdrant.payload_form import as_read
from sensorium.qdrant.points import Point, from_iso, iso

PLANTED: dict[str, dict[str, Any]] = {
    "empty": {},
    "one": {"tags": ["a"], "metadata": {"n": 1, "x": 0.5}},
    "two": {"tags": ["a", "b"], "metadata": {"n": 2, "x": 2.0}, "source": "s"},
    "three": {"tags": ["b"], "metadata": {"n": 3}, "page_content": "red fox jumps"},
    "list": {"tags": [], "metadata": {"n": [1, 5]}, "page_content": "red dog"},
    "true": {"metadata": {"done": True}, "flags": ["metadata.done=true"]},
    "false": {"metadata": {"done": False}, "flags": ["metadata.done=false"]},
    "null": {"source": None, "metadata": {"n": None}},
    "float": {"metadata": {"n": 2.0, "x": -1.5}, "page_content": "Fox"},
    "early": {"at": iso(NOON - timedelta(days=1)), "source": "s"},
    "late": {"at": iso(NOON + timedelta(days=1)), "expires_at": iso(NOON), "source": "r"},
    "words": {"page_content": "a fox, a red fox", "tags": ["c"], "metadata": {"n": -4}},
}
FIELDS = ("tags", "source", "metadata.n", "metadata.x", "metadata.none")
TEXTS, NUMBERS = ("a", "b", "s", "zz"), (1, 2, 3, -4, 0.5, 2.0, -1.5)
times = st.sampled_from([NOON + timedelta(days=days) for days in (-1, 0, 1)])
numbers = st.sampled_from(NUMBERS)
names = st.sampled_from(("gt", "gte", "lt", "lte"))
fields = st.sampled_from(FIELDS)
scalars = st.sampled_from([*TEXTS, *NUMBERS])
leaves = st.one_of(
    st.builds(Equal, fields, scalars),
    st.builds(Equal, st.just("metadata.done"), st.booleans()),
    st.builds(OneOf, fields, st.lists(scalars, max_size=3).map(tuple)),
    st.builds(
        OneOf, st.just("metadata.done"), st.lists(st.sampled_from([True, False, "a"])).map(tuple)
    ),
    st.builds(
        lambda field, bounds: Range(field, **bounds),
        st.sampled_from(["metadata.n", "metadata.x"]),
        st.dictionaries(names, numbers, min_size=1, max_size=2),
    ),
    st.builds(
        lambda field, bounds: Range(field, **bounds),
        st.sampled_from(["at", "expires_at"]),
        st.dictionaries(names, times, min_size=1, max_size=2),
    ),
    st.builds(Words, st.just("page_content"), st.sampled_from(["fox", "Red", "dog RED", "cow"])),
    st.builds(Present, st.sampled_from([*FIELDS, "at", "metadata.done"])),
    st.builds(Ids, st.lists(st.sampled_from(list(PLANTED)).map(point_id), max_size=3).map(tuple)),
)
trees = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.builds(Every, st.lists(parts, max_size=3).map(tuple)),
        st.builds(Either, st.lists(parts, max_size=3).map(tuple)),
        st.builds(Not, parts),
    ),
    max_leaves=6,
)


def values_of(payload: Mapping[str, Any], field: str) -> list[Any]:
    value: Any = payload
    for key in field.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return [one for one in (value if isinstance(value, list) else [value]) if one is not None]


def equal(stored: Any, asked: Any) -> bool:
    return isinstance(stored, bool) == isinstance(asked, bool) and bool(stored == asked)


def within(stored: Any, given: Range) -> bool:
    timed = any(isinstance(bound, datetime) for bound in given.bounds.values())
    value = from_iso(stored) if timed else stored
    compare = {
        "gt": lambda bound: value > bound,
        "gte": lambda bound: value >= bound,
        "lt": lambda bound: value < bound,
        "lte": lambda bound: value <= bound,
    }
    return all(compare[name](bound) for name, bound in given.bounds.items())


def holds(given: Condition, found: Point) -> bool:  # noqa: PLR0911 - one return a kind
    """What a condition means, in plain Python."""
    match given:
        case Equal(field, asked):
            return any(equal(value, asked) for value in values_of(found.payload, field))
        case OneOf(field, asked):
            return any(holds(Equal(field, value), found) for value in asked)
        case Range(field):
            return any(within(value, given) for value in values_of(found.payload, field))
        case Words(field, text):
            there = str(found.payload[field]).lower().replace(",", "").split()
            return all(word in there for word in text.lower().split())
        case Present(field):
            return bool(values_of(found.payload, field))
        case Ids(ids):
            return found.id in ids
        case Every(parts):
            return all(holds(part, found) for part in parts)
        case Either(parts):
            return any(holds(part, found) for part in parts)
        case Not(part):
            return not holds(part, found)
    raise TypeError(given)


RANDOM_TREES = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def planted_points() -> list[Point]:
    return [point(name, **payload) for name, payload in PLANTED.items()]


@pytest.mark.slow
@RANDOM_TREES
@given(tree=trees)
def test_conditions_mean_what_they_say(backend: Backend, tree: Condition) -> None:
    """Random trees of conditions let through what plain Python lets through."""
    points = planted_points()
    if not backend.count(ME):
        backend.upsert(points)
    expected = {found.id for found in points if holds(tree, found)}
    assert all_ids(backend, Filter("rex", tree)) == expected
    (hits,) = backend.search([Search("image", axis(0)[0], 50)], Filter("rex", tree))
    assert {hit.id for hit in hits} == expected


@pytest.mark.slow
@RANDOM_TREES
@given(tree=trees)
def test_no_condition_reaches_another_owner(backend: Backend, tree: Condition) -> None:
    """Whatever is asked, changed or deleted, the other owner's points are out of reach."""
    yours = [replace(p, payload={**p.payload, "owner": "fido"}) for p in planted_points()]
    if not backend.count(YOU):
        backend.upsert(yours)
    mine = Filter("rex", tree, parts=True)
    assert backend.count(mine) == 0
    assert all_ids(backend, mine) == set()
    assert backend.search([Search("image", axis(0)[0], 50)], mine) == [[]]
    assert backend.search_text("red fox", mine, limit=50) == []
    assert list(backend.sample("image", mine, limit=50)) == []
    assert backend.facet("tags", mine, limit=50) == {}
    backend.set_payload(mine, {"source": "stolen"}, clear=["tags"])
    backend.delete(mine)
    assert {p.id: p.payload for p in backend.scroll(YOU, limit=50).points} == {
        p.id: as_read(p.payload) for p in yours
    }


def test_the_expired_vanish(fresh: Backend) -> None:
    """A point is there until the moment it expires, and not from then on."""
    fresh.upsert([point("short", expires_at=iso(NOON)), point("long")])
    before, then = NOON - timedelta(microseconds=1), NOON
    assert fresh.count(Filter("rex", alive_at=before)) == 2
    assert all_ids(fresh, Filter("rex", alive_at=then)) == {point_id("long")}
    assert fresh.count(ME) == 2
    fresh.set_payload(Filter("rex", Ids((point_id("long"),))), {"expires_at": iso(NOON)})
    assert fresh.count(Filter("rex", alive_at=then)) == 0


@pytest.mark.slow
def test_parts_are_invisible_unless_asked_for(fresh: Backend) -> None:
    """Continuations are neither counted nor found, but can be meant."""
    fresh.upsert([point("a"), point("b", part_of=point_id("a"))])
    (hits,) = fresh.search([Search("image", axis(0)[0], 5)], ME)
    assert [hit.id for hit in hits] == [point_id("a")]
    assert all_ids(fresh) == {point_id("a")}
    assert all_ids(fresh, Filter("rex", parts=True)) == {point_id("a"), point_id("b")}
    fresh.delete(Filter("rex", Equal("part_of", point_id("a")), parts=True))
    assert fresh.count(Filter("rex", parts=True)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("deleted", [0, 1, 30])
@pytest.mark.parametrize("hidden", [{"expires_at": iso(NOON)}, {"part_of": point_id("live 0")}])
def test_what_is_hidden_stays_hidden_after_reopening(
    reopen: Reopen, hidden: dict[str, Any], deleted: int
) -> None:
    """No read shows what has expired or continues another point, however many were deleted."""
    backend = reopen(SCHEMA)
    words: dict[str, Any] = {"page_content": "red fox", "source": "s"}
    backend.upsert([point(f"live {i}", **words) for i in range(40)])
    backend.upsert([point(f"gone {i}") for i in range(deleted)])
    backend.delete(Filter("rex", Ids(tuple(point_id(f"gone {i}") for i in range(deleted)))))
    backend.upsert([point("hidden", **words, **hidden)])
    backend = reopen(SCHEMA)
    now = Filter("rex", alive_at=NOON)
    live = {point_id(f"live {i}") for i in range(40)}
    assert backend.count(now) == 40
    assert backend.facet("source", now, limit=5) == {"s": 40}
    assert all_ids(backend, now) == live
    (hits,) = backend.search([Search("image", axis(0)[0], 100)], now)
    assert {hit.id for hit in hits} == live
    assert {hit.id for hit in backend.search_text("fox", now, limit=100)} == live
    assert {found.id for found in backend.sample("image", now, limit=100)} == live


def test_infinite_bounds_bound_nothing_or_everything(backend: Backend) -> None:
    """Nothing is more than infinity, and every number is less."""
    backend.upsert([point("a", metadata={"n": 1})])
    n, infinity = "metadata.n", float("inf")
    assert backend.count(Filter("rex", Range(n, gt=infinity))) == 0
    assert backend.count(Filter("rex", Range(n, lt=infinity))) == 1


@pytest.mark.parametrize("large", [2**53 + 1, 2**60, -(2**60), 2**63 - 1, -(2**63)])
def test_large_integers_are_told_apart(backend: Backend, large: int) -> None:
    """Those that are one as floats, too."""
    other = large - 1 if large > 0 else large + 1
    backend.upsert([point("a", metadata={"n": large}), point("b", metadata={"n": other})])
    assert all_ids(backend, Filter("rex", Equal("metadata.n", large))) == {point_id("a")}
    assert all_ids(backend, Filter("rex", OneOf("metadata.n", (other, 7)))) == {point_id("b")}


def test_conditions_may_be_as_deep_and_as_many_as_is_allowed(backend: Backend) -> None:
    """Every store answers what a filter takes."""
    backend.upsert([point("a", tags=["a"], metadata={"n": 1}), point("b", tags=["b"])])
    deep: Condition = Equal("tags", "a")
    for _ in range(DEEPEST):
        deep = Not(deep)
    assert all_ids(backend, Filter("rex", deep)) == {point_id("a")}
    texts = OneOf("tags", ("a", *(f"t{n}" for n in range(20_000))))
    assert all_ids(backend, Filter("rex", texts)) == {point_id("a")}
    numbers = OneOf("metadata.n", tuple(range(MOST_NUMBERS)))
    assert all_ids(backend, Filter("rex", numbers)) == {point_id("a")}


KEYS = ("my key", "", "ü", "a/b", "a:b", "$x", "a[0", "\n", "-", "7")


@pytest.mark.parametrize("key", KEYS)
def test_a_key_may_be_any_text(backend: Backend, key: str) -> None:
    """What a dictionary takes as its key can be asked for by its name."""
    flags = [f"metadata.{key}=true"]
    backend.upsert([point("a", metadata={key: 1}), point("b", metadata={"x": 1})])
    backend.upsert([point("on", metadata={key: True}, flags=flags)])
    for value, expected in ((1, "a"), ([1, 2], "a"), (True, "on")):
        meant = Filter("rex", Every(tuple(matching({key: value}))))
        assert all_ids(backend, meant) == {point_id(expected)}
    there = Filter("rex", Present(f"metadata.{key}"))
    assert all_ids(backend, there) == {point_id("a"), point_id("on")}


def test_truth_values_in_a_list_are_asked_for_with_brackets(backend: Backend) -> None:
    """As other values are; the place of one in the list is not known, and refused."""
    people = {"people": [{"in": True}, {"in": False}]}
    flags = ["metadata.people.in=true", "metadata.people.in=false"]
    backend.upsert([point("a", metadata=people, flags=flags), point("b")])
    for there in (True, False):
        meant = Filter("rex", Equal("metadata.people[].in", there))
        assert all_ids(backend, meant) == {point_id("a")}
    with pytest.raises(FilterError, match=r"write \[\]"):
        backend.count(Filter("rex", Equal("metadata.people[0].in", True)))


def test_dots_nest_and_quotes_keep_a_key_whole(backend: Backend) -> None:
    """`a.b` is the key b within a; `"a.b"` is one key."""
    backend.upsert([point("nested", metadata={"a": {"b": 1}}), point("one", metadata={"a.b": 1})])
    for name, expected in {"a.b": "nested", '"a.b"': "one"}.items():
        meant = Filter("rex", Every(tuple(matching({name: 1}))))
        assert all_ids(backend, meant) == {point_id(expected)}
