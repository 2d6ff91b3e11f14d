"""Move memories: to a documented directory and back, and from one store to another."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from uuid import uuid4, uuid5

from sensorium.errors import ExportFormatError, MediaNotFoundError
from sensorium.memory.layout.ids import NAMESPACE, content_id, part_id, point_id
from sensorium.memory.layout.parts import (
    PAGE,
    drop_parts,
    pages,
    part_counts,
    records_first,
    stored_points,
    without_orphans,
)
from sensorium.memory.media.folders import PART, enough_room
from sensorium.memory.media.store import BLOCK, MediaStore
from sensorium.memory.moving.copying import (
    CopySummary,
    add_modalities,
    bring,
    check_media_owner,
    copy_records,
    kept_names,
)
from sensorium.memory.moving.manifest import (
    MANIFEST,
    MEDIA,
    Manifest,
    MediaCount,
    check_records,
    damaged,
    inside,
    read_manifest,
)
from sensorium.memory.moving.parquet import (
    RecordsWriter,
    pyarrow,
    read_continued,
    read_records,
)
from sensorium.memory.records import Progress
from sensorium.qdrant.backend import Backend
from sensorium.qdrant.filters import Filter, check_owner
from sensorium.qdrant.points import Payload, Point, iso
from sensorium.qdrant.schema import CollectionSchema

__all__ = [
    "CopySummary",
    "ExportSummary",
    "ImportSummary",
    "copy_records",
    "export_records",
    "import_records",
]


@dataclass(frozen=True)
class ExportSummary:
    """What was exported.

    Attributes:
        directory: Where it is.
        records: Memories.
        points: Points of the store: records, and the continuations of long ones.
        media_files: Kept files.
        media_bytes: Their sizes, together.
        missing_media: Files that records name and the media store lost.
    """

    directory: Path
    records: int
    points: int
    media_files: int
    media_bytes: int
    missing_media: int


@dataclass(frozen=True)
class ImportSummary:
    """What was imported.

    Attributes:
        records: Memories.
        points: Points of the store: records, and the continuations of long ones.
        media_files: Kept files that the media store did not have before.
        missing_media: Files that records name and the export does not have.
    """

    records: int
    points: int
    media_files: int
    missing_media: int


def export_records(
    backend: Backend,
    media: MediaStore | None,
    *,
    owner: str,
    directory: str | Path,
    progress: Progress | None = None,
) -> ExportSummary:
    """Write everything an owner remembers to a directory; see `export_manifest` for its layout.

    Memory stays bounded. The directory appears when all of it is written; what is remembered or
    forgotten meanwhile may or may not be in it.

    Args:
        backend: Where the records are.
        media: Where their files are; `None` leaves them out.
        owner: Whose memories.
        directory: New, or empty.
        progress: Called after every page.
    Raises:
        ExportFormatError: Something is in the directory.
        MissingExtraError: pyarrow is not installed.
        StoreFullError: The disk has no room; nothing is left of the export.
    """
    pyarrow()
    check_media_owner(media, owner)
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


def import_records(
    directory: str | Path,
    backend: Backend,
    media: MediaStore | None,
    *,
    owner: str,
    progress: Progress | None = None,
) -> ImportSummary:
    """Read an export into a store. Doing it again, or after it was interrupted, does no harm.

    Args:
        directory: What `export_records` wrote; it may come from anywhere.
        backend: Where the records go; modalities it lacks are added.
        media: Where their files go; `None` leaves them out.
        owner: Whose memories they become. They get the ids that follow from this owner and them:
            those they have, if it exported them. What has such an id is replaced.
        progress: Called after every batch.
    Raises:
        ExportFormatError: Not an export, or damaged: nothing is written, unless it is a media file
            or a forgery, whose records before it stay.
        SpaceMismatchError: Its vectors are of another space than the store's.
        SchemaVersionError: Of another version of the layout.
        RecordError: Another owner has a point of such an id.
        MissingExtraError: pyarrow is not installed.
    """
    pyarrow()
    check_owner(owner)
    check_media_owner(media, owner)
    root = Path(directory).expanduser().absolute()
    manifest = read_manifest(root)
    place = f"the export {str(root)!r}"
    schema = CollectionSchema.from_dict(manifest.collection, place=place)
    schema.check(backend.schema.space, place)
    check_records(root, manifest)
    if media is not None:
        _check_media_count(root, manifest)
    adopt = _adoption(root, manifest, owner)
    add_modalities(schema, backend)
    done = written = records = files = 0
    missing: set[str] = set()
    for points in read_records(root, manifest, schema):
        mine = without_orphans(backend, [adopt(point) for point in points], owner=owner)
        there = stored_points(backend, [point.id for point in mine], owner)
        if media is not None:
            came, lost = bring(mine, media, partial(_import_file, root, media))
            files, missing = files + came, missing | lost
        backend.upsert(mine)
        replaced = part_counts([point for point in mine if point.id in there])
        drop_parts(backend, replaced, owner=owner)
        done, records = done + len(points), records + len(part_counts(mine))
        written += len(mine)
        if progress is not None:
            progress(done, manifest.points)
    backend.flush()
    if media is not None:
        media.flush()
    return ImportSummary(records, written, files, len(missing))


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
    sizes = [path.stat().st_size for path in _media_files(part)]
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
    """Copy a kept file into an export; say whether it is there, and is what its name says."""
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


def _import_file(directory: Path, media: MediaStore, name: str) -> bool:
    """Keep a file of an export; say whether the export has it."""
    relative = f"{MEDIA}/{name[:2]}/{name}"
    if not (directory / relative).exists():
        return False
    path = inside(directory, relative)
    with path.open("rb") as stream:
        kept = media.put(stream, extension=path.suffix[1:])
    if kept != name:
        raise damaged(path, "its content is not what its name says")
    return True


@dataclass(frozen=True)
class _Adoption:
    """Makes points an owner's, under the ids they have as this owner's: no other can be taken.

    Attributes:
        exporter: Whose points they were.
        owner: Whose they become; perhaps the same.
        records: New ids of the records that other points continue, by the old ones.
    """

    exporter: str
    owner: str
    records: Mapping[str, str]

    def __call__(self, point: Point) -> Point:
        payload = {**point.payload, "owner": self.owner}
        old = payload.get("part_of")
        if old is None:
            new = _new_id(point.id, payload, self.exporter, self.owner)
        else:
            payload["part_of"] = self.records.get(old) or _derived_id(old, self.owner)
            new = part_id(payload["part_of"], payload["part"])
        return Point(new, point.vectors, payload)


def _adoption(directory: Path, manifest: Manifest, owner: str) -> _Adoption:
    exporter = manifest.owner
    continued = read_continued(directory, manifest)
    records = {old: _new_id(old, payload, exporter, owner) for old, payload in continued.items()}
    return _Adoption(exporter, owner, records)


def _new_id(old: str, payload: Payload, exporter: str, owner: str) -> str:
    """Return the id a record would have, had `owner` remembered it."""
    if "id" in payload:
        return point_id(owner, payload["id"])
    digests = payload.get("origin") or payload["digest"]
    for at in (None, payload["at"]):
        if content_id(exporter, digests, at) == old:
            return content_id(owner, digests, at)
    return _derived_id(old, owner)


def _derived_id(old: str, owner: str) -> str:
    return str(uuid5(NAMESPACE, f"imported\0{owner}\0{old}"))


def _media_files(directory: Path) -> Iterator[Path]:
    return (path for path in (directory / MEDIA).glob("*/*") if path.is_file())


def _check_new(target: Path) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ExportFormatError(
            f"an export to {str(target)!r}, where something is",
            "a new or empty directory",
            "name another one, or remove what is there",
        )


def _check_media_count(directory: Path, manifest: Manifest) -> None:
    there = sum(1 for _ in _media_files(directory))
    if there < manifest.media.files:
        raise damaged(directory / MEDIA, f"{there} of {manifest.media.files} files")
