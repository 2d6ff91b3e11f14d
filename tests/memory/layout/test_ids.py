"""Ids of records: the same for the same content, and never another owner's."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

import pytest

from sensorium.errors import RecordError
from sensorium.memory.layout.ids import (
    NAMESPACE,
    as_uuid,
    check_id,
    content_id,
    owner_key,
    part_id,
    point_id,
)

AT = "2026-05-01T12:00:00Z"
SOME = "0b6c3e0a-2f55-4a5c-9d4e-6f1f5d0c7a11"


def test_content_has_one_id_whatever_the_order_of_its_percepts() -> None:
    """Another owner, time or percept is another id."""
    same = content_id("rex", ["a", "b"], AT)
    assert content_id("rex", ["b", "a"], AT) == same
    others = {
        content_id("max", ["a", "b"], AT),
        content_id("rex", ["a", "b"], None),
        content_id("rex", ["a"], AT),
        content_id("rex", ["ab"], AT),
    }
    assert len(others | {same}) == 5


def test_derived_ids_are_named_uuids() -> None:
    """Of version 5, as Python's own function makes them: ids of earlier releases stay the same."""
    assert point_id("rex", "tür") == str(uuid5(NAMESPACE, "id\0rex\0tür"))
    assert content_id("rex", ["b", "a"], None) == str(uuid5(NAMESPACE, "content\0rex\0\0a\0b"))
    assert part_id(SOME, 12) == str(uuid5(NAMESPACE, "\0".join(["part", SOME, "12"])))


def test_two_owners_may_give_the_same_id() -> None:
    """Their records, and what continues them, are different points; so are two ids of one owner."""
    points = {point_id(owner, name) for owner in ("rex", "max") for name in ("a", "b")}
    assert len(points) == 4
    assert len({part_id(point, number) for point in points for number in (1, 2)}) == 8
    assert owner_key("rex") != owner_key("max")


def test_ids_stay_what_they_were() -> None:
    """Stored records are found by them: a change of one letter would lose every memory."""
    assert point_id("rex", "a") == "4efb7cbc-cf2b-5f92-8871-986f2ada1f8e"
    assert content_id("rex", ["a", "b"], AT) == "50acd205-edde-514c-9e9e-2c577690718e"
    assert part_id(SOME, 1) == "4f9e9d47-e9e8-50de-9b53-603249b367aa"
    assert owner_key("rex") == "3227fe6bde46249b0aae4b69ef6efd80"


def test_a_uuid_is_known_in_every_form() -> None:
    """Anything else is not one."""
    for form in (SOME, SOME.upper(), SOME.replace("-", ""), f"{{{SOME}}}"):
        assert as_uuid(form) == SOME
    for name in (None, "", "rex", SOME[:-1]):
        assert as_uuid(name) is None


def test_an_id_is_printable_text_or_a_uuid() -> None:
    """It comes back as text."""
    assert check_id(UUID(SOME)) == SOME
    assert check_id("x" * 512) == "x" * 512


@pytest.mark.parametrize("name", ["", "x" * 513, "a\nb", 7, None, b"x"])
def test_what_cannot_be_an_id_is_refused(name: Any) -> None:
    """The error shows it."""
    with pytest.raises(RecordError, match="id="):
        check_id(name)
