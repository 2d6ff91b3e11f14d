"""What depends on the version of a server."""

from __future__ import annotations

import logging

import pytest
from qdrant_client import QdrantClient
from tests.support.qdrant_stub import Stub
from tests.support.stores import ME, point, point_id
from tests.support.stores import SCHEMA as STORED
from tests.support.stubbed import SCHEMA, failing

from sensorium.errors import StoreUnavailableError
from sensorium.qdrant.client import texts, versions
from sensorium.qdrant.client.backend import ClientBackend
from sensorium.qdrant.client.versions import read_version
from sensorium.qdrant.filters import Filter

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
QUERY = "POST /collections/sensorium-00000001/points/query"


def searched(stub: Stub) -> ClientBackend:
    backend = ClientBackend.open(stub.url, schema=SCHEMA, timeout=5)
    stub.asked.clear()
    backend.search_text("dog", Filter("rex"), limit=1)
    return backend


@pytest.mark.parametrize("version", ["1.15.9", "0.11.0", "1.9.0"])
def test_a_server_that_is_too_old_is_refused(stub: Stub, version: str) -> None:
    """By its version, with the one that is needed."""
    stub.version = version
    with pytest.raises(StoreUnavailableError, match=rf"{version}; needed version 1\.16 or newer"):
        ClientBackend.open(stub.url, schema=SCHEMA)


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.20.0", "1.21.3", "2.0.0", "v1.20.0-dev"])
def test_a_server_of_today_ranks_texts_itself(stub: Stub, version: str) -> None:
    """In one request."""
    stub.version, stub.answers = version, {QUERY: {"points": []}}
    searched(stub).close()
    assert [asked.line for asked in stub.asked] == [QUERY]
    assert "text" in stub.asked[0].body["query"]


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.16.0", "1.18.3", "1.19.9", "unknown"])
def test_an_older_server_is_not_asked_for_what_it_lacks(stub: Stub, version: str) -> None:
    """It counts and reads the texts; one that hides its version counts as old."""
    stub.version = version
    stub.answers = {
        QUERY: {"points": []},
        "POST /collections/sensorium-00000001/points/scroll": {"points": []},
    }
    searched(stub).close()
    assert stub.asked
    assert not [asked for asked in stub.asked if "text" in (asked.body.get("query") or ())]


@pytest.mark.slow
@pytest.mark.parametrize("status", [403, 404])
def test_a_server_may_hide_its_version(stub: Stub, status: int) -> None:
    """Behind a proxy that shows the collections alone."""
    stub.failures = [failing(status)]
    ClientBackend.open(stub.url, schema=SCHEMA).close()


@pytest.mark.slow
def test_what_a_server_lacks_is_logged_once(stub: Stub, caplog: pytest.LogCaptureFixture) -> None:
    """Not at every opening, and not as a warning."""
    caplog.set_level(logging.INFO, versions.__name__)
    stub.version = "1.18.3"
    for _ in range(3):
        ClientBackend.open(stub.url, schema=SCHEMA).close()
    (told,) = caplog.records
    assert "1.18.3" in told.message
    assert "keywords" in told.message
    assert told.levelno == logging.INFO


@pytest.mark.parametrize(
    ("text", "version"),
    [("1.18.3", (1, 18)), ("v1.20.0-dev", (1, 20)), ("1.9", (1, 9)), ("dev", None), ("", None)],
)
def test_versions_are_read(text: str, version: tuple[int, int] | None) -> None:
    """Major and minor."""
    assert read_version(text) == version


def test_words_that_are_everywhere_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rarest words come first; their texts are ranked by all words."""
    monkeypatch.setattr(texts, "MOST", 5)
    backend = ClientBackend.open(QdrantClient(":memory:"), schema=STORED)
    backend.upsert([point(f"c{k}", page_content=f"dog number {k}") for k in range(20)])
    backend.upsert([point("a", page_content="a river"), point("b", page_content="dog river")])
    found = texts.rank_texts(backend._collection, "dog river", ME, 9)
    assert [hit.id for hit in found] == [point_id("b"), point_id("a")]
    assert len(texts.rank_texts(backend._collection, "dog", ME, 9)) == 5
    backend.close()


def test_texts_are_cut_as_the_index_cuts_them() -> None:
    """At everything but letters and digits; vowel signs belong to their word."""
    assert texts.words_of("No_such Thing-2, ÄRGER!") == ["no", "such", "thing", "2", "ärger"]
    assert texts.words_of("हिन्दी") == ["हिन", "दी"]
