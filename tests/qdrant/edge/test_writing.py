"""Writing to a shard stops before the disk is full; deleting goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.edge_points import MINE, SCHEMA, point, row

from sensorium.errors import PointError, StoreFullError
from sensorium.qdrant import EdgeBackend
from sensorium.qdrant.edge import room, writing

POINT = point(1)
WRITES: dict[str, Callable[[EdgeBackend], object]] = {
    "upsert": lambda backend: backend.upsert([point(2)]),
    "put_vectors": lambda backend: backend.put_vectors(POINT.id, {"audio": row(3)}),
    "set_payload": lambda backend: backend.set_payload(MINE, {"tags": ["new"]}),
    "clear": lambda backend: backend.set_payload(MINE, {}, clear=["at"]),
    "compact": lambda backend: backend.compact(),
    "sibling": lambda backend: backend.sibling(SCHEMA),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_disk_without_room_refuses_before_it_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[EdgeBackend], object]
) -> None:
    """What is there stays, and can be read; with room again, writing goes on."""
    with closing(EdgeBackend.open(tmp_path, schema=SCHEMA)) as backend:
        backend.upsert([POINT])
        monkeypatch.setattr(room, "RESERVE", 2**62)
        monkeypatch.setattr(writing, "PAYLOAD_RESERVE", 2**62)
        with pytest.raises(StoreFullError, match="MiB free"):
            write(backend)
        [stored] = backend.scroll(MINE, limit=9, vectors=True).points
        assert stored.payload == POINT.payload
        assert set(stored.vectors) == {"image"}
        backend.delete(MINE)
        assert backend.count(MINE) == 0
        monkeypatch.undo()
        backend.upsert([point(2)])
        assert backend.count(MINE) == 1


def test_a_large_payload_needs_room_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only vectors fill a disk."""
    large = {**POINT.payload, "metadata": {"a": "x" * 100_000}}
    with closing(EdgeBackend.open(tmp_path, schema=SCHEMA)) as backend:
        free = shutil.disk_usage(tmp_path).free
        monkeypatch.setattr(room, "COPIES", free // 50_000)
        backend.upsert([POINT])
        with pytest.raises(StoreFullError):
            backend.upsert([type(POINT)(POINT.id, POINT.vectors, large)])
        with pytest.raises(StoreFullError):
            backend.set_payload(MINE, large)


def test_many_points_are_written_in_blocks_of_whole_records() -> None:
    """Others come to work between blocks, and a crash leaves no part of a record alone."""
    points = [point(seed) for seed in range(200)]
    for seed in (64, 65, 128, 199):
        points[seed].payload["part_of"] = points[seed - 1].id
    blocks = list(writing.blocks_of(points))
    assert [len(block) for block in blocks] == [66, 64, 64, 6]
    assert [each.id for block in blocks for each in block] == [each.id for each in points]
    assert all("part_of" not in block[0].payload for block in blocks)


def test_a_point_that_edge_does_not_take_stops_all(tmp_path: Path) -> None:
    """Nothing is written, though it stands in the last of several blocks."""
    odd = type(POINT)("no uuid", POINT.vectors, POINT.payload)
    with closing(EdgeBackend.open(tmp_path, schema=SCHEMA)) as backend:
        with pytest.raises(PointError, match="a UUID"):
            backend.upsert([*(point(seed) for seed in range(100)), odd])
        assert backend.count(MINE) == 0
        backend.upsert([point(seed) for seed in range(130)])
        assert backend.count(MINE) == 130
