"""The connection to a Qdrant server: what is tried again, and what is never shown."""

from __future__ import annotations

import logging
import time
import traceback
from uuid import uuid4

import numpy as np
import pytest
from httpx import Limits
from qdrant_client import QdrantClient
from tests.support.forking import in_child
from tests.support.qdrant_stub import Stub, serving
from tests.support.stubbed import KEY, SCHEMA, D, described, failing

from sensorium.errors import (
    StoreFullError,
    StoreLockedError,
    StoreUnavailableError,
)
from sensorium.qdrant.backend import Search
from sensorium.qdrant.client import connection
from sensorium.qdrant.client.backend import ClientBackend
from sensorium.qdrant.filters import Filter
from sensorium.qdrant.points import Point

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

REX = Filter("rex")
INSECURE = pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")


@pytest.mark.slow
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(backend: ClientBackend, stub: Stub, status: int) -> None:
    """Two failures, then an answer: the caller sees the answer alone."""
    stub.failures = [failing(status)] * 2
    assert backend.count(Filter("rex")) == 7
    assert len(stub.asked) == 3


def test_tries_come_to_an_end(stub: Stub) -> None:
    """A server that never answers gets the time it was given, and the error says how often."""
    backend = ClientBackend.open(stub.url, schema=SCHEMA, timeout=0.2)
    stub.asked.clear()
    stub.failures = [failing(503, "overloaded")] * 5000
    began = time.monotonic()
    with pytest.raises(
        StoreUnavailableError, match=r"in 0 s and \d+ tries \(overloaded\)"
    ) as caught:
        backend.count(Filter("rex"))
    assert time.monotonic() - began < 1
    assert f"{len(stub.asked)} tries" in str(caught.value)
    assert len(stub.asked) >= 4
    backend.close()


@pytest.mark.slow
@pytest.mark.parametrize("status", [400, 404, 409, 413, 422])
def test_refusals_are_not_tried_again(backend: ClientBackend, stub: Stub, status: int) -> None:
    """The same request would be refused again; the error repeats the server's words."""
    stub.failures = [failing(status, "no such thing")]
    with pytest.raises(StoreUnavailableError, match=f"{status}: no such thing"):
        backend.count(Filter("rex"))
    assert len(stub.asked) == 1


@pytest.mark.slow
@pytest.mark.parametrize("status", [429, 503])
def test_a_server_is_given_the_time_it_asks_for(
    backend: ClientBackend, stub: Stub, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retry-After is heeded, up to the longest wait."""
    monkeypatch.setattr(connection, "LONGEST_WAIT", 0.2)
    stub.failures = [failing(status, "later", Retry_After="7")]
    began = time.monotonic()
    assert backend.count(Filter("rex")) == 7
    assert 0.2 <= time.monotonic() - began < 7


@pytest.mark.slow
@pytest.mark.parametrize("after", ["Wed, 21 Oct 2015 07:28:00 GMT", "-5", "soon"])
@pytest.mark.parametrize("status", [429, 503])
def test_an_odd_retry_after_is_no_obstacle(
    backend: ClientBackend, stub: Stub, status: int, after: str
) -> None:
    """A date, or nonsense, counts as nothing."""
    stub.failures = [failing(status, "later", Retry_After=after)]
    assert backend.count(Filter("rex")) == 7


def test_an_answer_from_another_program_is_an_error(backend: ClientBackend, stub: Stub) -> None:
    """A proxy's page with status 200 is not tried again."""
    stub.failures = [failing(200, "<html>hello</html>")]
    with pytest.raises(StoreUnavailableError, match="not an answer of Qdrant"):
        backend.count(Filter("rex"))
    assert len(stub.asked) == 1


@pytest.mark.slow
@pytest.mark.parametrize("body", ['{"result": null}', '{"result": 7}', "[]", "null"])
def test_an_answer_without_a_result_is_an_error_of_ours(
    backend: ClientBackend, stub: Stub, body: str
) -> None:
    """Whatever was asked; it is not tried again."""
    point = Point(str(uuid4()), {}, {"owner": "rex"})
    question = Search("image", np.zeros(D, np.float32), 1)
    for ask in (
        lambda: backend.count(REX),
        lambda: backend.facet("tags", REX, limit=1),
        lambda: backend.scroll(REX, limit=1),
        lambda: backend.search([question], REX),
        lambda: backend.search_text("words", REX, limit=1),
        lambda: backend.sample("image", REX, limit=1),
        lambda: backend.retrieve([point.id], owner="rex", payload=True, vectors=False),
        lambda: backend.upsert([point]),
        lambda: backend.delete(REX),
        lambda: backend.set_payload(REX, {"tags": []}),
        lambda: backend.add_modality("smell"),
        lambda: backend.sibling(SCHEMA),
    ):
        stub.failures = [failing(200, body)]
        stub.asked.clear()
        with pytest.raises(StoreUnavailableError, match="not an answer of Qdrant"):
            ask()
        assert len(stub.asked) == 1


@pytest.mark.slow
def test_an_odd_answer_at_any_moment_of_opening_is_an_error_of_ours(stub: Stub) -> None:
    """Of a memory that is there, and of one that is begun."""
    for there in (True, False):
        made = described(SCHEMA)
        for number in range(1, 6):  # the first asks for the version, which a proxy may hide
            stub.collection, stub.made = made if there else None, made
            stub.passed, stub.failures = number, [failing(200, '{"result": null}')]
            with pytest.raises(StoreUnavailableError, match="not an answer of Qdrant"):
                ClientBackend.open(stub.url, schema=SCHEMA)


def test_a_slow_server_is_given_up(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request ends after its timeout."""
    monkeypatch.setattr(connection, "FIRST_WAIT", 5.0)
    stub.late = 20.0
    with pytest.raises(StoreUnavailableError, match="did not answer"):
        ClientBackend.open(stub.url, schema=SCHEMA, timeout=1)


@pytest.mark.parametrize("grpc", [False, True])
def test_a_server_that_is_away_is_named(grpc: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over REST and gRPC: the message says where it was looked for and what to do."""
    monkeypatch.setattr(connection, "FIRST_ANSWER", 0.1)
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


@pytest.mark.slow
@INSECURE
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_not_shown(
    stub: Stub, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in the message, the traceback, a repr or the log, even if the server repeats it."""
    caplog.set_level(logging.DEBUG)
    backend = ClientBackend.open(stub.url, schema=SCHEMA, api_key=KEY, timeout=0.1)
    stub.asked.clear()
    stub.failures = [failing(status, f"Invalid key {KEY} given")]
    with pytest.raises(StoreUnavailableError, match="QDRANT_API_KEY") as caught:
        backend.count(Filter("rex"))
    assert len(stub.asked) == 1
    stub.failures = [failing(503, f"busy, {KEY}")] * 5000
    with pytest.raises(StoreUnavailableError) as busy:
        backend.count(Filter("rex"))
    backend.close()
    shown = [repr(backend), repr(vars(backend)), caplog.text]
    for error in (caught.value, busy.value):
        shown += [repr(error), "".join(traceback.format_exception(error))]
    assert KEY not in "".join(shown)


@pytest.mark.slow
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
def test_anything_but_a_url_is_refused(url: str) -> None:
    """With an error of ours."""
    with pytest.raises(StoreUnavailableError, match="http"):
        ClientBackend.open(url, schema=SCHEMA)


def test_answers_come_as_they_are(stub: Stub) -> None:
    """Compressed, one of many vectors takes a server on the same machine 40 ms longer."""
    backend = ClientBackend.open(stub.url, schema=SCHEMA)
    assert backend.count(REX) == 7
    assert {asked.encoding for asked in stub.asked} == {"identity"}
    backend.close()


@pytest.mark.slow
@pytest.mark.parametrize("prefer_grpc", [False, True])
def test_a_forked_child_has_connections_of_its_own(stub: Stub, *, prefer_grpc: bool) -> None:
    """On its parent's, each could read the answer to the other's question; gRPC fails there."""
    # To a server on this machine, qdrant-client keeps no connection unless it is told to
    client = QdrantClient(url=stub.url, check_compatibility=False, limits=Limits())
    backend = ClientBackend.open(client, schema=SCHEMA)
    client.init_options["prefer_grpc"] = prefer_grpc  # as a client that gRPC served until now
    assert backend.count(REX) == 7
    parents = {asked.port for asked in stub.asked}
    stub.asked.clear()
    assert in_child(lambda: [backend.count(REX) for _ in range(3)]) == [7, 7, 7]
    ports = {asked.port for asked in stub.asked}
    assert len(ports) == 1
    assert not ports & parents
    stub.asked.clear()
    assert backend.count(REX) == 7
    assert {asked.port for asked in stub.asked} <= parents  # which the child did not close
    backend.close()
    client.close()


@pytest.mark.slow
def test_a_forked_child_that_closes_a_memory_leaves_its_parents_client_open(
    backend: ClientBackend, stub: Stub
) -> None:
    """Closing what it never used makes no client, and closes nothing of its parent's."""
    in_child(backend.close)
    assert backend.count(REX) == 7


@pytest.mark.slow
def test_a_client_without_a_server_is_refused_in_a_forked_child() -> None:
    """What it was told there would be lost; the error says what to open."""
    backend = ClientBackend.open(QdrantClient(":memory:"), schema=SCHEMA)

    def ask() -> str:
        with pytest.raises(StoreLockedError) as refused:
            backend.count(REX)
        return str(refused.value)

    assert "a folder" in in_child(ask)
    assert backend.count(REX) == 0
