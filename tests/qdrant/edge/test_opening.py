"""The first opening of a folder: whatever moment a process dies at, the next one opens it."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.edge_points import MINE, SCHEMA, D, point
from tests.support.syncing import note_syncs

from sensorium.encoders import EmbeddingSpace
from sensorium.errors import StoreFormatError
from sensorium.qdrant import CollectionSchema, EdgeBackend
from sensorium.qdrant.edge.folder import DESCRIPTION, read_description, write_description

OTHER = CollectionSchema.for_space(EmbeddingSpace("other", "1" * 64, "r1", D))

# Where a process dies, as the name of a function that it does not survive, and which call of it
DEATHS = {
    "before the description has its name": ("durability.Path.replace", 1),
    "before the folder of the description is safe": ("durability.sync_folder", 1),
    "before the shard is begun": ("opening.drop_stray_shards", 1),
    "in an empty shard": ("shard._quantization", 1),
    "before the shard has indexes": ("shard.PayloadIndexes", 1),
    "before the shard is safe": ("shard.sync_tree", 1),
    "before the shard is named": ("opening.write_description", 2),
    "before the second description has its name": ("durability.Path.replace", 2),
}
CHILD = """
import os, signal, sys
from sensorium.encoders import EmbeddingSpace
from sensorium.qdrant import CollectionSchema, EdgeBackend, durability
from sensorium.qdrant.edge import opening, shard

*owner, name = sys.argv[2].split(".")
module = {"durability": durability, "opening": opening, "shard": shard}[owner.pop(0)]
place = getattr(module, owner[0]) if owner else module
real, calls = getattr(place, name), 0

def mortal(*args, **options):
    global calls
    calls += 1
    if calls == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **options)

setattr(place, name, mortal)
space = EmbeddingSpace("planted", "0" * 64, "r1", int(sys.argv[4]))
EdgeBackend.open(sys.argv[1], schema=CollectionSchema.for_space(space))
"""


def works(folder: Path, schema: CollectionSchema = SCHEMA) -> bool:
    """Whether a folder opens, keeps a point and has it when it is opened again."""
    backend = EdgeBackend.open(folder, schema=schema)
    before = backend.count(MINE)
    backend.upsert([point(1)])
    backend.close()
    backend = EdgeBackend.open(folder, schema=schema)
    after = backend.count(MINE)
    backend.close()
    return after == before + 1


@pytest.mark.slow
@pytest.mark.parametrize("moment", DEATHS)
def test_a_folder_opens_after_a_death_in_its_first_opening(tmp_path: Path, moment: str) -> None:
    """Killed there, it is begun anew, by any encoder, and nothing of the first try is left."""
    function, call = DEATHS[moment]
    folder = tmp_path / "memory"
    command = [sys.executable, "-c", CHILD, str(folder), function, str(call), str(D)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert works(folder, OTHER)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["lock", "lock.pid", "sensorium.json", "shard"]


@pytest.mark.slow
def test_an_opening_is_safe_against_loss_of_power_when_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The description, then all of the shard, then its name, and the folders that lead there."""
    synced: list[tuple[str, str | None]] = []  # what was synchronised, and the shard named then
    folder = tmp_path / "new" / "memory"

    def noted(descriptor: int) -> None:
        status = os.fstat(descriptor)
        path = str(Path(f"/proc/self/fd/{descriptor}").readlink())
        described = read_description(folder) if folder.exists() else None
        if stat.S_ISDIR(status.st_mode) or "shard" in path:
            synced.append((path, described and described[1]))

    if not Path("/proc/self/fd").exists():
        pytest.skip("this system does not name descriptors")
    note_syncs(monkeypatch, noted)
    backend = EdgeBackend.open(folder, schema=SCHEMA)
    monkeypatch.undo()
    places = [path for path, _ in synced]
    assert {str(folder), str(folder.parent), str(tmp_path)} <= set(places)
    everything = {str(path) for path in (folder / "shard").rglob("*")}
    in_shard = [(path, name) for path, name in synced if path.startswith(str(folder / "shard"))]
    assert everything <= {path for path, _ in in_shard}
    assert {name for _, name in in_shard} == {None}
    assert synced[-1] == (str(folder), "shard")
    backend.close()


def test_a_shard_without_points_needs_no_description(tmp_path: Path) -> None:
    """A shard that an earlier version had made when it died is begun anew, by any encoder."""
    EdgeBackend.open(tmp_path, schema=SCHEMA).close()
    (tmp_path / DESCRIPTION).unlink()
    assert works(tmp_path, OTHER)


def test_a_shard_with_points_needs_its_description(tmp_path: Path) -> None:
    """Only it says which encoder made the vectors: nothing is removed, and a copy of it helps."""
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    backend.upsert([point(1)])
    backend.close()
    kept = (tmp_path / DESCRIPTION).rename(tmp_path.parent / "kept.json")
    for _ in range(2):
        with pytest.raises(StoreFormatError, match="without its"):
            EdgeBackend.open(tmp_path, schema=SCHEMA)
    shutil.copy(kept, tmp_path / DESCRIPTION)
    backend = EdgeBackend.open(tmp_path, schema=SCHEMA)
    assert backend.count(MINE) == 1
    backend.close()


def test_a_description_without_a_shard_begins_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A memory whose vectors are gone is empty, and says that they are gone."""
    write_description(tmp_path, SCHEMA, "shard-1")
    with caplog.at_level(logging.WARNING):
        assert works(tmp_path)
    assert "lost its vectors" in caplog.text


def test_media_without_the_shard_of_their_records_are_not_taken_for_a_new_memory(
    tmp_path: Path,
) -> None:
    """A copy that was restored in part is refused: a sweep of an empty memory would remove it."""
    write_description(tmp_path, SCHEMA, "shard-1")
    (tmp_path / "media").mkdir()
    with pytest.raises(StoreFormatError, match="'media'"):
        EdgeBackend.open(tmp_path, schema=SCHEMA)
    assert (tmp_path / "media").is_dir()


def test_a_shard_that_no_description_names_is_not_removed_for_a_missing_one(tmp_path: Path) -> None:
    """It may hold what was kept, so the folder is refused as it is."""
    EdgeBackend.open(tmp_path, schema=SCHEMA).close()
    (tmp_path / "shard").rename(tmp_path / "shard-2")
    with pytest.raises(StoreFormatError, match="'shard-2'"):
        EdgeBackend.open(tmp_path, schema=SCHEMA)
    (tmp_path / "shard-2").rename(tmp_path / "shard")
    assert works(tmp_path)


def test_a_shard_without_its_configuration_is_damaged(tmp_path: Path) -> None:
    """It is refused; no new one is made in the place of its points."""
    EdgeBackend.open(tmp_path, schema=SCHEMA).close()
    (tmp_path / "shard" / "edge_config.json").unlink()
    with pytest.raises(StoreFormatError, match="restore"):
        EdgeBackend.open(tmp_path, schema=SCHEMA)
