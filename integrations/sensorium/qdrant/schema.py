"""The layout of a collection: one point a memory, one named vector a modality."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from sensorium.encoders import EmbeddingSpace, encoder_names
from sensorium.errors import SchemaVersionError, SpaceMismatchError, StoreFormatError
from sensorium.percepts import Percept

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

VERSION = 1  # of the payload and the named vectors; see docs/schema.md
ROWS = 1023  # windows a point holds at most: Qdrant takes 2**20 numbers, at 1024 dimensions
ROWS_IN_ALL = 2046  # of all senses of a point: as JSON 24 MiB, of the 32 that a server takes
METADATA = "sensorium"  # key of the collection's metadata under which a schema is kept

KEYWORDS = ("modalities", "tags", "source", "digest", "flags", "hashes", "part_of")
TIMES = ("at", "until", "created_at", "expires_at")
TENANT, TEXT = "owner", "page_content"

Quantization: TypeAlias = Literal["int8", "binary"]


@dataclass(frozen=True)
class CollectionSchema:
    """What a collection is made with, and what is checked when it is opened.

    Attributes:
        space: Of all of its vectors.
        modalities: Its named vectors, sorted.
        quantization: `"int8"` keeps a quarter of the bytes in memory, `"binary"` a thirty-second;
            results are rescored with the vectors on disk. `None` compares the float16 vectors.
        on_disk: Keep vectors on disk rather than in memory (a server's choice; Edge maps files).
        shard_number: Of a cluster.
        replication_factor: Copies of each shard in a cluster.
        write_consistency_factor: Copies that must acknowledge a write.
        version: Of the layout.
        single: Modalities that hold one vector and not one a window, for programs that write such
            ones; no memory opens the collection.
    """

    space: EmbeddingSpace
    modalities: tuple[str, ...]
    quantization: Quantization | None = None
    on_disk: bool = False
    shard_number: int | None = None
    replication_factor: int | None = None
    write_consistency_factor: int | None = None
    version: int = VERSION
    single: tuple[str, ...] = ()

    @classmethod
    def for_space(
        cls,
        space: EmbeddingSpace,
        *,
        modalities: Iterable[str] | None = None,
        quantization: Quantization | None = None,
        on_disk: bool = False,
        shard_number: int | None = None,
        replication_factor: int | None = None,
        write_consistency_factor: int | None = None,
        single: Iterable[str] = (),
    ) -> CollectionSchema:
        """Lay out a collection for the vectors of one space.

        Raises:
            StoreFormatError: No modality, a name that is none, or an unknown quantization.
        """
        names = tuple(sorted(set(Percept.modalities if modalities is None else modalities)))
        if not names or not all(isinstance(name, str) and name.isidentifier() for name in names):
            raise StoreFormatError(
                f"modalities={names!r}", "at least one plain name", 'write ["text", "image"]'
            )
        alone = tuple(sorted(set(single)))
        if not set(alone) <= set(names):
            raise StoreFormatError(
                f"single={alone!r}", f"some of {', '.join(names)}", 'write single=["text"]'
            )
        if quantization not in (None, "int8", "binary"):
            raise StoreFormatError(
                f"quantization={quantization!r}", 'None, "int8" or "binary"', "choose one"
            )
        return cls(
            space,
            names,
            quantization=quantization,
            on_disk=on_disk,
            shard_number=shard_number,
            replication_factor=replication_factor,
            write_consistency_factor=write_consistency_factor,
            single=alone,
        )

    def create(self, client: QdrantClient, name: str = "sensorium") -> None:
        """Create the collection, its indexes and its metadata with any client.

        Raises:
            StoreUnavailableError: The server cannot be reached, or refused.
            StoreFormatError: There is a collection of that name.
        """
        from sensorium.qdrant.client.schema import create_collection

        create_collection(client, name, self)

    @staticmethod
    def add_modality(client: QdrantClient, collection: str, name: str) -> CollectionSchema:
        """Add a named vector to a collection that is there; nothing happens if it has it.

        Args:
            client: Of any kind.
            collection: Its name.
            name: Of the modality, a plain word; points that are there stay as they are.
        Returns:
            The schema of the collection as it is now.
        Raises:
            StoreFormatError: No collection of that name, not one of Sensorium's, or not a word.
            SchemaVersionError: It was made by another version of the layout.
            StoreUnavailableError: The server cannot be reached, or refused.
        """
        from sensorium.qdrant.client.schema import add_modality, read_schema

        schema = read_schema(client, collection)
        if schema is None:
            raise StoreFormatError(
                f"the collection {collection!r}, which is not there",
                "one that Sensorium made",
                "make it first: CollectionSchema.for_space(...).create(client, name)",
            )
        return add_modality(client, collection, schema, name)

    def with_modality(self, name: str) -> CollectionSchema:
        """Return the schema with one more modality; itself if it has it."""
        if name in self.modalities:
            return self
        return replace(self, modalities=tuple(sorted({*self.modalities, name})))

    def check(self, space: EmbeddingSpace, place: str) -> None:
        """Refuse to mix two spaces, and to write windows where there is room for one vector.

        Raises:
            SpaceMismatchError: The collection was made by another space than `space`.
            StoreFormatError: It was laid out for another program than a memory.
        """
        if self.single:
            raise StoreFormatError(
                f"{place}, which holds single vectors of {', '.join(self.single)}",
                "one vector a window, as a memory writes them",
                "give the memory a collection of its own, made without single=",
            )
        if self.space != space:
            raise SpaceMismatchError(
                f"{place}, which holds vectors of {self.space.id}, with an encoder of {space.id}",
                "one space: two encoders' vectors cannot be compared",
                _remedy(self.space),
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the schema JSON-ready; `from_dict` reads it back."""
        lists = {"modalities": list(self.modalities), "single": list(self.single)}
        return {**asdict(self), **lists}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any], *, place: str) -> CollectionSchema:
        """Read what `to_dict` returned.

        Args:
            fields: Perhaps of another version of Sensorium.
            place: Names the collection in messages.
        Raises:
            SchemaVersionError: A newer layout than this version knows.
            StoreFormatError: Not a schema.
        """
        try:
            _check_version(int(fields["version"]), place)  # first: all else may have changed
            space = EmbeddingSpace(**fields["space"])
            rest = {key: fields[key] for key in cls.__dataclass_fields__ if key in fields}
            names, single = tuple(fields["modalities"]), tuple(fields.get("single", ()))
            return cls(**{**rest, "space": space, "modalities": names, "single": single})
        except SchemaVersionError:  # a ValueError, too
            raise
        except (LookupError, TypeError, ValueError, OverflowError) as error:
            raise StoreFormatError(
                f"{place}, whose schema cannot be read ({error})",
                "the schema Sensorium wrote",
                "restore it from a copy, or export and import the memory",
            ) from error


def _check_version(version: int, place: str) -> None:
    if version != VERSION:
        raise SchemaVersionError(
            f"{place}, which has the layout of version {version}",
            f"version {VERSION}, which this release reads and writes",
            "run: sensorium export with the release that wrote it, then sensorium import"
            if version < VERSION
            else "run: pip install --upgrade sensorium",
        )


def _remedy(space: EmbeddingSpace) -> str:
    """Say how a collection of a space is opened: by name, or by whoever made the encoder."""
    if space.model in encoder_names():
        return f"open it with encoder={space.model!r}, or re-embed it: Memory.reembed"
    return (
        f"open it with the encoder or embedding that made it ({space.model}), re-embed it: "
        "Memory.reembed, or begin another memory in another place"
    )
