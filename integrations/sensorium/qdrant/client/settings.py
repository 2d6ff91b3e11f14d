"""The settings of a collection, which the one that replaces it takes over."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel
from qdrant_client import models

from sensorium.errors import StoreUnavailableError
from sensorium.qdrant.client.connection import Connection
from sensorium.qdrant.client.schema import create_indexes, vector_params
from sensorium.qdrant.client.state import MARKS, CollectionState, place_of
from sensorium.qdrant.schema import METADATA, CollectionSchema

PLACED = 60.0  # seconds for all shards to become active
LOOK = 0.5  # seconds between two looks at them

Model = TypeVar("Model", bound=BaseModel)


def schema_like(old: CollectionSchema, schema: CollectionSchema) -> CollectionSchema:
    """Return a schema with the settings of another, but its own space and modalities."""
    return replace(old, space=schema.space, modalities=schema.modalities)


def create_like(
    connection: Connection,
    name: str,
    old: CollectionState,
    schema: CollectionSchema,
    metadata: dict[str, Any],
) -> None:
    """Create a collection with the settings, indexes and metadata of another.

    Args:
        connection: The server.
        name: Name of the new collection.
        old: The other collection.
        schema: Schema of the new one.
        metadata: Further metadata of the new one.
    Raises:
        StoreUnavailableError: The server cannot be reached, refused, or did not place all shards.
    """
    config = old.info.config
    params = config.params
    theirs = {k: v for k, v in (config.metadata or {}).items() if k not in (METADATA, *MARKS)}
    connection.call(
        connection.client.create_collection,
        name,
        vectors_config=_vectors(params.vectors, schema),
        sparse_vectors_config=params.sparse_vectors,
        shard_number=params.shard_number,
        replication_factor=params.replication_factor,
        write_consistency_factor=params.write_consistency_factor,
        on_disk_payload=params.on_disk_payload,
        hnsw_config=_as(models.HnswConfigDiff, config.hnsw_config),
        optimizers_config=_as(models.OptimizersConfigDiff, config.optimizer_config),
        wal_config=_as(models.WalConfigDiff, config.wal_config),
        quantization_config=config.quantization_config,
        strict_mode_config=_as(models.StrictModeConfig, config.strict_mode_config),
        metadata={**theirs, METADATA: schema.to_dict(), **metadata},
        **{key: value for key in ("payload", "id_tracker") if (value := getattr(params, key))},
    )


def complete_like(connection: Connection, name: str, old: CollectionState) -> None:
    """Give a new collection what only an existing one takes: indexes, and how reads are spread.

    Raises:
        StoreUnavailableError: The server cannot be reached, refused, or did not place all shards.
    """
    await_shards(connection, name, old.info.config.params)
    params = old.info.config.params
    spread = {
        key: value
        for key in ("read_fan_out_factor", "read_fan_out_delay_ms")
        if (value := getattr(params, key, None)) is not None
    }
    client = connection.client
    if spread and not connection.local:
        diff = models.CollectionParamsDiff(**spread)
        connection.call(client.update_collection, name, collection_params=diff)
    for field, index in old.info.payload_schema.items():
        connection.call(client.create_payload_index, name, field, index.params or index.data_type)
    create_indexes(connection, name)


def await_shards(connection: Connection, name: str, params: models.CollectionParams) -> None:
    """Wait until every shard of a new collection has as many active copies as a write needs.

    Raises:
        StoreUnavailableError: Some have not after a minute: a node is away.
    """
    if connection.local:
        return
    needed = min(params.write_consistency_factor or 1, params.replication_factor or 1)
    number, deadline = params.shard_number or 1, time.monotonic() + PLACED
    while True:
        info = connection.call(connection.client.collection_cluster_info, name)
        active = Counter([*_active(info.local_shards), *_active(info.remote_shards)])
        ready = sum(count >= needed for count in active.values())
        if ready >= number:
            return
        if time.monotonic() > deadline:
            raise StoreUnavailableError(
                f"{place_of(connection, name)}, {ready} of whose {number} shards are active after "
                f"{PLACED:.0f} s",
                "all of them: some were placed on a node that is away",
                "start all nodes of the cluster, then try again; nothing was changed",
            )
        time.sleep(LOOK)


def _active(
    copies: Sequence[models.LocalShardInfo] | Sequence[models.RemoteShardInfo],
) -> list[int]:
    """Return the ids of the shards of which a copy is active, once for each copy."""
    return [copy.shard_id for copy in copies if copy.state == models.ReplicaState.ACTIVE]


def _vectors(
    old: models.VectorParams | dict[str, models.VectorParams] | None, schema: CollectionSchema
) -> dict[str, models.VectorParams]:
    named = old if isinstance(old, dict) else {}
    size = {"size": schema.space.dimension}
    return {
        modality: named[modality].model_copy(update=size)
        if modality in named
        else vector_params(modality, schema)
        for modality in schema.modalities
    }


def _as(kind: type[Model], settings: BaseModel | None) -> Model | None:
    """Convert what a server describes into what it takes."""
    if settings is None:
        return None
    known = settings.model_dump(exclude_none=True)
    return kind(**{key: value for key, value in known.items() if key in kind.model_fields})
