"""A damaged count that would keep Edge busy for ever is an error before it opens the shard."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from tests.support.edge_points import MINE, SCHEMA, point

from sensorium.errors import StoreFormatError
from sensorium.qdrant import EdgeBackend
from sensorium.qdrant.edge.copying import copy_memory
from sensorium.qdrant.edge.headers import check_headers

# Files, the offset of a byte of their counts that is large, and their number in the new shard
COUNTS = {
    "is_null/status.dat": 4,
    "has_values/status.dat": 7,
    "deleted/status.dat": 5,
    "vectors/status.dat": 4,
    "*-map/tracker.dat": 3,
    "*-numeric/tracker.dat": 3,
    "payload_storage/tracker.dat": 3,
    "*-map/gaps.dat": 1,
    "payload_storage/gaps.dat": 151,
    "mutable_id_tracker.mappings": 41,
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A memory of three points."""
    folder = tmp_path_factory.mktemp("whole") / "m"
    with closing(EdgeBackend.open(folder, schema=SCHEMA)) as backend:
        backend.upsert([point(seed) for seed in range(3)])
    return folder


@pytest.mark.parametrize(("name", "offset"), COUNTS.items(), ids=COUNTS)
def test_a_count_beyond_its_file_is_an_error(
    whole: Path, tmp_path: Path, name: str, offset: int
) -> None:
    """Opening names the file, and so do those who copy first, with the path that is damaged."""
    copy_memory(whole, tmp_path / "m")
    file = sorted((tmp_path / "m" / "shard").rglob(name))[0]
    with file.open("r+b") as stream:
        stream.seek(offset)
        stream.write(b"\xff")
    with pytest.raises(StoreFormatError, match=file.name):
        EdgeBackend.open(tmp_path / "m", schema=SCHEMA)
    with pytest.raises(StoreFormatError, match=str(file)):
        copy_memory(tmp_path / "m", tmp_path / "copy")


def test_offsets_are_read_as_edge_reads_them(whole: Path, tmp_path: Path) -> None:
    """An entry of another kind is shorter, so that the next one begins in the middle of an id."""
    copy_memory(whole, tmp_path / "m")
    [file] = (tmp_path / "m").rglob("mutable_id_tracker.mappings")
    removed = b"\x04" + bytes(16)
    far = b"\x01" + bytes(8) + b"\xff" * 4
    for content in (removed, removed + far[:-1], b"\x07" + far):
        file.write_bytes(content)
        check_headers(tmp_path / "m" / "shard")
    for content in (removed + far, far + b"\x07"):
        file.write_bytes(content)
        with pytest.raises(StoreFormatError, match="counts 4,294,967,295"):
            check_headers(tmp_path / "m" / "shard")


@pytest.mark.parametrize("name", ["config.json", "status.dat", "tracker.dat", "gaps.dat"])
def test_what_else_is_wrong_is_left_to_edge(whole: Path, tmp_path: Path, name: str) -> None:
    """Files that are empty or nonsense have no counts that could be checked."""
    copy_memory(whole, tmp_path / "m")
    for file in (tmp_path / "m" / "shard").rglob(name):
        file.write_bytes(b"[]" if name == "config.json" else b"")
    check_headers(tmp_path / "m" / "shard")


def test_a_shard_that_grew_and_was_indexed_passes(tmp_path: Path) -> None:
    """Its files are other ones than those of a new shard."""
    with closing(EdgeBackend.open(tmp_path, schema=SCHEMA)) as backend:
        backend.upsert([point(seed) for seed in range(3_000)])
        backend.flush()
        check_headers(tmp_path / "shard")
        backend.compact()
    check_headers(tmp_path / "shard")
    with closing(EdgeBackend.open(tmp_path, schema=SCHEMA)) as backend:
        assert backend.count(MINE) == 3_000
