"""The line to a Qdrant server: what is asked, what is tried again, what is never shown."""

from __future__ import annotations

import json
import logging
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from qdrant_client import QdrantClient
from tests.support.planted import PlantedEncoder, motion, sound
from tests.support.qdrant_stub import Stub, serving

from sensorium.encoders import EmbeddingSpace
from sensorium.errors import (
    PointError,
    StoreError,
    StoreFormatError,
    StoreFullError,
    StoreUnavailableError,
)
from sensorium.memory import Memory
from sensorium.memory.layout.parts import row_offset, spread_over_points
from sensorium.qdrant.client import connection
from sensorium.qdrant.client import points as client_points
from sensorium.qdrant.client.backend import ClientBackend
from sensorium.qdrant.client.schema import add_modality, create_collection
from sensorium.qdrant.filters import Filter
from sensorium.qdrant.points import Point
from sensorium.qdrant.schema import KEYWORDS, ROWS, TIMES, CollectionSchema

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

D = 16  # dimensions
SPACE = EmbeddingSpace("planted", "0" * 64, "none", D)
SCHEMA = CollectionSchema.for_space(SPACE, modalities=["image", "audio"])
KEY = "sesame-1234567890"
INSECURE = pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")


def described(schema: CollectionSchema) -> dict[str, Any]:
    """A collection as a server describes it."""
    client = QdrantClient(":memory:")
    create_collection(client, "sensorium", schema)
    description: dict[str, Any] = json.loads(client.get_collection("sensorium").model_dump_json())
    client.close()
    return description


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving(Stub(described(SCHEMA))) as running:
        yield running


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits, and no key comes from outside."""
    monkeypatch.setattr(connection, "FIRST_WAIT", 0.001)
    monkeypatch.delenv("QDRANT_API_KEY", raising=False)


@pytest.fixture
def backend(stub: Stub) -> Iterator[ClientBackend]:
    opened = ClientBackend.open(stub.url, schema=SCHEMA, timeout=5)
    stub.asked.clear()
    yield opened
    opened.close()


def failing(status: int, text: str = "", **headers: str) -> tuple[int, str, dict[str, str]]:
    return status, text, {name.replace("_", "-"): value for name, value in headers.items()}


# What is tried again


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(backend: ClientBackend, stub: Stub, status: int) -> None:
    """Two failures, then an answer: the caller sees the answer alone."""
    stub.failures = [failing(status)] * 2
    assert backend.count(Filter("rex")) == 7
    assert len(stub.asked) == 3


def test_tries_come_to_an_end(backend: ClientBackend, stub: Stub) -> None:
    """A server that never answers gets a bounded number of tries, and the error says how many."""
    stub.failures = [failing(503, "overloaded")] * 50
    with pytest.raises(StoreUnavailableError, match=r"5 tries \(overloaded\)"):
        backend.count(Filter("rex"))
    assert len(stub.asked) == connection.TRIES


@pytest.mark.parametrize("status", [400, 404, 409, 413, 422])
def test_refusals_are_not_tried_again(backend: ClientBackend, stub: Stub, status: int) -> None:
    """The same request would be refused again; the error repeats the server's words."""
    stub.failures = [failing(status, "no such thing")]
    with pytest.raises(StoreUnavailableError, match=f"{status}: no such thing"):
        backend.count(Filter("rex"))
    assert len(stub.asked) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_is_given_the_time_it_asks_for(
    backend: ClientBackend, stub: Stub, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retry-After is heeded, up to the longest wait."""
    monkeypatch.setattr(connection, "LONGEST_WAIT", 0.2)
    stub.failures = [failing(status, "later", Retry_After="7")]
    began = time.monotonic()
    assert backend.count(Filter("rex")) == 7
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("after", ["Wed, 21 Oct 2015 07:28:00 GMT", "-5", "soon"])
@pytest.mark.parametrize("status", [429, 503])
def test_an_odd_retry_after_is_no_obstacle(
    backend: ClientBackend, stub: Stub, status: int, after: str
) -> None:
    """A date, or nonsense, counts as nothing."""
    stub.failures = [failing(status, "later", Retry_After=after)]
    assert backend.count(Filter("rex")) == 7


def test_an_answer_that_is_none_of_qdrants_is_an_error(backend: ClientBackend, stub: Stub) -> None:
    """A proxy's page with status 200 is not tried again."""
    stub.failures = [failing(200, "<html>hello</html>")]
    with pytest.raises(StoreUnavailableError, match="not an answer of Qdrant"):
        backend.count(Filter("rex"))
    assert len(stub.asked) == 1


def test_a_slow_server_is_given_up(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request ends after its timeout."""
    monkeypatch.setattr(connection, "TRIES", 1)
    stub.late = 20.0
    with pytest.raises(StoreUnavailableError, match="did not answer"):
        ClientBackend.open(stub.url, schema=SCHEMA, timeout=1)


@pytest.mark.parametrize("grpc", [False, True])
def test_a_server_that_is_away_is_named(grpc: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over REST and gRPC: the message says where it was looked for and what to do."""
    monkeypatch.setattr(connection, "TRIES", 2)
    with serving(Stub()) as gone:
        url = gone.url
    with pytest.raises(StoreUnavailableError, match=url) as caught:
        ClientBackend.open(url, schema=SCHEMA, prefer_grpc=grpc, timeout=2)
    assert "docs/deploy.md" in caught.value.remedy


def test_a_full_disk_has_its_own_error(backend: ClientBackend, stub: Stub) -> None:
    """Trying again would not make room."""
    stub.failures = [failing(500, '{"status": {"error": "WAL: No space left on device"}}')]
    with pytest.raises(StoreFullError):
        backend.delete(Filter("rex"))
    assert len(stub.asked) == 1


# The key


@INSECURE
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_not_shown(
    stub: Stub, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in the message, the traceback, a repr or the log, even if the server repeats it."""
    caplog.set_level(logging.DEBUG)
    backend = ClientBackend.open(stub.url, schema=SCHEMA, api_key=KEY)
    stub.asked.clear()
    stub.failures = [failing(status, f"Invalid key {KEY} given")]
    with pytest.raises(StoreUnavailableError, match="QDRANT_API_KEY") as caught:
        backend.count(Filter("rex"))
    assert len(stub.asked) == 1
    stub.failures = [failing(503, f"busy, {KEY}")] * 9
    with pytest.raises(StoreUnavailableError) as busy:
        backend.count(Filter("rex"))
    backend.close()
    shown = [repr(backend), repr(vars(backend)), caplog.text]
    for error in (caught.value, busy.value):
        shown += [repr(error), "".join(traceback.format_exception(error))]
    assert KEY not in "".join(shown)


@INSECURE
def test_the_key_comes_from_the_environment(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the blanks a file leaves at its end; an argument goes first."""
    monkeypatch.setenv("QDRANT_API_KEY", f"{KEY}\n")
    ClientBackend.open(stub.url, schema=SCHEMA).close()
    assert {asked.key for asked in stub.asked} == {KEY}
    stub.asked.clear()
    ClientBackend.open(stub.url, schema=SCHEMA, api_key="other").close()
    assert {asked.key for asked in stub.asked} == {"other"}


@pytest.mark.parametrize("key", ["ses\name", "sésame", "ses\x00ame"])
def test_a_key_no_header_can_hold_is_refused_unseen(key: str) -> None:
    """The error comes before any request, and without the key."""
    with pytest.raises(StoreUnavailableError, match="header") as caught:
        ClientBackend.open("http://127.0.0.1:1", schema=SCHEMA, api_key=key)
    assert key not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("url", ["http://me:hush@127.0.0.1:1", "http://hush@127.0.0.1:1/x?a=b"])
def test_credentials_in_a_url_are_refused_unseen(url: str) -> None:
    """They would be shown wherever the place is."""
    with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1") as caught:
        ClientBackend.open(url, schema=SCHEMA)
    assert "hush" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("url", ["ftp://here", "http://[", "http://host:port"])
def test_what_is_no_url_is_refused(url: str) -> None:
    """With an error of ours."""
    with pytest.raises(StoreUnavailableError, match="http"):
        ClientBackend.open(url, schema=SCHEMA)


PLACES = [
    *("localhost:6333", "qdrant://here", "ftp://here", "grpc://here:6334", "here:6333/x"),
    *("[::1]:6333", "s3://bucket", "", " ", Path("https://here"), 5, None, b"here"),
]


@pytest.mark.parametrize("place", PLACES, ids=repr)
def test_a_place_that_is_none_is_refused(
    place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What looks like a server and is no URL of one does not become a folder."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreFormatError, match=r"write|leave"):
        Memory.open(place, owner="rex", encoder=PlantedEncoder())
    assert list(tmp_path.iterdir()) == []


def test_a_url_may_be_written_in_capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a server's, whatever the case of its scheme."""
    monkeypatch.setattr(connection, "TRIES", 1)
    with pytest.raises(StoreUnavailableError):
        Memory.open("HTTP://127.0.0.1:1", owner="rex", encoder=PlantedEncoder())


def test_a_new_folder_is_its_users_alone(tmp_path: Path) -> None:
    """Nobody else may look into it; a folder that was there stays as it was."""
    (tmp_path / "open").mkdir(mode=0o755)
    for name, mode in {"new": 0o700, "open": 0o755}.items():
        with Memory.open(tmp_path / name, owner="rex", encoder=PlantedEncoder()):
            assert (tmp_path / name).stat().st_mode & 0o777 == mode


# What is asked


def test_a_collection_is_made_as_the_schema_says() -> None:
    """Named vectors, quantization, cluster settings, metadata, and every payload index."""
    schema = CollectionSchema.for_space(
        SPACE,
        modalities=["image", "audio"],
        quantization="int8",
        on_disk=True,
        shard_number=6,
        replication_factor=2,
        write_consistency_factor=2,
    )
    with serving(Stub(made=described(schema))) as stub:
        client = QdrantClient(url=stub.url, check_compatibility=False)
        create_collection(client, "mine", schema)
        client.close()
    (made,) = [asked.body for asked in stub.asked if asked.line == "PUT /collections/mine"]
    vector = {"size": D, "distance": "Cosine", "datatype": "float16", "on_disk": True}
    rows = {**vector, "multivector_config": {"comparator": "max_sim"}}
    assert made["vectors"] == {"image": vector, "audio": rows}
    assert made["quantization_config"] == {"scalar": {"type": "int8", "always_ram": True}}
    assert made["hnsw_config"] == {"m": 16, "payload_m": 16}
    assert (made["shard_number"], made["replication_factor"]) == (6, 2)
    assert made["write_consistency_factor"] == 2
    assert made["metadata"] == {"sensorium": schema.to_dict()}


def test_indexes_that_are_missing_are_made_at_opening(stub: Stub) -> None:
    """A collection that was left half made is completed; the owner's index is a tenant's."""
    ClientBackend.open(stub.url, schema=SCHEMA).close()
    made = {a.body["field_name"]: a.body["field_schema"] for a in stub.asked if "/index" in a.line}
    assert set(made) == {"owner", "page_content", *KEYWORDS, *TIMES}
    assert made["owner"] == {"type": "keyword", "is_tenant": True}
    assert made["page_content"]["scoring"]


def test_requests_stay_under_the_limit(
    backend: ClientBackend, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Points are cut into requests that are each small enough, in order, none lost."""
    monkeypatch.setattr(client_points, "REQUEST", 20_000)
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(40, 20, D)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=-1, keepdims=True)
    points = [
        Point(str(uuid4()), {"audio": each}, {"owner": "rex", "page_content": "ü" * 100})
        for each in rows
    ]
    backend.upsert(points)
    assert len(stub.asked) > 5
    assert all(asked.size <= 20_000 for asked in stub.asked)
    assert [p["id"] for asked in stub.asked for p in asked.body["points"]] == [p.id for p in points]


def test_a_point_too_large_for_any_request_is_refused(
    backend: ClientBackend, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the others are written."""
    monkeypatch.setattr(client_points, "REQUEST", 20_000)
    small = Point(str(uuid4()), {}, {"owner": "rex"})
    large = Point(str(uuid4()), {}, {"owner": "rex", "page_content": "x" * 20_000})
    with pytest.raises(PointError, match="MiB"):
        backend.upsert([small, large])
    assert stub.asked == []


@pytest.mark.parametrize("long", [["audio"], ["audio", "imu", "video"], ["text", *"abcdefg"]])
def test_every_point_of_a_long_record_fits_a_request(long: list[str]) -> None:
    """However many senses have many windows; and no row is lost or moved."""
    rows = {name: np.zeros((2_000, 1024), np.float32) for name in (*long, "image")}
    for name, each in rows.items():
        each[:, 0] = np.arange(2_000)
        rows[name] = each[:3] if name == "image" else each
    points = spread_over_points(str(uuid4()), {"owner": "rex"}, rows)
    requests = client_points.requests(points, number=client_points.JSON_NUMBER)
    assert [point.id for run in requests for point in run] == [point.id for point in points]
    for part, point in enumerate(points):
        for name, block in point.vectors.items():
            assert len(block) <= ROWS
            assert block[0, 0] == row_offset(name, part, rows)
    assert row_offset("audio", 1, ["audio", "imu", "image", "depth"]) == ROWS  # stills take none
    for name, each in rows.items():
        stored = [point.vectors[name] for point in points if name in point.vectors]
        np.testing.assert_array_equal(np.concatenate(stored), each)


def test_a_row_of_a_long_record_is_found_where_it_is() -> None:
    """Its span is the second in which it was heard, in whichever point it is kept."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder(), keep_media=False) as memory:
        heard = ["dog"] * 800
        heard[700] = "wolf"
        memory.remember(sound("|".join(heard)), motion("run"), text="a walk")
        (hit,) = memory.recall("wolf", modalities=["audio"])
        assert hit.span is not None
        assert hit.span.start == 700


def test_a_client_of_the_callers_stays_open() -> None:
    """Who made it closes it; two collections share it and its points stay apart."""
    client = QdrantClient(":memory:")
    one = ClientBackend.open(client, schema=SCHEMA, collection="one")
    two = ClientBackend.open(client, schema=SCHEMA, collection="two")
    one.upsert([Point(str(uuid4()), {}, {"owner": "rex"})])
    one.close()
    assert two.count(Filter("rex")) == 0
    assert client.count("one").count == 1
    client.close()


def test_modalities_that_others_added_stay() -> None:
    """Two who have a collection open add one each: it has both."""
    client = QdrantClient(":memory:")
    one, two = (ClientBackend.open(client, schema=SCHEMA) for _ in range(2))
    one.add_modality("smell")
    two.add_modality("taste")
    again = ClientBackend.open(client, schema=SCHEMA)
    assert again.schema.modalities == ("audio", "image", "smell", "taste")
    client.close()


def test_a_sense_is_added_with_a_client_alone() -> None:
    """One call, of a schema that is read from the collection; a second changes nothing."""
    client = QdrantClient(":memory:")
    create_collection(client, "mine", SCHEMA)
    for _ in range(2):
        wider = add_modality(client, "mine", "smell")
        assert wider == SCHEMA.with_modality("smell")
    assert set(client.get_collection("mine").config.params.vectors) == {*wider.modalities}
    assert ClientBackend.open(client, schema=SCHEMA, collection="mine").schema == wider
    with pytest.raises(StoreFormatError, match="not there"):
        add_modality(client, "nobody's", "smell")
    with pytest.raises(StoreFormatError, match="plain name"):
        add_modality(client, "mine", "a smell")
    client.close()


def test_a_strangers_collection_is_left_alone() -> None:
    """One that Sensorium did not make is not opened, and one that is there is not made again."""
    client = QdrantClient(":memory:")
    client.create_collection("theirs", vectors_config={}, metadata={"a": 1})
    with pytest.raises(StoreError, match="did not make"):
        ClientBackend.open(client, schema=SCHEMA, collection="theirs")
    with pytest.raises(StoreError, match="already"):
        create_collection(client, "theirs", SCHEMA)
    assert client.get_collection("theirs").config.metadata == {"a": 1}
    client.close()
