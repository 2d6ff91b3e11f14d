"""A shard: its named vectors, its log, its quantization."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from tests.support.edge_points import MINE, SCHEMA, SPACE, point, row

from sensorium.qdrant import CollectionSchema, EdgeBackend, Point, Search


def test_the_write_ahead_log_is_on(tmp_path: Path) -> None:
    """What was written is in the log before any flush: its bytes are there."""
    with_text = point(1)
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    marker = uuid4().hex
    backend.upsert(
        [Point(with_text.id, with_text.vectors, {**with_text.payload, "source": marker})]
    )
    log = b"".join(path.read_bytes() for path in (tmp_path / "shard" / "wal").glob("open-*"))
    assert marker.encode() in log
    backend.close()


def test_named_vectors_are_made_when_first_written(tmp_path: Path) -> None:
    """A collection of seven senses holds room for those that were met, and finds none in others."""
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    assert backend.stats()["modalities"] == []
    assert backend.search([Search("audio", row(1)[0], 3)], MINE) == [[]]
    backend.upsert([point(1, "image")])
    backend.upsert([point(2, "audio")])
    backend.close()
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    assert backend.stats()["modalities"] == ["audio", "image"]
    assert backend.schema == SCHEMA
    backend.close()


@pytest.mark.parametrize("quantization", ["int8", "binary"])
def test_quantized_vectors_are_found(tmp_path: Path, quantization: str) -> None:
    """The nearest of planted vectors is still the nearest, after indexing and reopening."""
    schema = CollectionSchema.for_space(SPACE, quantization=quantization)  # type: ignore[arg-type]  # parametrised
    backend = EdgeBackend.open(tmp_path, schema=schema)
    points = [point(seed) for seed in range(300)]
    backend.upsert(points)
    backend.compact()
    backend.close()
    backend = EdgeBackend.open(tmp_path, schema=schema)
    assert backend.schema.quantization == quantization
    for seed in (3, 77, 250):
        [hits] = backend.search([Search("image", row(seed)[0], 5)], MINE)
        assert hits[0].id == points[seed].id
    backend.close()
