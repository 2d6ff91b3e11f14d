"""Opening the shard of a folder, or beginning a memory there, so that a death at any moment mends.

The order of a beginning is: a description that names no shard yet, the shard, the description that
names it. Each is safe against loss of power before the next is begun, so whatever a death leaves is
either a whole memory or one that is begun anew, of which nothing was acknowledged.
"""

from __future__ import annotations

import logging
from pathlib import Path

from sensorium.errors import StoreFormatError
from sensorium.qdrant.durability import remove_unfinished, sync_parents
from sensorium.qdrant.edge.folder import (
    DESCRIPTION,
    SHARD,
    check_shards,
    drop_stray_shards,
    kept_beside,
    read_description,
    shards_in,
    write_description,
)
from sensorium.qdrant.edge.shard import Shard, holds_points
from sensorium.qdrant.schema import CollectionSchema

logger = logging.getLogger(__name__)


def open_shard(folder: Path, schema: CollectionSchema) -> Shard:
    """Open the shard that the description of a locked folder names, or begin a memory.

    Args:
        folder: Folder of the memory; this process holds its lock.
        schema: Layout of a new memory. An existing one must have the same space; modalities it
            lacks are added.
    Raises:
        SpaceMismatchError: The memory holds vectors of another space.
        SchemaVersionError: The memory was written with another version of the layout.
        StoreFormatError: The memory is damaged, or the folder holds something else.
        StoreFullError: The disk has no room.
        OSError: The folder cannot be written.
    """
    check_shards(folder)
    remove_unfinished(folder)
    described = read_description(folder)
    if described is None:
        _check_empty(folder)
        return _begun(folder, schema)
    stored, name = described
    if name is None:  # the first opening did not end
        return _begun(folder, schema)
    stored.check(schema.space, f"the memory {str(folder)!r}")
    merged = stored.migrated().with_probe_of(schema.space)
    for modality in schema.modalities:
        merged = merged.with_modality(modality)
    if not (folder / name).exists():
        _check_removed(folder, name)
        return _begun(folder, merged)
    shard = Shard(folder, name, merged)
    if merged.version != stored.version:
        shard.migrate()
    if merged is not stored:
        write_description(folder, merged, name)
    drop_stray_shards(folder, name)
    return shard


def _begun(folder: Path, schema: CollectionSchema) -> Shard:
    """Begin a memory, in place of what an earlier beginning left."""
    write_description(folder, schema, None)
    sync_parents(folder)
    drop_stray_shards(folder, None)
    shard = Shard(folder, SHARD, schema)
    write_description(folder, schema, SHARD)
    return shard


def _check_empty(folder: Path) -> None:
    """Check that a folder without a description has no shard with points.

    Raises:
        StoreFormatError: It has one: only the description says which encoder made its vectors.
    """
    if any(holds_points(shard) for shard in shards_in(folder)):
        raise StoreFormatError(
            f"the memory {str(folder)!r} without its {DESCRIPTION}",
            "the file that says which encoder it belongs to",
            f"restore {DESCRIPTION} from a copy",
        )


def _check_removed(folder: Path, name: str) -> None:
    """Check that a folder without the shard it names keeps nothing else.

    Raises:
        StoreFormatError: It does: another shard, or media, as in a copy that was restored in part.
    """
    others = kept_beside(folder)
    if others:
        raise StoreFormatError(
            f"the memory {str(folder)!r} without the folder {name!r}, but with {others[0]!r}",
            f"the shard that {DESCRIPTION} names",
            "restore the folder from a copy, or name another place to begin anew",
        )
    logger.warning("sensorium: the memory %s has lost its vectors: it begins anew", folder)
