"""Joining the shards of a directory: from then on it is an export."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from sensorium.errors import ExportFormatError
from sensorium.memory.checks import check_kind
from sensorium.memory.moving.manifest import (
    MANIFEST,
    Manifest,
    MediaCount,
    RecordsFile,
    media_files,
    sha256_of,
)
from sensorium.memory.moving.parquet import drop_rows, read_ids
from sensorium.memory.moving.shards import (
    UNFINISHED,
    ShardNotes,
    part_path,
    put_in_place,
    read_shards,
)
from sensorium.moving.shard_writer import RowFailure
from sensorium.qdrant.durability import write_whole
from sensorium.qdrant.points import iso


@dataclass(frozen=True)
class ShardsSummary:
    """An export that was made of shards.

    Attributes:
        directory: Directory of the export, for `Memory.import_`.
        rows: Number of rows that are in it.
        records: Number of records.
        points: Number of points: those of records, and those that continue long ones.
        shards: Number of shards.
        known: How many of the rows were there before this run; they were not computed again.
        repeated: Number of records that were in more than one shard, as the same content twice is
            one record.
        media_files: Number of kept files.
        media_bytes: Total size of the kept files.
        failures: Rows, and parts of rows, that could not be encoded.
    """

    directory: Path
    rows: int
    records: int
    points: int
    shards: int
    known: int
    repeated: int
    media_files: int
    media_bytes: int
    failures: Sequence[RowFailure]


def join_shards(directory: str | Path) -> ShardsSummary:
    """Make an export of the shards in a directory, when nobody writes to it any more.

    A record that is in several shards stays in one of them. More shards may be written later, and
    all of them joined again; until then the export is as before.

    Args:
        directory: Directory that `ShardWriter` wrote to.
    Returns:
        What is in the export; its failures are parts of rows, other parts of which are in it.
    Raises:
        ArgumentTypeError: `directory` is not a path.
        ExportFormatError: There is no shard, one is damaged, or they do not fit each other.
    """
    check_kind(directory, (str, Path), "a directory", "pass its path")
    root = Path(directory).expanduser().absolute()
    shards = list(read_shards(root))
    if not shards:
        raise ExportFormatError(
            f"the directory {str(root)!r} without a shard",
            "a directory that shards were written to",
            "encode some rows first, or name another directory",
        )
    return join_as(root, shards[0][1], shards)


def join_as(
    root: Path, notes: ShardNotes, shards: Sequence[tuple[Path, ShardNotes]]
) -> ShardsSummary:
    """Make an export of some shards, perhaps of none.

    Args:
        root: Directory of the shards.
        notes: The owner and the schema.
        shards: The shards and their notes.
    """
    repeated = _drop_repeated(root, [path for path, _ in shards])
    files: list[RecordsFile] = []
    records = 0
    for path, _ in shards:
        continues = [record is not None for _, record in read_ids(path)]
        records += continues.count(False)
        files.append(RecordsFile(name=path.name, rows=len(continues), sha256=sha256_of(path)))
    sizes = [path.stat().st_size for path in media_files(root)]
    manifest = Manifest(
        schema=notes.collection,
        owner=notes.owner,
        created_at=iso(datetime.now(timezone.utc)),
        records=records,
        points=sum(file.rows for file in files),
        files=files,
        media=MediaCount(files=len(sizes), bytes=sum(sizes)),
    )
    write_whole(root / MANIFEST, manifest.model_dump_json(by_alias=True, indent=2).encode())
    shutil.rmtree(root / UNFINISHED, ignore_errors=True)
    return ShardsSummary(
        root,
        rows=sum(len(each.rows) for _, each in shards),
        records=records,
        points=manifest.points,
        shards=len(shards),
        known=0,
        repeated=repeated,
        media_files=len(sizes),
        media_bytes=sum(sizes),
        failures=[
            RowFailure(failure.row, failure.error, failure.message, partial=True)
            for _, each in shards
            for failure in each.failures
        ],
    )


def _drop_repeated(root: Path, paths: Sequence[Path]) -> int:
    """Leave each record in the first of its shards alone; return how many were in others."""
    seen: set[bytes] = set()
    repeated = 0
    for path in paths:
        own: set[bytes] = set()
        dropped: set[int] = set()
        for index, (name, part_of) in enumerate(read_ids(path)):
            record = bytes.fromhex((part_of or name).replace("-", ""))
            if record in seen:
                dropped.add(index)
                repeated += part_of is None
            own.add(record)
        seen |= own
        if dropped:
            (root / MANIFEST).unlink(missing_ok=True)  # it has the digest of what is replaced
            part = part_path(root)
            drop_rows(path, part, dropped)
            put_in_place(part, path)
    return repeated
