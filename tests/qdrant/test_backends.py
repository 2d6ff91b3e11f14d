"""What every store must do, whichever it is: Edge, a client in memory, a server if one is named."""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from qdrant_client import QdrantClient

from sensorium.encoders import EmbeddingSpace
from sensorium.errors import (
    FilterError,
    OwnerError,
    PointError,
    SchemaVersionError,
    SpaceMismatchError,
    StoreClosedError,
    StoreError,
    StoreFormatError,
)
from sensorium.qdrant.backend import Backend, Search
from sensorium.qdrant.client.backend import ClientBackend
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
)
from sensorium.qdrant.points import Point, StoredPoint, from_iso, iso
from sensorium.qdrant.schema import CollectionSchema

D = 16  # dimensions
SPACE = EmbeddingSpace("planted", "0" * 64, "none", D)
SCHEMA = CollectionSchema.for_space(SPACE, modalities=["image", "audio", "text"])
NOON = datetime(2024, 5, 1, 12, tzinfo=timezone.utc)
ME, YOU = Filter("rex"), Filter("fido")
SERVER = os.environ.get("SENSORIUM_QDRANT_URL")
Reopen = Callable[[CollectionSchema], Backend]


def axis(*indices: int, weight: float = 1.0) -> NDArray[np.float32]:
    """Rows of unit length, each along one axis, leaning to axis 15 by what `weight` leaves."""
    rows = np.zeros((len(indices), D), np.float32)
    rows[range(len(indices)), indices] = weight
    rows[:, 15] += np.sqrt(1 - weight**2)
    return rows


def point_id(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def point(name: str, vectors: Mapping[str, Any] | None = None, **payload: Any) -> Point:
    """A point of Rex's with only what a test cares about."""
    planted = {"image": axis(0)} if vectors is None else vectors
    base = {"owner": "rex", "at": iso(NOON), "page_content": ""}
    return Point(point_id(name), planted, {**base, **payload})


def all_ids(backend: Backend, filter: Filter = ME) -> set[str]:
    return {found.id for found in backend.scroll(filter, limit=1000, payload=False).points}


def one(backend: Backend, name: str) -> StoredPoint:
    (found,) = backend.retrieve([point_id(name)], owner="rex", payload=True, vectors=True)
    return found


@contextmanager
def _edge(folder: Path) -> Iterator[Reopen]:
    from sensorium.qdrant.edge.backend import EdgeBackend

    opened: list[Backend] = []

    def reopen(schema: CollectionSchema) -> Backend:
        for backend in opened:
            backend.close()
        opened.append(EdgeBackend.open(folder / "memory", schema=schema))
        return opened[-1]

    yield reopen
    for backend in opened:
        backend.close()


@contextmanager
def _client(client: QdrantClient) -> Iterator[Reopen]:
    name = f"test-{uuid4()}"
    yield lambda schema: ClientBackend.open(client, schema=schema, collection=name)
    client.delete_collection(name)
    client.close()


KINDS = ["edge", "memory", *(["server", "server-grpc"] if SERVER else [])]


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def store_of(kind: str, folder: Path) -> AbstractContextManager[Reopen]:
    if kind == "edge":
        return _edge(folder)
    if kind == "memory":
        return _client(QdrantClient(":memory:"))
    key, grpc = os.environ.get("QDRANT_API_KEY"), kind == "server-grpc"
    return _client(QdrantClient(url=SERVER, api_key=key, prefer_grpc=grpc, timeout=30))


@pytest.fixture
def reopen(kind: str, tmp_path: Path) -> Iterator[Reopen]:
    """Opens the one store of a test, as often as wanted."""
    with store_of(kind, tmp_path) as opener:
        yield opener


@pytest.fixture
def fresh(reopen: Reopen) -> Backend:
    """A new store, for tests that change it for good, or look at what is not there yet."""
    return reopen(SCHEMA)


@pytest.fixture(scope="module")
def standing(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    with store_of(kind, tmp_path_factory.mktemp("standing")) as opener:
        yield opener(SCHEMA)


@pytest.fixture
def backend(kind: str, request: pytest.FixtureRequest) -> Backend:
    """One store for many tests, emptied for each: opening one takes longer than most tests."""
    if kind == "memory":  # opens at once, and keeps room for what was deleted
        return request.getfixturevalue("fresh")
    standing: Backend = request.getfixturevalue("standing")
    for owner in (ME, YOU):
        standing.delete(replace(owner, parts=True))
    return standing


# Writing and reading


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
    found = one(backend, "a")
    assert found.payload == {**point("a").payload, **payload}
    assert set(found.vectors) == {"image", "audio"}
    for name, written in {"image": axis(3), "audio": rows}.items():
        assert found.vectors[name].dtype == np.float32
        np.testing.assert_allclose(found.vectors[name], written, atol=1e-3)


def test_upsert_replaces_the_whole_point(backend: Backend) -> None:
    """Nothing of the old point is left: neither a vector nor a key."""
    backend.upsert([point("a", {"image": axis(0), "text": axis(1)}, source="old")])
    backend.upsert([point("a", {"text": axis(2)}, tags=["new"])])
    found = one(backend, "a")
    assert set(found.vectors) == {"text"}
    assert "source" not in found.payload
    assert backend.count(ME) == 1


def test_put_vectors_keeps_the_others(backend: Backend) -> None:
    """A modality is added or replaced; payload and other vectors stay."""
    backend.upsert([point("a", {"image": axis(0)}, source="camera")])
    backend.put_vectors(point_id("a"), {"audio": axis(1, 2)})
    backend.put_vectors(point_id("a"), {"audio": axis(4)})
    found = one(backend, "a")
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
    assert one(backend, "a").payload == point("a", tags=["u"], digest=["d"]).payload
    assert one(backend, "b").payload == point("b", source="y", tags=["t"]).payload


def test_set_payload_clears_the_points_it_meant_before_it_wrote(backend: Backend) -> None:
    """A key that the filter asks about may be changed: the same points are cleared."""
    backend.upsert([point("a", source="old", tags=["t"])])
    backend.set_payload(Filter("rex", Equal("source", "old")), {"source": "new"}, clear=["tags"])
    assert one(backend, "a").payload == point("a", source="new").payload


def test_set_payload_replaces_a_dictionary(backend: Backend) -> None:
    """A top-level key is written whole: what the old dictionary held is gone."""
    backend.upsert([point("a", metadata={"x": 1, "y": 2})])
    backend.set_payload(ME, {"metadata": {"x": 3}})
    assert one(backend, "a").payload["metadata"] == {"x": 3}


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


def test_points_without_vectors_are_kept(fresh: Backend) -> None:
    """A memory of words alone needs no vector."""
    fresh.upsert([point("a", {})])
    assert one(fresh, "a").vectors == {}
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


def test_nothing_to_write_is_nothing(backend: Backend) -> None:
    """An empty batch is no mistake."""
    backend.upsert([])
    assert backend.count(ME) == 0


# What cannot be stored


BAD_VECTORS = {
    "nan": np.full((1, D), np.nan, np.float32),
    "wrong dimension": axis(0)[:, :8],
    "not unit length": axis(0) * 2,
    "zero": np.zeros((1, D), np.float32),
    "one axis": axis(0)[0],
    "no rows": np.zeros((0, D), np.float32),
    "float64": axis(0).astype(np.float64),
    "two rows of a still": axis(0, 1),
}


def test_bad_vectors_are_refused_before_anything_is_written(backend: Backend) -> None:
    """One bad point of a batch: an error, and the store is as it was."""
    for name, bad in BAD_VECTORS.items():
        with pytest.raises(PointError):
            backend.upsert([point("good"), point("bad", {"image": bad})])
        assert backend.count(ME) == 0, name
    backend.upsert([point("good")])
    for bad in BAD_VECTORS.values():
        with pytest.raises(PointError):
            backend.put_vectors(point_id("good"), {"image": bad})
    np.testing.assert_allclose(one(backend, "good").vectors["image"], axis(0), atol=1e-3)


endless: list[Any] = []
for _ in range(10_000):
    endless = [endless]
BAD_PAYLOADS = {
    "tuple": (1, 2),
    "key": {1: 2},
    "surrogate": "\ud800",
    "endless": endless,
    "nan": float("nan"),
    "bytes": b"x",
    "time": NOON,
    "set": {1},
    "numpy": np.float32(1),
    "nested": {"a": [float("inf")]},
}


@pytest.mark.parametrize("bad", BAD_PAYLOADS.values(), ids=BAD_PAYLOADS)
def test_payloads_that_are_not_json_are_refused(backend: Backend, bad: Any) -> None:
    """An error of ours, and nothing is written."""
    with pytest.raises(PointError):
        backend.upsert([point("good"), point("bad", metadata={"x": bad})])
    assert backend.count(ME) == 0
    backend.upsert([point("good")])
    with pytest.raises(PointError):
        backend.set_payload(ME, {"metadata": {"x": bad}})
    assert one(backend, "good").payload == point("good").payload


def test_ids_that_are_no_uuid_are_refused(backend: Backend) -> None:
    """An engine takes numbers and UUIDs only."""
    with pytest.raises(PointError):
        backend.upsert([point("good"), replace(point("bad"), id="holiday")])
    assert backend.count(ME) == 0


def test_an_unknown_modality_is_refused(backend: Backend) -> None:
    """A vector the collection has no name for is no vector of its points."""
    with pytest.raises(PointError, match="smell"):
        backend.upsert([point("good"), point("a", {"smell": axis(0)})])
    assert backend.count(ME) == 0


# Searching


def test_search_finds_the_planted_neighbours(backend: Backend) -> None:
    """Best first, cosines as scores, one list a search, points without the modality left out."""
    backend.upsert(
        [
            point("near", {"image": axis(0)}),
            point("far", {"image": axis(0, weight=0.6)}),
            point("other", {"text": axis(0)}),
        ]
    )
    wanted = [Search("image", 5 * axis(0)[0], 10), Search("text", axis(1)[0], 10)]
    images, texts = backend.search([*wanted], ME)
    assert [hit.id for hit in images] == [point_id("near"), point_id("far")]
    assert [hit.score for hit in images] == pytest.approx([1.0, 0.6], abs=2e-3)
    assert [(hit.id, round(hit.score, 2)) for hit in texts] == [(point_id("other"), 0.0)]
    (first,) = backend.search([Search("image", axis(0)[0], 1)], ME)
    assert [hit.id for hit in first] == [point_id("near")]


def test_the_best_row_counts(backend: Backend) -> None:
    """A recording is as near as its nearest window, however many it has."""
    backend.upsert(
        [
            point("long", {"audio": axis(1, 2, 3, 4, 5)}),
            point("short", {"audio": axis(3, weight=0.8)}),
        ]
    )
    (hits,) = backend.search([Search("audio", axis(3)[0], 10)], ME)
    assert [(hit.id, hit.score) for hit in hits] == [
        (point_id("long"), pytest.approx(1.0, abs=2e-3)),
        (point_id("short"), pytest.approx(0.8, abs=2e-3)),
    ]


def test_an_unknown_modality_finds_nothing(fresh: Backend) -> None:
    """Among other searches its list is empty, and theirs are not moved."""
    fresh.upsert([point("a")])
    smell, image = Search("smell", axis(0)[0], 5), Search("image", axis(0)[0], 5)
    assert [len(hits) for hits in fresh.search([smell, image, smell], ME)] == [0, 1, 0]
    assert fresh.search([], ME) == []
    assert list(fresh.sample("smell", ME, limit=5)) == []


def test_a_rarer_word_ranks_higher(backend: Backend) -> None:
    """BM25: a word of one text counts more than a word of them all; no word, no hit."""
    texts = {"rare": "the dog barks", "common": "the dog sleeps", "more": "the dog eats"}
    backend.upsert([point(name, page_content=text) for name, text in texts.items()])
    found = backend.search_text("Barks dog", ME, limit=10)
    assert found[0].id == point_id("rare")
    assert {hit.id for hit in found} == set(map(point_id, texts))
    assert found[0].score > found[1].score > 0
    assert len(backend.search_text("dog", ME, limit=2)) == 2
    assert backend.search_text("zebra", ME, limit=10) == []
    assert backend.search_text("dog", YOU, limit=10) == []


def test_sample_returns_points_having_the_modality(backend: Backend) -> None:
    """With the vectors of that modality alone, never twice the same, never another's."""
    backend.upsert([point(f"i{k}", {"image": axis(k), "text": axis(1)}) for k in range(8)])
    backend.upsert([point("t", {"text": axis(0)}), point("y", owner="fido")])
    drawn = backend.sample("image", ME, limit=5, payload=["owner"])
    assert len({found.id for found in drawn}) == 5
    for found in drawn:
        assert set(found.vectors) == {"image"}
        assert found.vectors["image"].shape == (1, D)
        assert found.payload == {"owner": "rex"}
    assert len(backend.sample("image", ME, limit=50)) == 8


# Filters


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
        p.id: p.payload for p in yours
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


def test_parts_are_invisible_unless_asked_for(fresh: Backend) -> None:
    """Continuations are neither counted nor found, but can be meant."""
    fresh.upsert([point("a"), point("b", part_of=point_id("a"))])
    (hits,) = fresh.search([Search("image", axis(0)[0], 5)], ME)
    assert [hit.id for hit in hits] == [point_id("a")]
    assert all_ids(fresh) == {point_id("a")}
    assert all_ids(fresh, Filter("rex", parts=True)) == {point_id("a"), point_id("b")}
    fresh.delete(Filter("rex", Equal("part_of", point_id("a")), parts=True))
    assert fresh.count(Filter("rex", parts=True)) == 1


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


def test_dots_nest_and_quotes_keep_a_key_whole(backend: Backend) -> None:
    """`a.b` is the key b within a; `"a.b"` is one key."""
    backend.upsert([point("nested", metadata={"a": {"b": 1}}), point("one", metadata={"a.b": 1})])
    for name, expected in {"a.b": "nested", '"a.b"': "one"}.items():
        meant = Filter("rex", Every(tuple(matching({name: 1}))))
        assert all_ids(backend, meant) == {point_id(expected)}


def test_ids_that_no_point_can_have_match_none(backend: Backend) -> None:
    """In conditions and when points are read; those beside them do."""
    backend.upsert([point("a")])
    ids = ("nope", "", point_id("a"), "7")
    assert all_ids(backend, Filter("rex", Ids(ids))) == {point_id("a")}
    assert backend.count(Filter("rex", Ids(("nope",)))) == 0
    (found,) = backend.retrieve(ids, owner="rex", payload=False, vectors=False)
    assert found.id == point_id("a")


# Pages


def pages(backend: Backend, filter: Filter = ME, **options: Any) -> list[StoredPoint]:
    found: list[StoredPoint] = []
    cursor: str | None = None
    for _ in range(100):
        page = backend.scroll(filter, cursor=cursor, **options)
        assert len(page.points) <= options["limit"]
        found += page.points
        cursor = page.cursor
        if cursor is None:
            return found
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("newest_first", [None, True, False])
@pytest.mark.parametrize("limit", [1, 4, 100])
def test_pages_neither_lose_nor_repeat(
    backend: Backend, newest_first: bool | None, limit: int
) -> None:
    """Every point once, in order, also with more equal times than a page holds."""
    minutes = [*[0] * 9, 1, 2, 2, *[3] * 5, 4, 5, 6, 6, 6, 6]
    random.Random(1).shuffle(minutes)
    points = [
        point(f"p{k}", at=iso(NOON + timedelta(minutes=minute))) for k, minute in enumerate(minutes)
    ]
    backend.upsert([*points, point("yours", owner="fido")])
    found = pages(backend, limit=limit, newest_first=newest_first)
    assert sorted(p.id for p in found) == sorted(p.id for p in points)
    if newest_first is not None:
        order = [p.payload["at"] for p in found]
        assert order == sorted(order, reverse=newest_first)


@pytest.mark.parametrize("newest_first", [None, True])
def test_pages_carry_what_was_asked_for(backend: Backend, newest_first: bool | None) -> None:
    """Payload keys, vectors and conditions hold on every page."""
    backend.upsert([point(f"p{k}", tags=["x"] if k % 2 else [], source="s") for k in range(10)])
    found = pages(
        backend,
        Filter("rex", Equal("tags", "x")),
        limit=2,
        newest_first=newest_first,
        payload=["source"],
        vectors=["image"],
    )
    assert len(found) == 5
    assert all(p.payload["source"] == "s" and "tags" not in p.payload for p in found)
    assert all(p.vectors["image"].shape == (1, D) for p in found)


def test_no_points_make_one_empty_page(backend: Backend) -> None:
    """There is always a page, and nothing after the last."""
    for newest_first in (None, True, False):
        page = backend.scroll(ME, limit=5, newest_first=newest_first)
        assert (list(page.points), page.cursor) == ([], None)


@pytest.mark.parametrize("newest_first", [None, True])
def test_a_cursor_that_no_page_gave_is_refused(backend: Backend, newest_first: bool | None) -> None:
    """It may come from an agent: an error, not a wrong page."""
    backend.upsert([point("a")])
    for cursor in ("nonsense", "e30=", base64.b64encode(b'["noon", []]').decode()):
        with pytest.raises(FilterError, match="cursor"):
            backend.scroll(ME, limit=5, newest_first=newest_first, cursor=cursor)


# Counting and deleting


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


# The life of a store


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
    assert set(one(fresh, "a").vectors) == {"image", "smell"}


def test_a_modality_needs_a_plain_name(backend: Backend) -> None:
    """A name is a word, not a path."""
    with pytest.raises(StoreFormatError):
        backend.add_modality("../smell")
    assert backend.schema == SCHEMA


def test_a_store_opens_with_what_it_was_made_with(reopen: Reopen) -> None:
    """Points and schema survive; modalities that are asked for and lacking are added."""
    first = reopen(SCHEMA)
    first.upsert([point("a")])
    first.add_modality("smell")
    again = reopen(CollectionSchema.for_space(SPACE, modalities=["image", "imu"]))
    assert again.schema.modalities == ("audio", "image", "imu", "smell", "text")
    np.testing.assert_allclose(one(again, "a").vectors["image"], axis(0), atol=1e-3)
    again.upsert([point("b", {"imu": axis(1)})])
    assert reopen(SCHEMA).count(ME) == 2


def test_another_space_is_refused(reopen: Reopen) -> None:
    """The message names both spaces, and the store is unharmed."""
    reopen(SCHEMA).upsert([point("a")])
    other = replace(SPACE, model="stranger")
    with pytest.raises(SpaceMismatchError) as caught:
        reopen(CollectionSchema.for_space(other))
    assert SPACE.id in str(caught.value)
    assert other.id in str(caught.value)
    assert reopen(SCHEMA).count(ME) == 1


def test_a_newer_layout_is_refused(reopen: Reopen) -> None:
    """What this release cannot know it does not touch."""
    reopen(replace(SCHEMA, version=99))
    with pytest.raises(SchemaVersionError, match="99"):
        reopen(SCHEMA)


def test_the_version_is_read_before_all_else() -> None:
    """A layout to come may have other fields; the message says to upgrade, not that it is torn."""
    fields = SCHEMA.to_dict()
    to_come = {**fields, "version": 2, "space": {**fields["space"], "pooling": "mean"}}
    for schema in (to_come, {"version": 2}):
        with pytest.raises(SchemaVersionError, match="upgrade"):
            CollectionSchema.from_dict(schema, place="here")
    for torn in ({}, {**fields, "version": "x"}, {**fields, "space": 5}, {**fields, "space": {}}):
        with pytest.raises(StoreFormatError, match="cannot be read"):
            CollectionSchema.from_dict(torn, place="here")


def test_stats_describe_the_store(fresh: Backend) -> None:
    """Its kind, its place, and the points of all owners."""
    fresh.upsert([point("a"), point("b", owner="fido")])
    stats = fresh.stats()
    assert stats["points"] == 2
    assert stats["kind"]
    assert stats["place"]


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
