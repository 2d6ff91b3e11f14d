"""A sibling takes the place of a collection on Edge."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.edge_points import MINE, SCHEMA, D, point

from sensorium.encoders import EmbeddingSpace
from sensorium.errors import SpaceMismatchError, StoreClosedError, StoreLockedError
from sensorium.qdrant import CollectionSchema, EdgeBackend


def test_a_sibling_takes_the_place_at_once(tmp_path: Path) -> None:
    """A switch is one rename: the old shard opens before it, the new one after; no other stays."""
    later = CollectionSchema.for_space(EmbeddingSpace("later", "1" * 64, "r1", D))
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    backend.upsert([point(1), point(2)])
    sibling = backend.sibling(later)
    sibling.upsert([point(3)])
    with pytest.raises(StoreLockedError, match="this process"):
        EdgeBackend.open(tmp_path, schema=SCHEMA)
    moved = backend.switch(sibling)
    with pytest.raises(StoreClosedError):
        backend.count(MINE)
    assert moved.count(MINE) == 1
    moved.close()
    assert len(list(tmp_path.glob("shard*"))) == 1
    with pytest.raises(SpaceMismatchError, match="later"):
        EdgeBackend.open(tmp_path, schema=SCHEMA)
    reopened = EdgeBackend.open(tmp_path, schema=later)
    reopened.sibling(later).discard()
    assert reopened.count(MINE) == 1
    reopened.close()
