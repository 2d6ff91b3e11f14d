"""What a server is asked for when a collection is purged, and what is said of its answers."""

from __future__ import annotations

import pytest
from tests.support.qdrant_stub import Stub

from sensorium.qdrant.client import purging
from sensorium.qdrant.client.backend import ClientBackend

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture(autouse=True)
def _hurry_purges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for an optimizer."""
    monkeypatch.setattr(purging, "PAUSE", 0.001)
    monkeypatch.setattr(purging, "START", 0.01)
    monkeypatch.setattr(purging, "LIMIT", 0.05)


def thresholds(stub: Stub) -> list[tuple[float, int]]:
    """What the optimizer was told, in order."""
    configs = [a.body["optimizers_config"] for a in stub.asked if a.line.startswith("PATCH ")]
    return [(told["deleted_threshold"], told["vacuum_min_vector_number"]) for told in configs]


def test_segments_are_rewritten_and_the_thresholds_put_back(
    stub: Stub, backend: ClientBackend
) -> None:
    """The optimizer is told to rewrite all it can, is waited for, and is then as it was."""
    assert stub.collection is not None
    before = stub.collection["config"]["optimizer_config"]
    purged = backend.purge()
    assert thresholds(stub) == [
        (purging.SHARE, purging.LEAST),
        (before["deleted_threshold"], before["vacuum_min_vector_number"]),
    ]
    assert "status green, optimizer ok" in purged.done[-1]
    assert purged.points == 7
    assert purged.not_promised == purging.SERVER


def test_a_slow_server_is_waited_for_only_so_long(stub: Stub, backend: ClientBackend) -> None:
    """After the limit the receipt says what the server reported last."""
    assert stub.collection is not None
    stub.collection["status"] = "yellow"
    assert "still reported status yellow" in backend.purge().done[-1]
    assert len(thresholds(stub)) == 2


def test_a_server_that_refuses_is_no_error(stub: Stub, backend: ClientBackend) -> None:
    """The points are deleted already: that the rest could not be asked for is told."""
    counted = '{"result": {"count": 7}, "status": "ok", "time": 0.0}'
    stub.failures += [(200, counted, {}), (403, "forbidden", {})]
    purged = backend.purge()
    assert "could not be asked" in purged.done[-1]
    assert purged.not_promised == purging.SERVER
