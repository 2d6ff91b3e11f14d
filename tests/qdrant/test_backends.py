"""What every store must do, whichever it is: Edge, a client in memory, a server if one is named."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tests.support.stores import (
    ME,
    SCHEMA,
    SPACE,
    YOU,
    D,
    Reopen,
    all_ids,
    axis,
    point,
    point_id,
    read_point,
)

from sensorium.errors import (
    StoreClosedError,
    StoreError,
)
from sensorium.qdrant.backend import Backend, Search
from sensorium.qdrant.filters import (
    Equal,
    Filter,
    Ids,
    Not,
    Present,
)
from sensorium.qdrant.schema import CollectionSchema


@pytest.mark.slow
def test_a_backend_is_what_the_protocol_says(backend: Backend) -> None:
    """Every method of the protocol is there, and the schema is the one it was opened with."""
    assert isinstance(backend, Backend)
    assert backend.schema == SCHEMA


def test_what_is_written_is_read(backend: Backend) -> None:
    """Payload and vectors come back: float32, one row a window, the payload as it was."""
    payload = {"metadata": {"a": [1, 2.5, None, {"b": "ü"}], "on": True}, "tags": ["x"]}
    rows = np.random.default_rng(1).normal(size=(3, D)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    backend.upsert([point("a", {"image": axis(3), "audio": rows}, **payload)])
    found = read_point(backend, "a")
    assert found.payload == {**point("a").payload, **payload}
    assert set(found.vectors) == {"image", "audio"}
    for name, written in {"image": axis(3), "audio": rows}.items():
        assert found.vectors[name].dtype == np.float32
        np.testing.assert_allclose(found.vectors[name], written, atol=1e-3)


def test_upsert_replaces_the_whole_point(backend: Backend) -> None:
    """Nothing of the old point is left: neither a vector nor a key."""
    backend.upsert([point("a", {"image": axis(0), "text": axis(1)}, source="old")])
    backend.upsert([point("a", {"text": axis(2)}, tags=["new"])])
    found = read_point(backend, "a")
    assert set(found.vectors) == {"text"}
    assert "source" not in found.payload
    assert backend.count(ME) == 1


def test_put_vectors_keeps_the_others(backend: Backend) -> None:
    """A modality is added or replaced; payload and other vectors stay."""
    backend.upsert([point("a", {"image": axis(0)}, source="camera")])
    backend.put_vectors(point_id("a"), {"audio": axis(1, 2)})
    backend.put_vectors(point_id("a"), {"audio": axis(4)})
    found = read_point(backend, "a")
    np.testing.assert_allclose(found.vectors["image"], axis(0), atol=1e-3)
    np.testing.assert_allclose(found.vectors["audio"], axis(4), atol=1e-3)
    assert found.payload["source"] == "camera"


def test_put_vectors_of_a_missing_point_is_an_error(backend: Backend) -> None:
    """A point that is not there is not made by halves."""
    with pytest.raises(StoreError):
        backend.put_vectors(point_id("nobody"), {"image": axis(0)})
    assert backend.count(ME) == 0


def test_set_payload_merges_and_clears(backend: Backend) -> None:
    """Keys are written and removed on the points meant, and on no others."""
    backend.upsert([point("a", source="x", tags=["t"]), point("b", source="y", tags=["t"])])
    backend.set_payload(
        Filter("rex", Equal("source", "x")), {"tags": ["u"], "digest": ["d"]}, clear=["source"]
    )
    assert read_point(backend, "a").payload == point("a", tags=["u"], digest=["d"]).payload
    assert read_point(backend, "b").payload == point("b", source="y", tags=["t"]).payload


def test_set_payload_clears_the_points_it_meant_before_it_wrote(backend: Backend) -> None:
    """A key that the filter asks about may be changed: the same points are cleared."""
    backend.upsert([point("a", source="old", tags=["t"])])
    backend.set_payload(Filter("rex", Equal("source", "old")), {"source": "new"}, clear=["tags"])
    assert read_point(backend, "a").payload == point("a", source="new").payload


def test_a_key_that_was_cleared_is_not_there_for_any_condition(backend: Backend) -> None:
    """It is neither read nor counted nor found, and the point can get it again."""
    backend.upsert(
        [point("a", source="x", tags=["t"], flags=["done=true"]), point("b", tags=["t"])]
    )
    backend.set_payload(ME, {"digest": ["d"]}, clear=["source", "tags", "flags", "hashes"])
    read = read_point(backend, "a")
    assert not {"source", "tags", "flags", "hashes"} & read.payload.keys()
    assert backend.facet("tags", ME, limit=9) == {}
    for condition in (Present("source"), Present("tags"), Equal("tags", "t"), Equal("source", "x")):
        assert backend.count(Filter("rex", condition)) == 0
        assert backend.count(Filter("rex", Not(condition))) == 2
    backend.set_payload(Filter("rex", Ids((point_id("a"),))), {"tags": ["u"]})
    assert backend.count(Filter("rex", Equal("tags", "u"))) == 1


def test_set_payload_replaces_a_dictionary(backend: Backend) -> None:
    """A top-level key is written whole: what the old dictionary held is gone."""
    backend.upsert([point("a", metadata={"x": 1, "y": 2})])
    backend.set_payload(ME, {"metadata": {"x": 3}})
    assert read_point(backend, "a").payload["metadata"] == {"x": 3}


@pytest.mark.slow
def test_points_without_vectors_are_kept(fresh: Backend) -> None:
    """A memory of words alone needs no vector."""
    fresh.upsert([point("a", {})])
    assert read_point(fresh, "a").vectors == {}
    assert fresh.search([Search("image", axis(0)[0], 5)], ME) == [[]]


def test_threads_share_a_store(backend: Backend) -> None:
    """Several may write and search at once: nothing is lost, nothing fails."""

    def work(thread: int) -> None:
        for k in range(20):
            backend.upsert([point(f"{thread}-{k}", {"image": axis(k % 15), "text": axis(1, 2)})])
            backend.search([Search("image", axis(k % 15)[0], 3)], ME)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert backend.count(ME) == 80


def test_an_empty_batch_is_no_mistake(backend: Backend) -> None:
    """An empty batch is no mistake."""
    backend.upsert([])
    assert backend.count(ME) == 0


def test_facets_count_the_values(backend: Backend) -> None:
    """The most frequent first, of the points meant, and not more than asked for."""
    backend.upsert(
        [
            point("a", tags=["x", "y"]),
            point("b", tags=["x"]),
            point("c", tags=["x", "z"], source="s"),
            point("d", owner="fido", tags=["q"]),
        ]
    )
    facets = backend.facet("tags", ME, limit=10)
    assert facets == {"x": 3, "y": 1, "z": 1}
    assert next(iter(facets)) == "x"
    assert backend.facet("tags", ME, limit=1) == {"x": 3}
    assert backend.facet("tags", Filter("rex", Equal("source", "s")), limit=10) == {"x": 1, "z": 1}


def test_delete_removes_what_the_filter_means(backend: Backend) -> None:
    """And nothing else; deleting nothing is no mistake."""
    backend.upsert([point("a", tags=["x"]), point("b", tags=["y"]), point("c", owner="fido")])
    backend.delete(Filter("rex", Equal("tags", "x")))
    backend.delete(Filter("rex", Equal("tags", "x")))
    assert all_ids(backend) == {point_id("b")}
    assert backend.count(YOU) == 1
    backend.delete(ME)
    assert (backend.count(ME), backend.count(YOU)) == (0, 1)


@pytest.mark.slow
def test_a_modality_can_be_added(fresh: Backend) -> None:
    """Points that were there stay; new ones may have it; a second time changes nothing."""
    fresh.upsert([point("a")])
    for _ in range(2):
        fresh.add_modality("smell")
        assert fresh.schema.modalities == ("audio", "image", "smell", "text")
    fresh.upsert([point("b", {"smell": axis(1, 2)})])
    fresh.put_vectors(point_id("a"), {"smell": axis(3)})
    (hits,) = fresh.search([Search("smell", axis(2)[0], 1)], ME)
    assert [hit.id for hit in hits] == [point_id("b")]
    assert set(read_point(fresh, "a").vectors) == {"image", "smell"}


@pytest.mark.slow
def test_a_store_opens_with_what_it_was_made_with(reopen: Reopen) -> None:
    """Points and schema survive; modalities that are asked for and lacking are added."""
    first = reopen(SCHEMA)
    first.upsert([point("a")])
    first.add_modality("smell")
    again = reopen(CollectionSchema.for_space(SPACE, modalities=["image", "imu"]))
    assert again.schema.modalities == ("audio", "image", "imu", "smell", "text")
    np.testing.assert_allclose(read_point(again, "a").vectors["image"], axis(0), atol=1e-3)
    again.upsert([point("b", {"imu": axis(1)})])
    assert reopen(SCHEMA).count(ME) == 2


@pytest.mark.slow
def test_stats_describe_the_store(fresh: Backend) -> None:
    """Its kind, its place, and the points of all owners."""
    fresh.upsert([point("a"), point("b", owner="fido")])
    stats = fresh.stats()
    assert stats["points"] == 2
    assert stats["kind"]
    assert stats["place"]


@pytest.mark.slow
def test_flush_and_compact_change_nothing_that_is_read(fresh: Backend) -> None:
    """They are about where the points are, not what they are."""
    fresh.upsert([point(f"p{k}") for k in range(20)])
    fresh.flush()
    assert fresh.compact() in (True, False)
    assert fresh.count(ME) == 20


def test_a_closed_store_says_so(fresh: Backend) -> None:
    """Closing twice is fine; using it afterwards is an error of ours."""
    fresh.close()
    fresh.close()
    uses: list[Callable[[], object]] = [
        lambda: fresh.upsert([point("a")]),
        lambda: fresh.put_vectors(point_id("a"), {"image": axis(0)}),
        lambda: fresh.set_payload(ME, {"source": "s"}),
        lambda: fresh.retrieve([point_id("a")], owner="rex", payload=True, vectors=False),
        lambda: fresh.occupied([point_id("a")], owner="rex", payload=True),
        lambda: fresh.search([Search("image", axis(0)[0], 1)], ME),
        lambda: fresh.search([Search("smell", axis(0)[0], 1)], ME),
        lambda: fresh.search_text("dog", ME, limit=1),
        lambda: fresh.scroll(ME, limit=1),
        lambda: fresh.sample("image", ME, limit=1),
        lambda: fresh.count(ME),
        lambda: fresh.facet("tags", ME, limit=1),
        lambda: fresh.delete(ME),
        lambda: fresh.add_modality("smell"),
        fresh.flush,
        fresh.compact,
        fresh.stats,
    ]
    for use in uses:
        with pytest.raises(StoreClosedError, match=r"close\(\)"):
            use()
