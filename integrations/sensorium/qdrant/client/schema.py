"""A schema's collection on a Qdrant server: making it, reading it back, letting it grow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from qdrant_client import QdrantClient, models

from sensorium.errors import StoreFormatError, StoreUnavailableError
from sensorium.percepts.percept import is_still
from sensorium.qdrant.client.collection import Collection
from sensorium.qdrant.client.connection import Connection, RequestRefusedError
from sensorium.qdrant.client.naming import (
    behind,
    find_collection,
    first_name,
    give_name,
    look_up_collection,
)
from sensorium.qdrant.client.state import (
    ITSELF,
    itself,
    place_of,
    read_state,
    write_metadata,
)
from sensorium.qdrant.client.transports import check_transports
from sensorium.qdrant.client.versions import check_version
from sensorium.qdrant.schema import (
    AXES,
    FRAME,
    KEYWORDS,
    METADATA,
    PLACE,
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
Index: TypeAlias = (
    "models.KeywordIndexParams | models.DatetimeIndexParams | models.GeoIndexParams "
    "| models.FloatIndexParams "
    "| models.TextIndexParams"
)


def ensure_collection(
    client: QdrantClient | Connection, name: str, schema: CollectionSchema
) -> Collection:
    """Make the collection, or check its space and add the modalities it lacks.

    Args:
        client: A client of any kind, or a connection.
        name: Name of the memory's collection.
        schema: Schema of a new collection; of an existing one the space is compared, and the
            modalities it lacks are added.
    Returns:
        The collection that the name stands for.
    Raises:
        SpaceMismatchError: The collection holds vectors of another space.
        SchemaVersionError: The collection was made with another version of the layout.
        StoreFormatError: Sensorium did not make the collection.
        StoreLockedError: Another process is filling it.
        StoreUnavailableError: The server cannot be reached, or refused.
    """
    connection = Connection.of(client)
    check_version(connection)
    state = find_collection(connection, name)
    if state is None:
        try:
            create_collection(connection, name, schema)
            _check_created(connection, first_name(name))
            return Collection(connection, first_name(name), schema)
        except StoreFormatError as taken:
            # Another process made it meanwhile, or a request of ours whose answer was lost
            state = find_collection(connection, name)
            if state is None:
                raise taken
    check_transports(connection, state.collection)
    stored = state.schema
    stored.check(schema.space, place_of(connection, name))
    stored = _renewed(connection, state.collection, stored, schema)
    for modality in schema.modalities:
        stored = _widen(connection, state.collection, stored, modality)
    create_indexes(connection, state.collection)  # perhaps it was left half made
    return Collection(connection, state.collection, stored)


def existing_collection(
    client: QdrantClient | Connection, name: str, schema: CollectionSchema
) -> Collection:
    """Find a collection and check its space; nothing is written.

    The arguments and the result are those of `ensure_collection`.

    Raises:
        SpaceMismatchError: The collection holds vectors of another space.
        SchemaVersionError: The collection was made with another version of the layout.
        StoreFormatError: There is no such collection, Sensorium did not make it, or it cannot be
            told which of several the name stands for.
        StoreLockedError: Another process is filling it.
        StoreUnavailableError: The server cannot be reached, or refused.
    """
    connection = Connection.of(client)
    check_version(connection)
    place = place_of(connection, name)
    state = look_up_collection(connection, name)
    if state is None:
        raise StoreFormatError(
            f"{place}, which is not there",
            "a collection in which something was remembered",
            "check the name, or begin it by opening it to write",
        )
    check_transports(connection, state.collection)
    state.schema.check(schema.space, place)
    return Collection(connection, state.collection, state.schema)


def create_collection(
    client: QdrantClient | Connection, name: str, schema: CollectionSchema
) -> None:
    """Create a collection with its named vectors, indexes and metadata.

    The collection is called `NAME-00000001`, and `name` is an alias of it: so that another can
    take its place at once when its encoder is exchanged. Whoever uses the name reaches it.

    Args:
        client: A client of any kind, or a connection.
        name: Name of the memory's collection.
        schema: Schema of the collection.
    Raises:
        StoreFormatError: There is a collection of that name already.
        StoreUnavailableError: The server cannot be reached, or refused.
    """
    connection, collection = Connection.of(client), first_name(name)
    client = connection.client
    if any(connection.call(client.collection_exists, each) for each in (name, collection)):
        raise _taken(connection, name)
    metadata = {METADATA: schema.to_dict(), ITSELF: itself(name, collection)}
    try:
        connection.call(
            client.create_collection,
            collection,
            vectors_config={m: vector_params(m, schema) for m in schema.modalities},
            hnsw_config=models.HnswConfigDiff(m=LINKS, payload_m=LINKS),
            quantization_config=_quantization(schema.quantization),
            shard_number=schema.shard_number,
            replication_factor=schema.replication_factor,
            write_consistency_factor=schema.write_consistency_factor,
            metadata=metadata,
        )
    except (StoreUnavailableError, ValueError) as error:  # in memory, a client raises ValueError
        if connection.call(client.collection_exists, collection):
            raise _taken(connection, name) from error
        raise
    create_indexes(connection, collection)
    give_name(connection, name, collection)


def add_modality(client: QdrantClient | Connection, collection: str, name: str) -> CollectionSchema:
    """Add a named vector to an existing collection; do nothing if it has it.

    Args:
        client: A client of any kind, or a connection.
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
    connection = Connection.of(client)
    state = read_state(connection, behind(connection, collection))
    if state is None:
        raise StoreFormatError(
            f"the collection {collection!r}, which is not there",
            "one that Sensorium made",
            "make it first: create_collection(client, name, schema)",
        )
    return _widen(connection, state.collection, state.schema, name)


def _check_created(connection: Connection, collection: str) -> None:
    """Check that REST finds a new collection, too; remove it where it was made elsewhere."""
    try:
        check_transports(connection, collection)
    except RequestRefusedError:
        raise
    except StoreUnavailableError:
        connection.check_nodes(lambda _: None)
        connection.call(connection.client.delete_collection, collection)
        raise


def _taken(connection: Connection, name: str) -> StoreFormatError:
    return StoreFormatError(
        f"{place_of(connection, name)}, which is there already",
        "a name that is free",
        "open it, choose another name, or delete it first",
    )


def _renewed(
    connection: Connection, name: str, stored: CollectionSchema, given: CollectionSchema
) -> CollectionSchema:
    """Keep this version, and a model's probe, with an earlier collection; return its schema."""
    schema = stored.migrated().with_probe_of(given.space)
    if schema is not stored:
        write_metadata(connection, name, **{METADATA: schema.to_dict()})
    return schema


def _widen(
    connection: Connection, name: str, schema: CollectionSchema, modality: str
) -> CollectionSchema:
    """Add a named vector to a collection whose schema is known; return the wider schema."""
    if modality in schema.modalities:
        return schema
    CollectionSchema.for_space(schema.space, modalities=[modality])  # checks the name
    wider = schema.with_modality(modality)
    client, params = connection.client, vector_params(modality, schema)
    dense = models.DenseVectorConfig(
        size=params.size,
        distance=params.distance,
        multivector_config=params.multivector_config,
        datatype=models.VectorStorageDatatype.FLOAT16,
    )
    connection.call(
        client.create_vector_name, name, modality, models.DenseVectorNameConfig(dense=dense)
    )
    write_metadata(connection, name, **{METADATA: wider.to_dict()})
    return wider


def vector_params(modality: str, schema: CollectionSchema) -> models.VectorParams:
    """Return the settings of a modality's named vector."""
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


def create_indexes(connection: Connection, name: str) -> None:
    """Create the payload indexes that are missing."""
    client = connection.client
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
    yield PLACE, models.GeoIndexParams(type=models.GeoIndexType.GEO)
    yield FRAME, models.KeywordIndexParams(type=keyword)
    for axis in AXES:
        yield axis, models.FloatIndexParams(type=models.FloatIndexType.FLOAT)
    yield (
        TEXT,
        models.TextIndexParams(
            type=models.TextIndexType.TEXT,
            tokenizer=models.TokenizerType.WORD,
            lowercase=True,
            scoring=True,
        ),
    )
