"""The folder of an embedded memory: its lock, its description, the shard within."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import qdrant_edge as edge
from filelock import FileLock, Timeout

from sensorium.errors import StoreError, StoreFormatError, StoreFullError, StoreLockedError
from sensorium.percepts.percept import is_still
from sensorium.qdrant.schema import (
    KEYWORDS,
    TENANT,
    TEXT,
    TIMES,
    CollectionSchema,
    Quantization,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

DESCRIPTION = "sensorium.json"
SHARD = "shard"  # the folder of the shard, unless the description names another
SHARD_KEY = "shard"  # of the description
LOCK, HOLDER = "lock", "lock.pid"
CONFIG = "edge_config.json"  # Edge's own, in the folder of a shard
PLACEHOLDER = "none"  # Edge wants a vector to begin with; a sparse one that is empty costs nothing
# What Edge says, in its own words, when the file system does not let it write
FULL = ("No space left", "os error 28", "Disk quota")


def locked(folder: Path) -> FileLock:
    """Take the folder for this process and object.

    Raises:
        StoreLockedError: Somebody else has it; the message says who.
    """
    lock = FileLock(folder / LOCK, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        holder = folder / HOLDER
        who = holder.read_text(encoding="utf-8") if holder.exists() else "another process"
        mine = f"process {os.getpid()}"
        who = "this process" if who == mine else who
        raise StoreLockedError(
            f"the memory {str(folder)!r}, which {who} has open",
            "one owner of the folder at a time",
            "close it there (memory.close()), or share one server: docs/deploy.md",
        ) from error
    (folder / HOLDER).write_text(f"process {os.getpid()}", encoding="utf-8")
    return lock


def read_description(folder: Path) -> tuple[CollectionSchema, str] | None:
    """Read the schema of a folder's memory and the name of its shard; `None` where none is.

    Raises:
        StoreFormatError: Something else is there, or the description is damaged.
        SchemaVersionError: Written by another version.
    """
    file = folder / DESCRIPTION
    if not file.exists():
        others = [path.name for path in folder.iterdir() if path.name not in (LOCK, HOLDER)]
        if others and SHARD not in others:
            raise StoreFormatError(
                f"the folder {str(folder)!r}, which holds {sorted(others)[0]!r} and no memory",
                "an empty or new folder, or one that Sensorium made",
                "name another folder",
            )
        if (folder / SHARD / CONFIG).exists():
            raise StoreFormatError(
                f"the memory {str(folder)!r} without its {DESCRIPTION}",
                "the file that says which encoder it belongs to",
                f"restore {DESCRIPTION} from a copy",
            )
        return None
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StoreFormatError(
            f"{str(file)!r}, which is damaged ({error})", "the JSON Sensorium wrote", "restore it"
        ) from error
    schema = CollectionSchema.from_dict(fields, place=f"the memory {str(folder)!r}")
    return schema, _shard_name(fields.get(SHARD_KEY, SHARD))


def _shard_name(given: object) -> str:
    """Return the name of a shard's folder, which is within the memory's."""
    if isinstance(given, str) and given.startswith(SHARD) and given.replace("-", "").isalnum():
        return given
    raise StoreFormatError(
        f"a description that names {given!r} as the shard", f"{SHARD!r}", "restore it from a copy"
    )


def write_description(folder: Path, schema: CollectionSchema, name: str) -> None:
    """Write the schema and the shard's name, whole or not at all: the switch to another shard."""
    fields = {**schema.to_dict(), SHARD_KEY: name}
    write_whole(folder / DESCRIPTION, json.dumps(fields, indent=2).encode())


def drop_strays(folder: Path, name: str) -> None:
    """Remove shards that the description does not name: an earlier one, or one half made."""
    for path in folder.glob(f"{SHARD}*"):
        if path.name != name and path.is_dir():
            shutil.rmtree(path)


def write_whole(file: Path, content: bytes) -> None:
    """Replace a file by a temporary one and a rename, so that a crash leaves the old or the new."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def open_shard(folder: Path, name: str, schema: CollectionSchema) -> edge.EdgeShard:
    """Open the shard, made anew where there is none, with its payload indexes.

    Raises:
        StoreFormatError: It is damaged.
        StoreLockedError: Another process opened the shard itself.
    """
    place = folder / name
    try:
        if (place / CONFIG).exists():
            return edge.EdgeShard.load(str(place), _recovered(place, schema))
        place.mkdir(exist_ok=True)
        start = {PLACEHOLDER: edge.EdgeSparseVectorParams()}
        config = edge.EdgeConfig(
            sparse_vectors=start, quantization_config=_quantization(schema.quantization)
        )
        shard = edge.EdgeShard.create(str(place), config)
        for field, params in _indexes():
            shard.update(edge.UpdateOperation.create_field_index(field, params))
    except Exception as error:  # Edge raises nothing more precise
        raise translated_error(error, f"the memory {str(folder)!r}", opening=True) from error
    return shard


def present_modalities(shard: Path) -> set[str]:
    """List the named vectors of the shard itself; others are made when they are first needed."""
    config: dict[str, Any] = json.loads((shard / CONFIG).read_text("utf-8"))
    return set(config.get("vectors") or {})


def _recovered(shard: Path, schema: CollectionSchema) -> edge.EdgeConfig | None:
    """Describe a shard whose process died after making a named vector, before noting that.

    Edge refuses to open it as it is; `None` where nothing is missing.
    """
    made = [
        set(json.loads(file.read_text("utf-8"))["config"]["vector_data"])
        for file in (shard / "segments").glob("*/segment.json")
    ]
    names = present_modalities(shard).union(*made)
    if names == present_modalities(shard):
        return None
    vectors = {
        name: edge.EdgeVectorParams(
            size=schema.space.dimension,
            distance=edge.Distance.Cosine,
            multivector_config=_rows(name),
            datatype=edge.VectorStorageDatatype.Float16,
        )
        for name in names
    }
    return edge.EdgeConfig(
        vectors=vectors,
        sparse_vectors={PLACEHOLDER: edge.EdgeSparseVectorParams()},
        quantization_config=_quantization(schema.quantization),
    )


def _rows(modality: str) -> edge.MultiVectorConfig | None:
    return None if is_still(modality) else edge.MultiVectorConfig(edge.MultiVectorComparator.MaxSim)


def create_vector(name: str, schema: CollectionSchema) -> edge.UpdateOperation:
    """Build the operation that adds a modality's named vector."""
    return edge.UpdateOperation.create_dense_vector(
        name,
        schema.space.dimension,
        edge.Distance.Cosine,
        multivector_config=_rows(name),
        datatype=edge.VectorStorageDatatype.Float16,
    )


def _indexes() -> Iterator[tuple[str, Any]]:
    # Of every other field Edge would build a graph a value and a named vector, when compacting
    alone: dict[str, Any] = {"enable_hnsw": False}
    yield TENANT, edge.KeywordIndexParams(is_tenant=True)
    for field in KEYWORDS:
        yield field, edge.KeywordIndexParams(**alone)
    for field in TIMES:
        yield field, edge.DatetimeIndexParams(**alone)
    word = edge.TokenizerType.Word
    yield TEXT, edge.TextIndexParams(tokenizer=word, lowercase=True, scoring=True, **alone)


def _quantization(kind: Quantization | None) -> Any:
    if kind == "int8":
        return edge.ScalarQuantizationConfig(edge.ScalarType.Int8, memory=edge.Memory.Pinned)
    if kind == "binary":
        return edge.BinaryQuantizationConfig(memory=edge.Memory.Pinned)
    return None


def translated_error(error: Exception, place: str, *, opening: bool = False) -> StoreError:
    """Turn one of Edge's errors, which are all of one kind, into ours."""
    text = " ".join(str(error).split())[:200]
    if any(sign in text for sign in FULL):
        return full(place)
    if "WouldBlock" in text:
        return StoreLockedError(
            f"{place}, whose shard another process has open",
            "one owner at a time",
            "close it there",
        )
    if opening:
        return StoreFormatError(
            f"{place}, which cannot be opened ({text})",
            "the files as Sensorium left them",
            "restore the folder from a copy, or import an export of it",
        )
    return StoreError(f"{place}, which refused ({text})", "a request it can answer", "report this")


def full(place: str) -> StoreFullError:
    """Build the error for a disk without room."""
    return StoreFullError(
        f"the disk of {place}, which is full",
        "room for what is written; nothing acknowledged before is lost",
        "free some space, forget what is old, or move the memory",
    )


def bytes_on_disk(folder: Path) -> int:
    """Count the blocks in use: Edge's files are longer than what is in them."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())
