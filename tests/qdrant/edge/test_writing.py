"""Writing to a shard stops before the disk is full."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.edge_points import MINE, SCHEMA, point

from sensorium.errors import StoreFullError
from sensorium.qdrant import EdgeBackend
from sensorium.qdrant.edge import writing as edge_module


def test_a_disk_without_room_refuses_before_it_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is there stays, and can be read; with room again, writing goes on."""
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    backend.upsert([point(1)])
    monkeypatch.setattr(edge_module, "RESERVE", 2**62)
    with pytest.raises(StoreFullError, match="full"):
        backend.upsert([point(2)])
    assert backend.count(MINE) == 1
    monkeypatch.undo()
    backend.upsert([point(2)])
    assert backend.count(MINE) == 2
    backend.close()
