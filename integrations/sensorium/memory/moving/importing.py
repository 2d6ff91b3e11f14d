"""Importing: the records of an export become an owner's, under ids of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid5

from sensorium.encoders import check_cancelled
from sensorium.memory.checks import check_kind
from sensorium.memory.holding.links import LINKED
from sensorium.memory.layout.ids import NAMESPACE, content_id, part_id, point_id
from sensorium.memory.layout.parts import (
    drop_parts,
    part_counts,
    stored_points,
    without_orphans,
)
from sensorium.memory.media.store import MediaStore
from sensorium.memory.moving.copying import (
    add_modalities,
    check_media_owner,
    copy_media,
)
from sensorium.memory.moving.manifest import (
    MEDIA,
    Manifest,
    check_records,
    damage_error,
    inside,
    media_files,
    read_manifest,
)
from sensorium.memory.moving.parquet import (
    pyarrow,
    read_continued,
    read_records,
)
from sensorium.memory.receipts import ImportSummary
from sensorium.memory.records import Progress
from sensorium.qdrant.backend import Backend
from sensorium.qdrant.filters import check_owner
from sensorium.qdrant.points import Payload, Point
from sensorium.qdrant.schema import CollectionSchema


def import_records(
    directory: str | Path,
    backend: Backend,
    media: MediaStore | None,
    *,
    owner: str,
    held: Callable[[], AbstractContextManager[None]] | None = None,
    progress: Progress | None = None,
) -> ImportSummary:
    """Read an export into a store. An import can be interrupted and repeated without harm.

    Args:
        directory: Directory that `export_records` wrote; it may come from anywhere.
        backend: Store to import into; modalities it lacks are added.
        media: Media store to import into; `None` leaves the files out.
        owner: Owner that the records get. Their ids follow from the owner and the record: an owner
            who exported the records gets them back under their own ids. A record that has such an
            id already is replaced.
        held: Returns what is entered for each batch, from reading what exists to writing; by
            default that of the backend for this owner.
        progress: Function called after every batch with how many points are done, and of how many.
    Raises:
        ArgumentTypeError: `directory` is not a path.
        OperationCancelledError: The caller gave it up.
        ExportFormatError: The directory is not an export, or damaged. Nothing is written, unless
            the damage is in a media file or forged: the records before it stay.
        SpaceMismatchError: The export holds vectors of another space than the store.
        SchemaVersionError: The export has another version of the layout.
        RecordError: Another owner has a point of such an id.
        OwnerError: `owner` is not a valid name, or the media store is another owner's.
        MissingExtraError: pyarrow is not installed.
    """
    pyarrow()
    check_owner(owner)
    check_media_owner(media, owner)
    check_kind(directory, (str, Path), "a directory", "pass its path")
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
        check_cancelled(done)
        adopted = [adopt(point) for point in points]
        if media is not None:
            copy = partial(_import_file, root, media)
            copied, lost = copy_media(adopted, media, copy)
            files, missing = files + copied, missing | lost
        with held() if held is not None else backend.exclusive(owner):
            adopted = without_orphans(backend, adopted, owner=owner)
            existing = stored_points(backend, [point.id for point in adopted], owner)
            if media is not None:  # another process may have dropped one since
                copy_media(adopted, media, copy)
            backend.upsert(adopted)
            replaced = part_counts([point for point in adopted if point.id in existing])
            drop_parts(backend, replaced, owner=owner)
        done, records = done + len(points), records + len(part_counts(adopted))
        written += len(adopted)
        if progress is not None:
            progress(done, manifest.points)
    backend.flush()
    if media is not None:
        media.flush()
    return ImportSummary(records, written, files, len(missing))


def _import_file(directory: Path, media: MediaStore, name: str) -> bool:
    """Keep a file of an export; return whether the export has it."""
    relative = f"{MEDIA}/{name[:2]}/{name}"
    if not (directory / relative).exists():
        return False
    path = inside(directory, relative)
    with path.open("rb") as stream:
        kept = media.put(stream, extension=path.suffix[1:])
    if kept != name:
        raise damage_error(path, "its content is not what its name says")
    return True


@dataclass(frozen=True)
class _Adoption:
    """Makes points an owner's. Their ids are derived anew, so that no other owner's can be taken.

    Attributes:
        exporter: Owner who exported the points.
        owner: Owner that the points get, perhaps the same.
        records: New ids of the records that other points continue or name, by their old ids.
    """

    exporter: str
    owner: str
    records: Mapping[str, str]

    def __call__(self, point: Point) -> Point:
        payload = {**point.payload, "owner": self.owner}
        for key in LINKED:  # those that have ids of their own keep them
            named = payload.get(key)
            if isinstance(named, str):
                payload[key] = self.records.get(named, named)
            elif named:
                payload[key] = [self.records.get(each, each) for each in named]
        old = payload.get("part_of")
        if old is None:
            new = _new_id(point.id, payload, self.exporter, self.owner)
        else:
            payload["part_of"] = self.records.get(old) or _derive_id(old, self.owner)
            new = part_id(payload["part_of"], payload["part"])
        return Point(new, point.vectors, payload)


def _adoption(directory: Path, manifest: Manifest, owner: str) -> _Adoption:
    exporter = manifest.owner
    continued = read_continued(directory, manifest)
    records = {old: _new_id(old, payload, exporter, owner) for old, payload in continued.items()}
    return _Adoption(exporter, owner, records)


def _new_id(old: str, payload: Payload, exporter: str, owner: str) -> str:
    """Return the id that a record would have if `owner` had remembered it."""
    if "id" in payload:
        return point_id(owner, payload["id"])
    digests = payload.get("origin") or payload["digest"]
    for at in (None, payload["at"]):
        if content_id(exporter, digests, at) == old:
            return content_id(owner, digests, at)
    return _derive_id(old, owner)


def _derive_id(old: str, owner: str) -> str:
    return str(uuid5(NAMESPACE, f"imported\0{owner}\0{old}"))


def _check_media_count(directory: Path, manifest: Manifest) -> None:
    found = sum(1 for _ in media_files(directory))
    if found < manifest.media.files:
        raise damage_error(directory / MEDIA, f"{found} of {manifest.media.files} files")
