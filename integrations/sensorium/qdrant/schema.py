"""The layout of a collection: one point a memory, one named vector a modality."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from sensorium.encoders import EmbeddingSpace, encoder_names
from sensorium.encoders.functions import EXTERNAL
from sensorium.encoders.probe import probe_from_text, probe_to_text
from sensorium.errors import SchemaVersionError, SpaceMismatchError, StoreFormatError, show
from sensorium.percepts import Percept

VERSION = 2  # of the payload and the named vectors; see docs/schema.md
READABLE = frozenset({1, VERSION})  # versions whose points are read as they are
ROWS = 1023  # windows a point holds at most: Qdrant takes 2**20 numbers, at 1024 dimensions
ROWS_IN_ALL = 2046  # windows of all modalities of a point: as JSON 24 MiB; a server takes 32
PROBE_KEY = "probe"  # of a written schema: the space's probe
METADATA = "sensorium"  # key of the collection's metadata under which a schema is kept

FLAGS = "flags"
KEYWORDS = (
    *("modalities", "tags", "source", FLAGS, "hashes", "part_of", "provenance"),
    *("supersedes", "superseded_by", "version_of"),
)
TIMES = ("at", "until", "created_at", "expires_at")
TENANT, TEXT = "owner", "page_content"
TAGS, VERSION_OF = "tags", "version_of"
PLACE_ID, PLACE_TAG, PLACE_RADIUS = "place:", "place", "radius"  # of a record that names a place
AT, CREATED = "at", "created_at"  # the latter is stored only where it is another time
PLACE, POSE = "place", "pose"
FRAME, AXES = "pose.frame", ("pose.x", "pose.y", "pose.z")  # fields of poses with an index

TEXT_KEY, TEXTS_KEY, TIME_KEY = "text", "list of text", "time"
NUMBER_KEY, FLOAT_KEY = "integer", "float"
OBJECT_KEY, OBJECTS_KEY = "object", "list of objects"
PAYLOAD = {  # every key of a payload and what its value is; see docs/schema.md
    "owner": TEXT_KEY,
    **dict.fromkeys(TIMES, TIME_KEY),
    "modalities": TEXTS_KEY,
    "tags": TEXTS_KEY,
    "source": TEXT_KEY,
    "place": OBJECT_KEY,
    "pose": OBJECT_KEY,
    "digest": TEXTS_KEY,
    "origin": TEXTS_KEY,
    "page_content": TEXT_KEY,
    "metadata": OBJECT_KEY,
    "flags": TEXTS_KEY,
    "media": OBJECTS_KEY,
    "hashes": TEXTS_KEY,
    "windows": OBJECT_KEY,
    "id": TEXT_KEY,
    "parts": NUMBER_KEY,
    "rows": OBJECT_KEY,
    "part_of": TEXT_KEY,
    "part": NUMBER_KEY,
    "written": NUMBER_KEY,
    "found": OBJECTS_KEY,
    "enriched": TEXTS_KEY,
    "supersedes": TEXTS_KEY,
    "superseded_by": TEXTS_KEY,
    "superseded_until": TIME_KEY,
    "version_of": TEXT_KEY,
    "provenance": TEXT_KEY,
    "salience": FLOAT_KEY,
}

Quantization: TypeAlias = Literal["int8", "binary"]
# Points that a search measures again with the vectors, for each that it wants: the coarser the
# copies in which they were found, the more. Of a million, 1.5 of int8 lose .04 of the nearest ten,
# 3 lose none and take no longer.
MEASURED_AGAIN: dict[Quantization, float] = {"int8": 3.0, "binary": 4.0}


@dataclass(frozen=True)
class CollectionSchema:
    """What a collection is made with, and what is checked when it is opened.

    Attributes:
        space: The embedding space of all its vectors.
        modalities: The names of its vectors, one a modality, sorted.
        quantization: `"int8"` keeps a quarter of the bytes in memory, `"binary"` a thirty-second;
            results are rescored with the vectors on disk. `None` compares the float16 vectors.
        on_disk: Keep vectors on disk rather than in memory (a server's choice; Edge maps files).
        shard_number: Number of shards in a cluster.
        replication_factor: Number of copies of each shard in a cluster.
        write_consistency_factor: Number of copies that must acknowledge a write.
        version: Version of the layout.
        single: Modalities with one vector a point, not one a window, for programs that write such
            vectors. A memory refuses to open such a collection.
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
            StoreFormatError: No modality, a modality that is not a plain word, or an unknown
                quantization.
        """
        names = tuple(sorted(set(Percept.modalities if modalities is None else modalities)))
        if not names or not all(isinstance(name, str) and name.isidentifier() for name in names):
            raise StoreFormatError(
                f"modalities={show(names)}", "at least one plain name", 'write ["text", "image"]'
            )
        single_names = tuple(sorted(set(single)))
        if not set(single_names) <= set(names):
            raise StoreFormatError(
                f"single={single_names!r}", f"some of {', '.join(names)}", 'write single=["text"]'
            )
        if quantization not in (None, "int8", "binary"):
            raise StoreFormatError(
                f"quantization={show(quantization)}", 'None, "int8" or "binary"', "choose one"
            )
        return cls(
            space,
            names,
            quantization=quantization,
            on_disk=on_disk,
            shard_number=shard_number,
            replication_factor=replication_factor,
            write_consistency_factor=write_consistency_factor,
            single=single_names,
        )

    def with_modality(self, name: str) -> CollectionSchema:
        """Return a schema with one more modality, or this one if it has it."""
        if name in self.modalities:
            return self
        return replace(self, modalities=tuple(sorted({*self.modalities, name})))

    def migrated(self) -> CollectionSchema:
        """Return the schema in this release's version, or this one if it is that already."""
        return self if self.version == VERSION else replace(self, version=VERSION)

    def with_probe_of(self, space: EmbeddingSpace) -> CollectionSchema:
        """Return a schema that knows the model by its probe, too, or this one if it does.

        Args:
            space: The space of an encoder that may use the collection; see `check`.
        """
        if self.space.probe is not None or space.probe is None:
            return self
        return replace(self, space=replace(self.space, probe=space.probe))

    def check(self, space: EmbeddingSpace, place: str) -> None:
        """Check that a memory with an encoder of `space` can use the collection.

        Args:
            space: The encoder's space.
            place: Name of the collection in messages.
        Raises:
            SpaceMismatchError: The collection holds vectors of another space.
            StoreFormatError: The collection has room for one vector where a memory writes one a
                window: it was made for another program.
        """
        if self.single:
            raise StoreFormatError(
                f"{place}, which holds single vectors of {', '.join(self.single)}",
                "one vector a window, as a memory writes them",
                "give the memory a collection of its own, made without single=",
            )
        if not self.space.agrees(space):
            likeness = self.space.likeness(space)
            measured = (
                f" (another {_difference(self.space, space)})"
                if likeness is None
                else f": their vectors of one sentence differ, cosine {likeness:.2f}"
            )
            raise SpaceMismatchError(
                f"{place}, which holds vectors of {self.space.id}, with an encoder of {space.id}"
                f"{measured}",
                "one space: two encoders' vectors cannot be compared",
                _remedy(self.space),
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the schema as a JSON-ready dictionary, which `from_dict` reads."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        lists = {"modalities": list(self.modalities), "single": list(self.single)}
        probe = self.space.probe
        probes = {} if probe is None else {PROBE_KEY: probe_to_text(probe)}
        return {**fields, "space": self.space.to_dict(), **lists, **probes}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any], *, place: str) -> CollectionSchema:
        """Read what `to_dict` returned, perhaps in another version of Sensorium.

        Args:
            fields: The dictionary.
            place: Name of the collection in messages.
        Raises:
            SchemaVersionError: The layout has another version than this release reads.
            StoreFormatError: The dictionary is not a schema.
        """
        try:
            # The version is read first: in another one all else may have changed
            _check_version(int(fields["version"]), place)
            space = EmbeddingSpace(**fields["space"])
            if PROBE_KEY in fields:  # beside the space, whose fields earlier releases know
                probe = probe_from_text(fields[PROBE_KEY], space.dimension)
                space = replace(space, probe=probe)
            rest = {key: fields[key] for key in cls.__dataclass_fields__ if key in fields}
            names, single = tuple(fields["modalities"]), tuple(fields.get("single", ()))
            if not all(isinstance(name, str) for name in (*names, *single)):
                raise ValueError(f"modalities {show(names)}")
            return cls(**{**rest, "space": space, "modalities": names, "single": single})
        except SchemaVersionError:  # which is a ValueError, too
            raise
        except (LookupError, TypeError, ValueError, OverflowError) as error:
            raise StoreFormatError(
                f"{place}, whose schema cannot be read ({error})",
                "the schema Sensorium wrote",
                "restore it from a copy, or export and import the memory",
            ) from error


def _check_version(version: int, place: str) -> None:
    if version not in READABLE:
        raise SchemaVersionError(
            f"{place}, which has the layout of version {version}",
            f"version {VERSION} or earlier, which this release reads",
            "run: sensorium export with the release that wrote it, then sensorium import"
            if version < VERSION
            else "run: pip install --upgrade sensorium",
        )


def _difference(stored: EmbeddingSpace, given: EmbeddingSpace) -> str:
    """Name what is not the same in two spaces; prompts are a part of the preprocessing."""
    fields, others = stored.to_dict(), given.to_dict()
    return ", ".join(name for name in fields if fields[name] != others[name])


def _remedy(space: EmbeddingSpace) -> str:
    """Return what to do about a collection of another space: name its encoder, if it has one."""
    if space.model in encoder_names():
        return f"open it with encoder={space.model!r}, or re-embed it: Memory.reembed"
    same = (
        f' (or, if this is that model under another name, with model="{space.model}")'
        if space.weights == EXTERNAL and space.probe is None
        else ""
    )
    return (
        f"open it with the encoder or embedding that made it ({space.model}){same}, re-embed it: "
        "Memory.reembed, or begin another memory in another place"
    )
