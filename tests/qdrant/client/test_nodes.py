"""Several URLs of one cluster: another node is asked where one is gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from tests.support.qdrant_stub import Stub, serving
from tests.support.stubbed import SCHEMA, described, failing

from sensorium.errors import StoreFormatError, StoreUnavailableError
from sensorium.memory import Memory
from sensorium.qdrant.client import connection
from sensorium.qdrant.client.backend import ClientBackend
from sensorium.qdrant.client.connecting import connect
from sensorium.qdrant.filters import Filter

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
REX = Filter("rex")


@pytest.fixture
def other() -> Iterator[Stub]:
    with serving(Stub(described(SCHEMA))) as running:
        yield running


@pytest.mark.slow
@pytest.mark.parametrize("one_text", [True, False])
def test_another_node_answers_at_once(
    stub: Stub, other: Stub, *, one_text: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the first refuses for now, the second is asked, without a wait, and from then on."""
    monkeypatch.setattr(connection, "FIRST_WAIT", 60.0)
    urls = [stub.url, other.url]
    backend = ClientBackend.open(",".join(urls) if one_text else urls, schema=SCHEMA)
    assert not other.asked
    stub.asked.clear()
    stub.failures = [failing(503)] * 9
    assert [backend.count(REX), backend.count(REX)] == [7, 7]
    assert (len(stub.asked), len(other.asked)) == (1, 2)
    other.failures = [failing(500)]  # the first is not asked yet, while there is no other
    stub.failures = []
    monkeypatch.setattr(connection, "FIRST_WAIT", 0.001)
    assert backend.count(REX) == 7
    backend.close()


def test_a_node_that_is_gone_is_passed_over(stub: Stub) -> None:
    """At opening, too."""
    with ExitStack() as ends:
        gone = ends.enter_context(serving(Stub()))
        ends.close()
    backend = ClientBackend.open([gone.url, stub.url], schema=SCHEMA, timeout=5)
    assert backend.count(REX) == 7
    assert backend.stats()["place"] == f"{gone.url}, {stub.url}"
    backend.close()


@pytest.mark.slow
def test_a_node_that_hangs_leaves_time_for_the_others(stub: Stub, other: Stub) -> None:
    """One request takes a third of the time for a call."""
    stub.late = 20.0
    backend = ClientBackend.open([stub.url, other.url], schema=SCHEMA, timeout=3)
    assert backend.count(REX) == 7
    assert len(stub.asked) == 1
    backend.close()


def test_all_nodes_are_named_where_none_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """By their URLs."""
    monkeypatch.setattr(connection, "FIRST_ANSWER", 0.05)
    with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1:1, http://127\.0\.0\.1:2"):
        ClientBackend.open("http://127.0.0.1:1, http://127.0.0.1:2", schema=SCHEMA)


@pytest.mark.parametrize("place", [[], ["./folder", "http://a"], ["a:6333"], ["http://a", 7]])
def test_a_list_holds_urls_alone(place: Any) -> None:
    """Folders cannot be asked in turn."""
    with pytest.raises(StoreFormatError, match="list of the URLs"):
        Memory.open(place, owner="rex")


@pytest.mark.parametrize("url", ["http://a,http://me:hush@b", "http://me:hush@a,http://b"])
def test_no_url_holds_credentials(url: str) -> None:
    """Whichever of several it is."""
    with pytest.raises(StoreUnavailableError, match="credentials") as caught:
        connect(url)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("port", [0, 70_000, "6334", [6334], [6334, 6335, 6336], True])
def test_ports_of_grpc_fit_the_urls(port: Any) -> None:
    """One for all, or one for each."""
    with pytest.raises(StoreUnavailableError, match="grpc_port"):
        connect(["http://a", "http://b"], prefer_grpc=True, grpc_port=port)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), "30", True])
def test_a_timeout_is_a_number_of_seconds(timeout: Any) -> None:
    """Above zero."""
    with pytest.raises(StoreUnavailableError, match="timeout"):
        connect("http://a", timeout=timeout)
