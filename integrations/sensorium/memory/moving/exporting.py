"""Exporting: everything an owner remembers, as a documented directory."""

from __future__ import annotations

import hashlib
import shutil
from datetime import datetime, timezone
from pathlib import Path
from uuid import uuid4

from sensorium.encoders import check_cancelled
from sensorium.errors import ExportFormatError, MediaNotFoundError
from sensorium.memory.checks import check_kind
from sensorium.memory.layout.parts import (
    PAGE,
    pages,
    part_counts,
    records_first,
)
from sensorium.memory.media.folders import PART, enough_room
from sensorium.memory.media.store import BLOCK, MediaStore
from sensorium.memory.moving.copying import (
    check_media_owner,
    kept_names,
)
from sensorium.memory.moving.manifest import (
    MANIFEST,
    MEDIA,
    Manifest,
    MediaCount,
    media_files,
)
from sensorium.memory.moving.parquet import (
    RecordsWriter,
    pyarrow,
)
from sensorium.memory.receipts import ExportSummary
from sensorium.memory.records import Progress
from sensorium.qdrant.backend import Backend
from sensorium.qdrant.filters import Filter
from sensorium.qdrant.points import iso


def export_records(
    backend: Backend,
    media: MediaStore | None,
    *,
    owner: str,
    directory: str | Path,
    progress: Progress | None = None,
) -> ExportSummary:
    """Write everything an owner remembers to a directory, whose layout `manifest` describes.

    The use of memory is bounded. The directory appears when all of it is written. What is
    remembered or forgotten meanwhile may or may not be in it.

    Args:
        backend: Store of the records.
        media: Media store of the records; `None` leaves their files out.
        owner: Owner of the records.
        directory: A new or empty directory.
        progress: Function called after every page with how many points are done, and of how many.
    Raises:
        ArgumentTypeError: `directory` is not a path.
        OperationCancelledError: The caller gave it up.
        ExportFormatError: The directory is not empty.
        OwnerError: `owner` is not a valid name, or the media store is another owner's.
        MissingExtraError: pyarrow is not installed.
        StoreFullError: The disk has no room; nothing is left of the export.
    """
    pyarrow()
    check_media_owner(media, owner)
    check_kind(directory, (str, Path), "a directory", "pass its path")
    target = Path(directory).expanduser().absolute()
    _check_new(target)
    part = target.with_name(f".{target.name}.{PART}{uuid4().hex}")
    try:
        with enough_room(str(target.parent)):
            part.mkdir(parents=True)
            manifest = _write_export(backend, media, owner, part, progress)
            if target.exists():
                target.rmdir()
            part.rename(target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    counts = manifest.media
    return ExportSummary(
        target, manifest.records, manifest.points, counts.files, counts.bytes, counts.missing
    )


def _write_export(
    backend: Backend,
    media: MediaStore | None,
    owner: str,
    part: Path,
    progress: Progress | None,
) -> Manifest:
    """Write records, media and manifest to a directory, and return the manifest."""
    total, schema = backend.count(Filter(owner, parts=True)), backend.schema
    points = records = 0
    missing: set[str] = set()
    writer = RecordsWriter(part, schema.modalities)
    try:
        for page in pages(backend, *records_first(owner), limit=PAGE, vectors=schema.modalities):
            check_cancelled()
            for point in page:
                writer.add(point)
            if media is not None:
                missing |= {
                    name for name in kept_names(page) if not _export_file(name, media, part)
                }
            points, records = points + len(page), records + len(part_counts(page))
            if progress is not None:
                progress(points, total)
        written = writer.finish()
    finally:
        writer.close()
    sizes = [path.stat().st_size for path in media_files(part)]
    manifest = Manifest(
        schema=schema.to_dict(),
        owner=owner,
        created_at=iso(datetime.now(timezone.utc)),
        records=records,
        points=points,
        files=written,
        media=MediaCount(files=len(sizes), bytes=sum(sizes), missing=len(missing)),
    )
    text = manifest.model_dump_json(by_alias=True, indent=2)
    (part / MANIFEST).write_text(text, encoding="utf-8")
    return manifest


def _export_file(name: str, media: MediaStore, directory: Path) -> bool:
    """Copy a kept file into an export; return whether the media store has it undamaged."""
    target = directory / MEDIA / name[:2] / name
    if target.exists():
        return True
    digest = hashlib.sha256()
    try:
        with media.open(name) as stream:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                while block := stream.read(BLOCK):
                    digest.update(block)
                    file.write(block)
    except MediaNotFoundError:
        return False
    if digest.hexdigest() == Path(name).stem:
        return True
    target.unlink()
    return False


def _check_new(target: Path) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ExportFormatError(
            f"an export to {str(target)!r}, which is not an empty directory",
            "a new or empty directory",
            "name another one, or remove what is there",
        )
