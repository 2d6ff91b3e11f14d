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
LINKS = 16  # links of a point in each of the two graphs
Index: TypeAlias = "models.KeywordIndexParams | models.DatetimeIndexParams | models.TextIndexParams"


def ensure_collection(
    client: QdrantClient, name: str, schema: CollectionSchema
) -> CollectionSchema:
    """Make the collection, or check its space and add the modalities it lacks.

    Args:
        client: A client of any kind.
        name: Name of the collection.
        schema: Schema of a new collection; of an existing one the space is compared, and the
            modalities it lacks are added.
    Returns:
        The schema that the collection has now.
    Raises:
        SpaceMismatchError: The collection holds vectors of another space.
        SchemaVersionError: The collection was made with another version of the layout.
        StoreFormatError: Sensorium did not make the collection.
        StoreUnavailableError: The server cannot be reached, or refused.
    """
    stored = read_schema(client, name)
    if stored is None:
        try:
            create_collection(client, name, schema)
            return schema
        except StoreFormatError:
            # Another process made it meanwhile, or a request of ours whose answer was lost
            stored = read_schema(client, name) or schema
    stored.check(schema.space, _place(client, name))
    stored = _with_probe(client, name, stored, schema)
    for modality in schema.modalities:
        stored = _widen(client, name, stored, modality)
    _create_indexes(client, name)  # perhaps it was left half made
    return stored


def create_collection(client: QdrantClient, name: str, schema: CollectionSchema) -> None:
    """Create a collection with its named vectors, indexes and metadata.

    Args:
        client: A client of any kind.
        name: Name of the collection.
        schema: Schema of the collection.
    Raises:
        StoreFormatError: There is a collection of that name already.
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
    """Read the schema that a collection was made with; `None` if there is no such collection.

    Raises:
        StoreFormatError: Sensorium did not make the collection.
        SchemaVersionError: The collection was made with another version of the layout.
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


def add_modality(client: QdrantClient, collection: str, name: str) -> CollectionSchema:
    """Add a named vector to an existing collection; do nothing if it has it.

    Args:
        client: A client of any kind.
        collection: Name of the collection.
        name: Name of the modality, a plain word. Points that are stored already stay as they are.
    Returns:
        The schema that the collection has now.
    Raises:
        StoreFormatError: There is no such collection, Sensorium did not make it, or `name` is not
            a plain word.
        SchemaVersionError: The collection was made with another version of the layout.
        StoreUnavailableError: The server cannot be reached, or refused.
    """
    schema = read_schema(client, collection)
    if schema is None:
        raise StoreFormatError(
            f"the collection {collection!r}, which is not there",
            "one that Sensorium made",
            "make it first: create_collection(client, name, schema)",
        )
    return _widen(client, collection, schema, name)


def _with_probe(
    client: QdrantClient, name: str, stored: CollectionSchema, given: CollectionSchema
) -> CollectionSchema:
    """Keep a model's probe with a collection that was made without it; return its schema."""
    schema = stored.with_probe_of(given.space)
    if schema is not stored:
        metadata = {METADATA: schema.to_dict()}
        Connection(client).call(client.update_collection, name, metadata=metadata)
    return schema


def _widen(
    client: QdrantClient, name: str, schema: CollectionSchema, modality: str
) -> CollectionSchema:
    """Add a named vector to a collection whose schema is known; return the wider schema."""
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
    existing = connection.call(client.get_collection, name).payload_schema
    for field, index in _indexes():
        # A client without a server has no index but that of the text
        if field in existing or (connection.local and field != TEXT):
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
