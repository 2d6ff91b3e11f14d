"""Exports that another program wrote, or that were damaged and given the right digests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from tests.support.exports import all_points, change_records, rehash

from sensorium.errors import ExportFormatError
from sensorium.memory.moving.importing import import_records
from sensorium.qdrant.client.backend import ClientBackend

RECORDS = "records-00000.parquet"


def refuse(exported: Path, target: ClientBackend, match: str) -> None:
    """The import is refused, and nothing is written."""
    with pytest.raises(ExportFormatError, match=match):
        import_records(exported, target, None, owner="rex")
    assert all_points(target, "rex") == {}


@pytest.mark.parametrize("column", ["id", "payload", "part_of", "image"])
def test_a_table_without_a_column_is_refused(
    exported: Path, target: ClientBackend, column: str
) -> None:
    """The message names the column, whichever of an export's columns is missing."""
    table = pyarrow.parquet.read_table(exported / RECORDS)
    pyarrow.parquet.write_table(table.drop_columns([column]), exported / RECORDS)
    rehash(exported)
    refuse(exported, target, f"without a column '{column}'")


def test_a_file_that_is_no_parquet_is_refused(exported: Path, target: ClientBackend) -> None:
    """The message names the file."""
    (exported / RECORDS).write_bytes(b"PAR1 and something else")
    rehash(exported)
    refuse(exported, target, RECORDS)


def test_a_column_of_another_kind_is_refused(exported: Path, target: ClientBackend) -> None:
    """Numbers are no ids of records."""
    table = pyarrow.parquet.read_table(exported / RECORDS)
    place = table.column_names.index("part_of")
    changed = table.set_column(place, "part_of", pyarrow.array(range(len(table))))
    pyarrow.parquet.write_table(changed, exported / RECORDS)
    rehash(exported)
    refuse(exported, target, "without a column 'part_of'")


def test_a_continuation_is_not_continued_itself(exported: Path, target: ClientBackend) -> None:
    """A point that continues a record names a record, never another such point."""

    def change(rows: list[dict[str, Any]]) -> None:
        parts = [one for one in rows if one["part_of"] is not None]
        payload = json.loads(parts[1]["payload"])
        payload["part_of"] = parts[1]["part_of"] = parts[0]["id"]
        parts[1]["payload"] = json.dumps(payload)

    change_records(exported, change)
    refuse(exported, target, "continues another")
