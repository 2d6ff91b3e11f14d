"""Filters: what is refused when they are made, and what conditions they are made of."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from functools import reduce
from operator import and_, or_
from pathlib import Path
from typing import Any

import pytest
from tests.support.conditions import NOON

from sensorium.errors import FilterError, OwnerError
from sensorium.qdrant.filters import (
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
    uuids,
)
from sensorium.qdrant.schema import PAYLOAD

REPOSITORY = Path(__file__).parents[2]
ID = "6f1ed002-ab59-4a4a-8a0f-1a2b3c4d5e6f"
EAST, WEST = timezone(timedelta(hours=5)), timezone(timedelta(hours=-5))


def test_ids_other_than_uuids_are_left_out() -> None:
    """No point has them; those that are, are written as points have them."""
    odd: list[Any] = [ID.upper(), "", "holiday", None, 7]
    assert list(uuids(odd)) == [ID]


@pytest.mark.parametrize("owner", ["", " ", " rex", "rex\n", None, 7, b"rex", "x" * 513, "\ud800"])
def test_a_filter_needs_an_owner(owner: Any) -> None:
    """Nothing can be asked without one."""
    with pytest.raises(OwnerError):
        Filter(owner)


MISTAKES: dict[str, Any] = {
    "no field": lambda: Equal("", 1),
    "nan": lambda: Equal("metadata.x", float("nan")),
    "infinite": lambda: OneOf("metadata.x", (1.0, float("inf"))),
    "a time as a value": lambda: Equal("at", NOON),  # type: ignore[arg-type] # the mistake
    "no bounds": lambda: Range("at"),
    "mixed bounds": lambda: Range("at", gt=1, lt=NOON),
    "nan as a bound": lambda: Range("metadata.x", gt=float("nan")),
    "a truth as a bound": lambda: Range("metadata.x", gt=True),
    "a naive time": lambda: Range("at", gt=datetime(2024, 5, 1)),
    "a naive alive_at": lambda: Filter("rex", alive_at=datetime(2024, 5, 1)),
    "before the first year": lambda: Range("at", gt=datetime(1, 1, 1, tzinfo=EAST)),
    "after the last year": lambda: Range("at", lt=datetime(9999, 12, 31, 23, tzinfo=WEST)),
    "beyond 64 bits": lambda: Equal("metadata.x", 2**63),
    "beyond all floats": lambda: Range("metadata.x", lt=10**400),
    "a key that no record has": lambda: Equal("topic", "old"),
    "several values of such a key": lambda: OneOf("room", ("a", "b")),
    "a range of such a key": lambda: Range("n", gt=3),
    "words of such a key": lambda: Words("text", "fox"),
    "the presence of such a key": lambda: Present("no_such_key"),
    "a path from such a key": lambda: Equal("topic.a.b", "old"),
    "a key with a dot, which is not in the metadata": lambda: Equal('"metadata.a"', 1),
    "a path into text": lambda: Present("source.room"),
    "a path into a list of text": lambda: Present("tags.room"),
    "an element of an object": lambda: Equal("metadata[0].a", 1),
    "the metadata as a whole": lambda: Equal("metadata", "old"),
    "numbers for a time": lambda: Range("at", gt=3),
    "times for text": lambda: Range("tags", gt=NOON),
    "half a character": lambda: Equal("tags", "\ud800"),
    "a field of half a character": lambda: Present("metadata.\ud800"),
    "words of half a character": lambda: Words("page_content", "fox \ud800"),
    "a quote in a key": lambda: matching({'say "hi"': 1}),
    "a quote that does not end": lambda: Equal('metadata."a', 1),
    "a backslash in a key": lambda: matching({"a\\b": 1}),
    "a key that is no text": lambda: matching({5: 1}),  # type: ignore[dict-item] # the mistake
    "letters for values": lambda: OneOf("tags", "home"),  # type: ignore[arg-type] # the mistake
    "one value for several": lambda: OneOf("tags", 5),  # type: ignore[arg-type] # the mistake
    "letters for ids": lambda: Ids(ID),  # type: ignore[arg-type] # the mistake
    "one condition for several": lambda: Every(Present("at")),  # type: ignore[arg-type] # same
    "no words": lambda: Words("page_content", " "),
    "no condition": lambda: Filter("rex", {"tags": "x"}),  # type: ignore[arg-type] # the mistake
    "a dictionary to match": lambda: matching({"room": {"a": 1}}),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_refused_at_once(mistake: Any) -> None:
    """When the filter is made, not when a server answers."""
    with pytest.raises(FilterError):
        mistake()


def test_a_key_that_no_record_has_is_refused_with_what_to_write() -> None:
    """The message says what came, which keys there are, and how the metadata is asked for."""
    with pytest.raises(FilterError, match=r"'topic'.*tags, source.*write \"metadata\.topic\""):
        Equal("topic", "old")
    with pytest.raises(FilterError, match=r'write "page_content"'):
        Words("text", "fox")


@pytest.mark.parametrize("key", PAYLOAD)
def test_every_key_of_a_payload_can_be_asked_for(key: str) -> None:
    """And objects by a path into them."""
    assert Present(key).field == key
    if PAYLOAD[key] == "object":
        assert Equal(f"{key}.a", 1).field == f"{key}.a"
    assert Equal("media[].mime", "image/png").field == "media[].mime"


def test_the_keys_of_a_payload_are_those_of_the_documents() -> None:
    """docs/schema.md lists each, with the type of its value."""
    table = (REPOSITORY / "docs" / "schema.md").read_text("utf-8").split("## The payload")[1]
    rows = re.findall(r"^\| `(\w+)` \| ([\w ]+?) \|", table, re.MULTILINE)
    assert dict(rows) == PAYLOAD


def nested(levels: int) -> Condition:
    """A condition within others."""
    condition: Condition = Equal("tags", "a")
    for _ in range(levels):
        condition = Not(Every((condition,)))
    return condition


BEYOND: dict[str, Any] = {
    "conditions without end": lambda: nested(250),
    "too many numbers": lambda: OneOf("metadata.n", tuple(range(1_001))),
    "a text among too many numbers": lambda: OneOf("metadata.n", (*range(1_000), "a")),
    "too many texts": lambda: OneOf("tags", tuple(map(str, range(100_001)))),
    "too many conditions": lambda: Either(tuple(Equal("tags", str(n)) for n in range(1_001))),
}


@pytest.mark.parametrize("mistake", BEYOND.values(), ids=BEYOND)
def test_conditions_are_bounded(mistake: Any) -> None:
    """A question that an engine could not answer in time is refused with its bound."""
    with pytest.raises(FilterError, match="at most"):
        mistake()


def test_what_is_joined_one_by_one_is_not_nested() -> None:
    """As by `functools.reduce`: a hundred alternatives stand side by side."""
    several: list[Condition] = [Equal("tags", str(n)) for n in range(100)]
    assert reduce(or_, several) == Either(tuple(several))
    assert reduce(and_, several) == Every(tuple(several))


def test_operators_build_trees() -> None:
    """`&`, `|` and `~` are Every, Either and Not."""
    a, b = Equal("tags", "a"), Present("source")
    assert (a & b, a | b, ~a) == (Every((a, b)), Either((a, b)), Not(a))


def test_fields_are_matched_by_kind() -> None:
    """A scalar is equal, a collection is one of, a condition stays."""
    there = Present("source")
    assert matching({"room": "kitchen", "floor": [1, 2], "any": there}) == [
        Equal("metadata.room", "kitchen"),
        OneOf("metadata.floor", (1, 2)),
        there,
    ]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("room", "metadata.room"),
        ("a.b", "metadata.a.b"),
        ('"a.b".c', 'metadata."a.b".c'),
        ("my key.x", 'metadata."my key".x'),
        ("", 'metadata.""'),
        ("people[].name", "metadata.people[].name"),
    ],
)
def test_keys_are_quoted_where_engines_need_it(name: str, field: str) -> None:
    """Dots part keys; quotes that are there stay."""
    assert matching({name: 1}) == [Equal(field, 1)]
    assert Equal(field, 1).field == field
