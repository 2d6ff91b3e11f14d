"""Reads by id: every store shows a point to its owner alone."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.stores import all_ids, axis, point, point_id

from sensorium.errors import (
    OwnerError,
)
from sensorium.qdrant.backend import Backend
from sensorium.qdrant.filters import (
    Filter,
    Ids,
)


@pytest.mark.slow
def test_retrieve_leaves_the_missing_out(backend: Backend) -> None:
    """Ids without a point give nothing; keys and modalities are those asked for."""
    backend.upsert([point("a", {"image": axis(0), "text": axis(1)}, source="s")])
    ids = [point_id("nobody"), point_id("a")]
    (found,) = backend.retrieve(
        ids, owner="rex", payload=["owner", "none"], vectors=["text", "smell"]
    )
    assert (found.id, found.payload) == (point_id("a"), {"owner": "rex"})
    assert set(found.vectors) == {"text"}
    (bare,) = backend.retrieve(ids, owner="rex", payload=False, vectors=False)
    assert not bare.payload
    assert not bare.vectors
    assert backend.retrieve([], owner="rex", payload=True, vectors=True) == []


CHOICES = [True, False, ("source",), ("source", "owner")]


@pytest.mark.parametrize("payload", CHOICES, ids=str)
def test_retrieve_shows_no_point_of_another_owner(
    backend: Backend, payload: bool | tuple[str, ...]
) -> None:
    """Whatever is asked of a point, nobody but its owner is answered."""
    backend.upsert([point("mine", source="s"), point("yours", owner="fido", source="s")])
    ids = [point_id("mine"), point_id("yours")]
    for owner, expected in (("rex", "mine"), ("fido", "yours")):
        (found,) = backend.retrieve(ids, owner=owner, payload=payload, vectors=["image"])
        assert found.id == point_id(expected)
        assert set(found.vectors) == {"image"}
    assert backend.retrieve(ids, owner="rexx", payload=payload, vectors=True) == []


def test_retrieve_adds_no_owner_to_the_payload_asked_for(backend: Backend) -> None:
    """The owner is compared, and shown only where it was asked for."""
    backend.upsert([point("a", source="s")])
    shown = {
        keys: backend.retrieve([point_id("a")], owner="rex", payload=keys, vectors=False)[0].payload
        for keys in (False, (), ("source",), ("source", "owner"))
    }
    assert shown == {
        False: {},
        (): {},
        ("source",): {"source": "s"},
        ("source", "owner"): {"source": "s", "owner": "rex"},
    }


@pytest.mark.slow
def test_a_point_that_names_no_owner_belongs_to_nobody(fresh: Backend) -> None:
    """It is shown to no owner, and its id is taken for every owner."""
    nobody = point("nobody")
    del nobody.payload["owner"]
    fresh.upsert([nobody])
    for owner in ("rex", "None"):
        assert fresh.retrieve([nobody.id], owner=owner, payload=True, vectors=True) == []
        assert fresh.occupied([nobody.id], owner=owner, payload=True) == ([], {nobody.id})


def test_occupied_tells_the_ids_of_other_owners_and_no_more(backend: Backend) -> None:
    """Own ids, free ids and what is no UUID are not taken."""
    backend.upsert([point("mine"), point("yours", owner="fido"), point("theirs", owner="max")])
    ids = [point_id(name) for name in ("mine", "yours", "theirs", "nobody")]
    own, taken = backend.occupied([*ids, "nope"], owner="rex", payload=["owner"])
    assert [(found.id, found.payload) for found in own] == [(ids[0], {"owner": "rex"})]
    assert taken == {point_id("yours"), point_id("theirs")}
    assert backend.occupied([], owner="rex", payload=True) == ([], set())


@pytest.mark.parametrize("owner", ["", " rex", None])
def test_reading_by_id_needs_an_owner(backend: Backend, owner: Any) -> None:
    """There is no way to read points of whomever they are."""
    with pytest.raises(OwnerError):
        backend.retrieve([point_id("a")], owner=owner, payload=True, vectors=False)
    with pytest.raises(OwnerError):
        backend.occupied([point_id("a")], owner=owner, payload=True)


def test_ids_that_no_point_can_have_match_nothing(backend: Backend) -> None:
    """In conditions and when points are read; those beside them do."""
    backend.upsert([point("a")])
    ids = ("nope", "", point_id("a"), "7")
    assert all_ids(backend, Filter("rex", Ids(ids))) == {point_id("a")}
    assert backend.count(Filter("rex", Ids(("nope",)))) == 0
    (found,) = backend.retrieve(ids, owner="rex", payload=False, vectors=False)
    assert found.id == point_id("a")
