"""Shards: the Parquet files of an export that several processes write, each whole or not there.

    records-01234567890123456789.parquet   rows of the export, and notes of what they were made from
    media/ab/abcdef….png                   the kept files, as in every export
    .unfinished/                           what is being written, and what a killed process left

A shard gets its name, which follows from the keys of the rows it was made from, when all of it is
on disk: the same rows again are the same file.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from sensorium.errors import ExportFormatError, first_problem
from sensorium.memory.layout.payload import TEXT
from sensorium.memory.media.folders import enough_room
from sensorium.memory.media.store import BLOCK
from sensorium.memory.moving.manifest import MEDIA, damage_error
from sensorium.memory.moving.parquet import read_notes, write_points
from sensorium.percepts import Percept
from sensorium.percepts.files import file_from_percept
from sensorium.percepts.forms import PerceptFile
from sensorium.qdrant.durability import sync_file, sync_folder
from sensorium.qdrant.points import Point

NOTES: Final = "sensorium.shard"  # name of the notes in a Parquet file
UNFINISHED = ".unfinished"
NAMES = "records-*.parquet"
KEY = 16  # bytes of the key of a row

Key = Annotated[str, StringConstraints(pattern=f"^[0-9a-f]{{{2 * KEY}}}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class NotedFailure(_Strict):
    """A part of a row that could not be encoded, while other parts of it are in the shard."""

    row: str
    error: str
    message: str


class ShardNotes(_Strict):
    """What a shard says of itself.

    Attributes:
        version: Version of these notes.
        collection: Schema of the collection.
        owner: Owner of the records.
        settings: What else the rows were encoded with.
        rows: Keys of the rows it was made from.
        failures: Parts of these rows that could not be encoded.
    """

    version: Literal[1] = 1
    collection: dict[str, Any] = Field(alias="schema")
    owner: str
    settings: dict[str, Any]
    rows: list[Key]
    failures: list[NotedFailure] = []

    def check_same(self, other: ShardNotes, directory: Path) -> None:
        """Check that another shard can be in one export with this one.

        Raises:
            ExportFormatError: It has another owner, encoder or settings.
        """
        for name in ("owner", "collection", "settings"):
            ours, theirs = getattr(self, name), getattr(other, name)
            if ours != theirs:
                said = "encoder" if name == "collection" else name
                raise ExportFormatError(
                    f"shards in {str(directory)!r} with {said} {_short(ours)}, "
                    f"and others with {_short(theirs)}",
                    "one owner, encoder and choice of media, words and sounds in all shards",
                    "pass the same arguments as before, or write to another directory",
                )


def shard_name(keys: Iterable[str]) -> str:
    """Return the name of the shard that is made from rows of some keys, in any order."""
    digest = hashlib.blake2b("".join(sorted(keys)).encode(), digest_size=8).digest()
    return f"records-{int.from_bytes(digest, 'big'):020d}.parquet"


def shard_paths(directory: Path) -> list[Path]:
    """Return the paths of all shards, sorted."""
    return sorted(directory.glob(NAMES))


def read_shard(path: Path) -> ShardNotes:
    """Return the notes of a shard.

    Raises:
        ExportFormatError: It is damaged, or none.
    """
    text = read_notes(path).get(NOTES)
    if text is None:
        raise ExportFormatError(
            f"{str(path)!r}, which is no shard: it does not say what it was made from",
            "a new directory, or one that shards were written to",
            "write to another directory",
        )
    try:
        return ShardNotes.model_validate_json(text)
    except ValidationError as error:
        raise damage_error(path, first_problem(error)) from error


def read_shards(directory: Path) -> Iterator[tuple[Path, ShardNotes]]:
    """Yield the shards of a directory with their notes, sorted.

    Raises:
        ExportFormatError: One is damaged, or does not fit the others.
    """
    first: ShardNotes | None = None
    for path in shard_paths(directory):
        notes = read_shard(path)
        first = first or notes
        first.check_same(notes, directory)
        yield path, notes


def write_shard(
    directory: Path,
    name: str,
    points: Sequence[Point],
    modalities: Sequence[str],
    notes: ShardNotes,
) -> None:
    """Write a shard, safe against loss of power when this returns.

    Raises:
        StoreFullError: The disk has no room; nothing has the name.
    """
    text = notes.model_dump_json(by_alias=True)
    with enough_room(str(directory)):
        part = part_path(directory)
        try:
            write_points(part, points, modalities, {NOTES: text})
            put_in_place(part, directory / name)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def part_path(directory: Path) -> Path:
    """Return a new path for what is being written, in a folder that is there."""
    folder = directory / UNFINISHED
    folder.mkdir(parents=True, exist_ok=True)
    return folder / uuid4().hex


def put_in_place(part: Path, target: Path) -> None:
    """Give a file that is all written its name, safe against loss of power."""
    sync_file(part)
    target.parent.mkdir(parents=True, exist_ok=True)
    part.replace(target)
    sync_folder(target.parent)


class MediaWriter:
    """Keeps the files of percepts in an export. Several processes may write to the same one."""

    def __init__(self, directory: Path, *, keep: bool) -> None:
        """Write to the directory of an export; keep nothing if `keep` is false."""
        self._directory = directory
        self._keeps = keep

    def keep(self, percepts: Sequence[Percept]) -> dict[int, dict[str, Any]]:
        """Keep the files of one record's percepts; a text has none.

        Returns:
            What a `Medium` says of each file, by the index of its percept.
        Raises:
            SensoriumError: One of them cannot be kept.
        """
        wanted = percepts if self._keeps else ()
        return {
            index: self._put(file_from_percept(percept))
            for index, percept in enumerate(wanted)
            if percept.modality != TEXT
        }

    def _put(self, file: PerceptFile) -> dict[str, Any]:
        digest = hashlib.sha256()
        with enough_room(str(self._directory)):
            part = part_path(self._directory)
            try:
                with file.source.open() as stream, part.open("xb") as target:
                    while block := stream.read(BLOCK):
                        digest.update(block)
                        target.write(block)
                name = f"{digest.hexdigest()}.{file.extension}"
                place = self._directory / MEDIA / name[:2] / name
                if not _has(place, part.stat().st_size):
                    put_in_place(part, place)
            finally:
                part.unlink(missing_ok=True)
        units = dict(file.units)
        return {"file": name, "mime": file.mime, "bytes": file.source.size, "units": units}


def _has(place: Path, size: int) -> bool:
    try:
        return os.lstat(place).st_size == size
    except FileNotFoundError:
        return False


def _short(value: object) -> str:
    if isinstance(value, Mapping):
        value = value.get("space", value)
    return repr(value)
