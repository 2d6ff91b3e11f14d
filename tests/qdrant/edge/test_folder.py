"""The folder of a memory: one owner at a time, one shard."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.edge_points import SCHEMA, D

from sensorium.errors import StoreFormatError, StoreLockedError
from sensorium.qdrant import EdgeBackend
from sensorium.qdrant.edge.folder import (
    DESCRIPTION,
    FolderLock,
    drop_stray_shards,
    read_description,
    write_description,
)


def test_another_process_is_told_who_has_the_folder(tmp_path: Path) -> None:
    """One owner at a time: the error names the process; after its end the folder is free."""
    code = (
        "import sys, time\n"
        "from sensorium.qdrant import CollectionSchema, EdgeBackend\n"
        "from sensorium.encoders import EmbeddingSpace\n"
        f"schema = CollectionSchema.for_space(EmbeddingSpace('planted', '0' * 64, 'r1', {D}))\n"
        "backend = EdgeBackend.open(sys.argv[1], schema=schema)\n"
        "print('open', flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(StoreLockedError, match=f"process {other.pid}"):
            EdgeBackend.open(tmp_path, schema=SCHEMA)
        other.kill()
    EdgeBackend.open(tmp_path, schema=SCHEMA).close()


def test_the_lock_goes_from_one_holder_to_the_next(tmp_path: Path) -> None:
    """Only who holds the folder releases it."""

    class Holder:
        """A backend, as far as the lock knows."""

    first, second = Holder(), Holder()
    lock = FolderLock(tmp_path)
    lock.hold_for(first)
    lock.hold_for(second)
    lock.release(first)
    del first
    gc.collect()
    with pytest.raises(StoreLockedError, match="this process"):
        FolderLock(tmp_path)
    lock.release(second)
    FolderLock(tmp_path).release(second)


@pytest.mark.slow
def test_a_holder_that_is_gone_releases_the_folder(tmp_path: Path) -> None:
    """A backend that nobody closed does not keep others out."""
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    del backend
    gc.collect()
    EdgeBackend.open(tmp_path, schema=SCHEMA).close()


def test_a_description_names_its_shard(tmp_path: Path) -> None:
    """What was written is read; an empty folder has none."""
    assert read_description(tmp_path) is None
    write_description(tmp_path, SCHEMA, "shard-1")
    assert read_description(tmp_path) == (SCHEMA, "shard-1")
    write_description(tmp_path, SCHEMA, None)
    assert read_description(tmp_path) == (SCHEMA, None)


@pytest.mark.parametrize("name", ["../other", "/etc", "shard/..", "", 5])
def test_a_shard_lies_within_its_folder(tmp_path: Path, name: object) -> None:
    """A description may come from anywhere: it leads nowhere else."""
    write_description(tmp_path, SCHEMA, "shard")
    file = tmp_path / DESCRIPTION
    file.write_text(json.dumps({**json.loads(file.read_text()), "shard": name}))
    with pytest.raises(StoreFormatError, match="as the shard"):
        read_description(tmp_path)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    """Holiday pictures are no memory, nor is a shard without its description."""
    (tmp_path / "beach.jpg").touch()
    with pytest.raises(StoreFormatError, match=r"beach\.jpg"):
        EdgeBackend.open(tmp_path, schema=SCHEMA)
    assert [path.name for path in tmp_path.iterdir()] == ["beach.jpg"]


def test_a_damaged_description_is_named(tmp_path: Path) -> None:
    """Half a file is not a schema."""
    EdgeBackend.open(tmp_path, schema=SCHEMA).close()
    file = tmp_path / DESCRIPTION
    file.write_text(file.read_text()[:40])
    with pytest.raises(StoreFormatError, match="damaged"):
        read_description(tmp_path)


def test_only_the_shard_in_use_stays(tmp_path: Path) -> None:
    """What an interrupted switch left goes; other files are not touched."""
    for name in ("shard", "shard-1", "shard-2", "media"):
        (tmp_path / name).mkdir()
    drop_stray_shards(tmp_path, "shard-1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["media", "shard-1"]
