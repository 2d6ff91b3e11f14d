"""Payload indexes of a shard: made when their key is first written, and kept by a death."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import qdrant_edge as edge
from tests.support.stores import NOON, SCHEMA, all_ids, point, point_id

from sensorium.qdrant import EdgeBackend, Equal, Filter, Present, Range
from sensorium.qdrant.edge.folder import SHARD, read_description, write_description
from sensorium.qdrant.filters import Condition

ALWAYS = {"owner", "at", "page_content", "modalities"}
CHILD = """
import os, signal, sys
from tests.support.stores import SCHEMA, point
from sensorium.qdrant import EdgeBackend
backend = EdgeBackend.open(sys.argv[1], schema=SCHEMA)
backend.upsert([point("a", tags=["home"]), point("b")])
os.kill(os.getpid(), signal.SIGKILL)
"""


def indexed(backend: EdgeBackend) -> set[str]:
    return set(backend._shard.engine.info().payload_schema)


def test_an_index_is_made_when_its_key_is_first_written(tmp_path: Path) -> None:
    """By whichever call writes it; what every record has is indexed from the beginning."""
    with closing(EdgeBackend.open(tmp_path, schema=SCHEMA)) as backend:
        backend.upsert([point("a")])
        assert indexed(backend) == ALWAYS
        backend.upsert([point("b", tags=["home"])])
        backend.set_payload(Filter("rex", Equal("tags", "home")), {"source": "camera"})
        assert indexed(backend) == {*ALWAYS, "tags", "source"}
        assert all_ids(backend, Filter("rex", Equal("source", "camera"))) == {point_id("b")}


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        (Equal("tags", "x"), 0),
        (~Equal("tags", "x"), 1),
        (Present("source") | Equal("modalities", "image"), 1),
        (Present("source") & Equal("modalities", "image"), 0),
        (Equal("metadata.done", True), 0),  # looked up among the flags
        (Range("created_at", gte=NOON), 1),
        (Range("until", gte=NOON), 0),
        (Equal("place.lat", 1.0), 0),
    ],
)
def test_a_condition_on_a_key_without_index_needs_no_look(
    tmp_path: Path, condition: Condition, count: int
) -> None:
    """No point has the key: the answer is known, and that of the rest is Edge's."""
    with closing(EdgeBackend.open(tmp_path, schema=SCHEMA)) as backend:
        backend.upsert([point("a", modalities=["image"])])
        assert backend.count(Filter("rex", condition)) == count
        assert backend.facet("tags", Filter("rex", condition), limit=5) == {}


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_an_index_is_kept_by_a_death(tmp_path: Path) -> None:
    """With the points that it was made for: else they would not be found."""
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    with closing(EdgeBackend.open(tmp_path, schema=SCHEMA)) as backend:
        assert all_ids(backend, Filter("rex", Equal("tags", "home"))) == {point_id("a")}
        assert "tags" in indexed(backend)


def test_an_earlier_folder_gains_the_indexes_that_it_lacks(tmp_path: Path) -> None:
    """Of the keys that its points have, at the opening that makes it one of this version."""
    with closing(EdgeBackend.open(tmp_path, schema=SCHEMA)) as backend:
        backend.upsert([point("a", tags=["home"])])
        write_description(tmp_path, SCHEMA.__class__(**{**SCHEMA.__dict__, "version": 1}), SHARD)
        engine = backend._shard.engine
        engine.update(edge.UpdateOperation.delete_field_index("tags"))
    with closing(EdgeBackend.open(tmp_path, schema=SCHEMA)) as backend:
        assert all_ids(backend, Filter("rex", Equal("tags", "home"))) == {point_id("a")}
        assert indexed(backend) == {*ALWAYS, "tags"}
    described = read_description(tmp_path)
    assert described is not None
    assert described[0].version == 2
