"""A schema's collection on a Qdrant server: making it, reading it back, letting it grow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from qdrant_client import QdrantClient, models

from sensorium.errors import StoreFormatError, StoreUnavailableError
from sensorium.percepts.percept import is_still
from sensorium.qdrant.client.connection import Connection
from sensorium.qdrant.schema import (
    KEYWORDS,
    METADATA,
    TENANT,
    TEXT,
    TIMES,
    CollectionSchema,
    Quantization,
)

# A search is always within one owner. payload_m joins each owner's points among themselves, so a
# small owner is found without passing through the others. m joins all points: an owner who holds
# most of the collection, and a collection with one owner, are searched through that graph.
LINKS = 16  # of a point, in each of the two graphs
Index: TypeAlias = "models.KeywordIndexParams | models.DatetimeIndexParams | models.TextIndexParams"


def ensure_collection(
    client: QdrantClient, name: str, schema: CollectionSchema
) -> CollectionSchema:
    """Make the collection or open it: check its space, add the modalities it lacks.

    Args:
        client: Of any kind.
        name: Of the collection.
        schema: Of a new one; of one that is there, its space and modalities count.
    Returns:
        The schema of the collection as it is now.
    Raises:
        SpaceMismatchError: It holds vectors of another space.
        SchemaVersionError: It was made by another version.
        StoreFormatError: It was not made by Sensorium.
        StoreUnavailableError: The server cannot be reached, or refused.
    """
    stored = read_schema(client, name)
    if stored is None:
        try:
            create_collection(client, name, schema)
            return schema
        except StoreFormatError:  # made meanwhile: by another process, or a try without answer
            stored = read_schema(client, name) or schema
    stored.check(schema.space, _place(client, name))
    for modality in schema.modalities:
        stored = add_modality(client, name, stored, modality)
    _create_indexes(client, name)  # perhaps it was left half made
    return stored


def create_collection(client: QdrantClient, name: str, schema: CollectionSchema) -> None:
    """Create the collection with its named vectors, indexes and metadata.

    Raises:
        StoreFormatError: There is a collection of that name.
        StoreUnavailableError: The server cannot be reached, or refused.
    """
    connection = Connection(client)
    taken = StoreFormatError(
        f"{_place(client, name)}, which is there already",
        "a name that is free",
        "open it, choose another name, or delete it first",
    )
    if connection.call(client.collection_exists, name):
        raise taken
    try:
        connection.call(
            client.create_collection,
            name,
            vectors_config={m: _vector(m, schema) for m in schema.modalities},
            hnsw_config=models.HnswConfigDiff(m=LINKS, payload_m=LINKS),
            quantization_config=_quantization(schema.quantization),
            shard_number=schema.shard_number,
            replication_factor=schema.replication_factor,
            write_consistency_factor=schema.write_consistency_factor,
            metadata={METADATA: schema.to_dict()},
        )
    except StoreUnavailableError as error:
        if connection.call(client.collection_exists, name):
            raise taken from error
        raise
    _create_indexes(client, name)


def read_schema(client: QdrantClient, name: str) -> CollectionSchema | None:
    """Read what a collection was made with; `None` if there is no collection of that name.

    Raises:
        StoreFormatError: It was not made by Sensorium.
        SchemaVersionError: It was made by another version.
        StoreUnavailableError: The server cannot be reached, or refused.
    """
    connection = Connection(client)
    if not connection.call(client.collection_exists, name):
        return None
    metadata = connection.call(client.get_collection, name).config.metadata or {}
    if METADATA not in metadata:
        raise StoreFormatError(
            f"{_place(client, name)}, which Sensorium did not make",
            f"a collection with {METADATA!r} in its metadata",
            "choose another collection name",
        )
    return CollectionSchema.from_dict(metadata[METADATA], place=_place(client, name))


def add_modality(
    client: QdrantClient, name: str, schema: CollectionSchema, modality: str
) -> CollectionSchema:
    """Add a named vector to a collection; nothing happens if its schema has it.

    Args:
        client: Of any kind.
        name: Of the collection.
        schema: Of the collection.
        modality: A plain name.
    Returns:
        The schema with it.
    Raises:
        StoreFormatError: Not a plain name.
        StoreUnavailableError: The server cannot be reached, or refused.
    """
    if modality in schema.modalities:
        return schema
    CollectionSchema.for_space(schema.space, modalities=[modality])  # checks the name
    wider = schema.with_modality(modality)
    connection = Connection(client)
    params = _vector(modality, schema)
    dense = models.DenseVectorConfig(
        size=params.size,
        distance=params.distance,
        multivector_config=params.multivector_config,
        datatype=models.VectorStorageDatatype.FLOAT16,
    )
    connection.call(
        client.create_vector_name, name, modality, models.DenseVectorNameConfig(dense=dense)
    )
    connection.call(client.update_collection, name, metadata={METADATA: wider.to_dict()})
    return wider


def _place(client: QdrantClient, name: str) -> str:
    return f"the collection {name!r} of {Connection(client).place}"


def _vector(modality: str, schema: CollectionSchema) -> models.VectorParams:
    best_row = models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM)
    return models.VectorParams(
        size=schema.space.dimension,
        distance=models.Distance.COSINE,
        datatype=models.Datatype.FLOAT16,
        multivector_config=None if is_still(modality) or modality in schema.single else best_row,
        on_disk=schema.on_disk,
    )


def _quantization(
    kind: Quantization | None,
) -> models.ScalarQuantization | models.BinaryQuantization | None:
    if kind == "int8":
        scalar = models.ScalarQuantizationConfig(type=models.ScalarType.INT8, always_ram=True)
        return models.ScalarQuantization(scalar=scalar)
    if kind == "binary":
        return models.BinaryQuantization(binary=models.BinaryQuantizationConfig(always_ram=True))
    return None


def _create_indexes(client: QdrantClient, name: str) -> None:
    """Create the payload indexes that are missing."""
    connection = Connection(client)
    there = connection.call(client.get_collection, name).payload_schema
    for field, index in _indexes():
        if field in there or (connection.local and field != TEXT):  # local: only text has one
            continue
        connection.call(client.create_payload_index, name, field, index)


def _indexes() -> Iterator[tuple[str, Index]]:
    keyword, time = models.KeywordIndexType.KEYWORD, models.DatetimeIndexType.DATETIME
    yield TENANT, models.KeywordIndexParams(type=keyword, is_tenant=True)
    for field in KEYWORDS:
        yield field, models.KeywordIndexParams(type=keyword)
    for field in TIMES:
        yield field, models.DatetimeIndexParams(type=time)
    yield (
        TEXT,
        models.TextIndexParams(
            type=models.TextIndexType.TEXT,
            tokenizer=models.TokenizerType.WORD,
            lowercase=True,
            scoring=True,
        ),
    )
