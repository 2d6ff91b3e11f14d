"""The Parquet files of an export: plain columns, small groups, no hostile number."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from tests.support.exports import (
    AT,
    DIMENSION,
    SPACE,
    TOLERANCE,
    all_points,
    change_records,
    same,
    unit,
)

from sensorium.errors import (
    MissingExtraError,
    StoreError,
)
from sensorium.memory.layout.ids import content_id, point_id
from sensorium.memory.moving import parquet
from sensorium.memory.moving.exporting import export_records
from sensorium.memory.moving.importing import import_records
from sensorium.qdrant import (
    CollectionSchema,
    EdgeBackend,
)
from sensorium.qdrant.client.backend import ClientBackend


def test_other_programs_can_read_it(exported: Path) -> None:
    """Plain Parquet columns hold times, words, tags and vectors; absent senses are null."""
    table = pyarrow.parquet.read_table(exported / "records-00000.parquet")
    assert table.num_rows == 14
    assert str(table.schema.field("at").type) == "timestamp[us, tz=UTC]"
    rows = {row["id"]: row for row in table.to_pylist()}
    long = rows[point_id("rex", "long")]
    assert long["owner"] == "rex"
    assert long["tags"] == ["sea", "99"]
    assert long["page_content"] == 'words "99" - ü\n'
    np.testing.assert_allclose(long["audio"], unit(3, 99), atol=TOLERANCE)
    assert rows[content_id("rex", [f"{1:064x}"], AT)]["audio"] is None
    assert json.loads(long["payload"])["metadata"]["deep"] == [{"a": True}]
    manifest = json.loads((exported / "manifest.json").read_text())
    assert (manifest["version"], manifest["records"], manifest["points"]) == (1, 12, 14)
    assert CollectionSchema.from_dict(manifest["schema"], place="x").space == SPACE


def test_large_exports_are_cut(
    source: EdgeBackend, target: ClientBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row groups and files stay small however many records there are, and all are read back."""
    monkeypatch.setattr(parquet, "GROUP_ROWS", 3)
    monkeypatch.setattr(parquet, "FILE_ROWS", 6)
    directory = export_records(source, None, owner="rex", directory=tmp_path / "out").directory
    files = sorted(directory.glob("*.parquet"))
    assert [path.name for path in files] == [f"records-0000{i}.parquet" for i in range(3)]
    groups = [pyarrow.parquet.ParquetFile(path).num_row_groups for path in files]
    assert groups == [2, 2, 1]
    import_records(directory, target, None, owner="rex")
    same(all_points(source, "rex"), all_points(target, "rex"))


@pytest.mark.parametrize("value", [np.nan, np.inf, 3.0])
def test_hostile_vectors_are_refused(exported: Path, target: ClientBackend, value: float) -> None:
    """Numbers that are no unit vector never reach the index."""
    bad = [value] * DIMENSION
    change_records(exported, lambda rows: rows[0].update(audio=[bad, *rows[0]["audio"][1:]]))
    with pytest.raises(StoreError):
        import_records(exported, target, None, owner="rex")
    assert all_points(target, "rex") == {}


def test_without_pyarrow_the_extra_is_named(
    source: EdgeBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both directions say what to install, before anything is touched."""
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtraError, match=r"sensorium\[export\]"):
        export_records(source, None, owner="rex", directory=tmp_path / "out")
    with pytest.raises(MissingExtraError, match=r"sensorium\[export\]"):
        import_records(tmp_path, source, None, owner="rex")
    assert not (tmp_path / "out").exists()
