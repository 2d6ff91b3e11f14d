"""Payloads are stored short, and read the same whichever version of the layout wrote them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from qdrant_client import QdrantClient
from tests.support.stores import NOON, SCHEMA, all_ids, point, point_id, read_point

from sensorium.errors import FilterError
from sensorium.qdrant.backend import Backend
from sensorium.qdrant.client.backend import ClientBackend
from sensorium.qdrant.filters import Condition, Equal, Filter, OneOf, Present, Range
from sensorium.qdrant.payload_form import as_read, shortened, written_out
from sensorium.qdrant.points import iso

AT, LATER = iso(NOON), iso(NOON + timedelta(hours=1))
FULL = {"at": AT, "created_at": AT, "tags": ["home"], "digest": ["a", "b"], "schema_version": 1}


def test_what_is_stored_says_nothing_twice() -> None:
    """One text of a list is that text; a second time, and the version, are left out."""
    assert shortened(FULL) == {"at": AT, "tags": "home", "digest": ["a", "b"]}
    assert shortened({"at": AT, "created_at": LATER}) == {"at": AT, "created_at": LATER}
    assert FULL["tags"] == ["home"]  # the caller's stays as it was
    assert shortened({"metadata": {"tags": ["home"]}}) == {"metadata": {"tags": ["home"]}}


def test_either_version_is_read_as_the_same() -> None:
    """So that copies of a record compare equal."""
    expected = {"at": AT, "tags": ["home"], "digest": ["a", "b"]}
    assert as_read(FULL) == as_read(shortened(FULL)) == expected
    assert as_read(None) == {}
    assert as_read({"source": None, "tags": []}) == {"tags": []}


def test_other_programs_are_told_everything() -> None:
    """An export has lists, both times and the version."""
    assert written_out(as_read(shortened(FULL))) == FULL
    assert written_out({"at": AT, "created_at": LATER})["created_at"] == LATER


@pytest.mark.slow
@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Range("created_at", gt=NOON), {"moved"}),
        (Range("created_at", lte=NOON), {"now"}),
        (~Range("created_at", gt=NOON), {"now"}),
        (Equal("created_at", AT), {"now"}),
        (OneOf("created_at", (LATER, AT)), {"now", "moved"}),
        (Present("created_at"), {"now", "moved"}),
        (~Present("created_at"), set()),
    ],
)
def test_the_time_of_remembering_is_asked_for_wherever_it_is_kept(
    backend: Backend, condition: Condition, expected: set[str]
) -> None:
    """A record without one of its own was remembered when its moment was."""
    backend.upsert([point("now", created_at=AT), point("moved", created_at=LATER)])
    found = all_ids(backend, Filter("rex", condition))
    assert found == {point_id(name) for name in expected}


def test_a_single_text_is_a_list_to_whoever_reads_it(backend: Backend) -> None:
    """Written as a whole or changed, found by any filter, counted like the others."""
    backend.upsert([point("a", tags=["home"]), point("b", tags=["home", "lake"]), point("c")])
    backend.set_payload(Filter("rex", Equal("tags", "lake")), {"source": "x", "hashes": ["f"]})
    assert read_point(backend, "a").payload["tags"] == ["home"]
    assert read_point(backend, "b").payload["tags"] == ["home", "lake"]
    assert read_point(backend, "b").payload["hashes"] == ["f"]
    for condition in (Equal("tags", "home"), OneOf("tags", ("home", "x")), Equal("tags[]", "home")):
        assert all_ids(backend, Filter("rex", condition)) == {point_id("a"), point_id("b")}
    assert backend.facet("tags", Filter("rex"), limit=9) == {"home": 2, "lake": 1}


def test_the_place_of_a_text_is_refused() -> None:
    """A single one has none."""
    with pytest.raises(FilterError, match=r"not kept by their place.*write \"tags\""):
        Equal("tags[0]", "home")


def test_a_collection_of_version_1_becomes_one_of_version_2() -> None:
    """Its points stay; what reads it then knows."""
    client = QdrantClient(":memory:")
    ClientBackend(client, schema=SCHEMA).upsert([point("a")])
    [collection] = client.get_collections().collections
    earlier = {**SCHEMA.to_dict(), "version": 1}
    client.update_collection(collection.name, metadata={"sensorium": earlier})
    client.set_payload(collection.name, {"tags": ["home"], "schema_version": 1}, [point_id("a")])
    opened = ClientBackend(client, schema=SCHEMA)
    assert opened.schema.version == 2
    metadata = client.get_collection(collection.name).config.metadata
    assert metadata is not None
    assert metadata["sensorium"]["version"] == 2
    assert read_point(opened, "a").payload["tags"] == ["home"]
    assert "schema_version" not in read_point(opened, "a").payload
