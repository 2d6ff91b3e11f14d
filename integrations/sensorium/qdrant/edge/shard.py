"""A shard of Qdrant Edge as Sensorium lays it out: its named vectors, its indexes, its filters."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import qdrant_edge as edge
from qdrant_edge import UpdateOperation

from sensorium.encoders.forking import finalize, mind_forks
from sensorium.errors import PointError, StoreError, StoreFullError
from sensorium.percepts.percept import is_still
from sensorium.qdrant.durability import sync_tree
from sensorium.qdrant.edge.aside import set_log_aside
from sensorium.qdrant.edge.closing import close_engine, close_left, leave_to_parent
from sensorium.qdrant.edge.failures import translating_errors
from sensorium.qdrant.edge.filters import translated
from sensorium.qdrant.edge.folder import CONFIG
from sensorium.qdrant.edge.headers import check_headers
from sensorium.qdrant.edge.indexes import PayloadIndexes
from sensorium.qdrant.edge.indexing import has_these_sizes, index_shard
from sensorium.qdrant.edge.room import (
    check_flushing,
    check_indexing,
    check_making,
    check_opening,
)
from sensorium.qdrant.filters import Filter
from sensorium.qdrant.points import Payload
from sensorium.qdrant.schema import (
    CollectionSchema,
    Quantization,
)
from sensorium.qdrant.system_errors import NO_ROOM

# Edge wants a vector to begin with; a sparse one that is empty costs nothing
PLACEHOLDER = "none"


class Shard:
    """An open shard, and what is known of its points. One thread at a time may use it.

    Attributes:
        folder: Folder of the memory.
        name: Name of the shard's own folder within it.
        schema: Layout of the collection.
        engine: Edge's object.
        indexes: Its payload indexes.
        is_indexed: Whether a search may be led by a graph; where it is not, all points are scanned.
        modalities: Modalities that have a named vector. The others of the schema get theirs when
            they are first written, since each named vector costs its full size for every point.
    """

    def __init__(self, folder: Path, name: str, schema: CollectionSchema) -> None:
        """Open the shard, or make it where its folder is not there.

        Raises:
            StoreFormatError: The shard is damaged.
            StoreLockedError: Another process opened the shard itself.
            StoreFullError: The disk has no room for what Edge maps.
        """
        self.folder = folder
        self.name = name
        self.schema = schema
        mind_forks(self)
        self._use((_load if self.place.exists() else _make)(folder, name, schema))
        with _opening(folder):
            self.modalities = _named_vectors(self.place)
            self._has_parts, self._has_expiry = self._keys_in_use()
        self._set_log_aside()

    def after_fork(self) -> None:
        """Leave the engine to the parent, in a forked child."""
        leave_to_parent(self.place, self.__dict__.get("engine"))

    @property
    def place(self) -> Path:
        """Folder of the shard's own files."""
        return self.folder / self.name

    def translated(self, filter: Filter) -> edge.Filter:
        """Translate a filter, without the conditions that every point of the shard fulfils.

        Such a condition would cost more than the search itself.
        """
        expiry = filter.alive_at is not None and self._has_expiry
        if expiry:
            alone = Filter(filter.owner, alive_at=filter.alive_at, parts=True)
            expiry = self._count(edge.Filter(must=translated(alone).must_not)) > 0
        decided = self.indexes.without_missing(filter)
        whose = self.indexes.whose(filter)
        return translated(decided, whose=whose, expiry=expiry, parts=self._has_parts)

    def vector_names(self, vectors: bool | Sequence[str]) -> bool | list[str]:
        """Return the named vectors to read, without those that the shard does not have."""
        if vectors is False:
            return False
        names = self.modalities if vectors is True else self.modalities.intersection(vectors)
        return sorted(names) or False

    def add_named_vectors(self, modalities: Iterable[str]) -> None:
        """Make the named vectors that are written for the first time.

        Raises:
            PointError: The schema does not have the modality.
        """
        for modality in set(modalities) - self.modalities:
            if modality not in self.schema.modalities:
                raise PointError(
                    f"a vector of the modality {modality!r}",
                    f"one of {', '.join(self.schema.modalities)}",
                    f"add it to the collection first: add_modality({modality!r})",
                )
            self.engine.update(
                UpdateOperation.create_dense_vector(
                    modality,
                    self.schema.space.dimension,
                    edge.Distance.Cosine,
                    multivector_config=_multivector(modality),
                    datatype=edge.VectorStorageDatatype.Float16,
                )
            )
            self.modalities.add(modality)

    def note(self, payloads: Sequence[Payload]) -> None:
        """Note payloads before they are written: conditions may then leave points out."""
        self.indexes.note(payloads)
        self._has_parts = self._has_parts or any("part_of" in each for each in payloads)
        self._has_expiry = self._has_expiry or any("expires_at" in each for each in payloads)

    def migrate(self) -> None:
        """Make the indexes that an earlier release did not make for what it wrote."""
        with _opening(self.folder):
            self.indexes.migrate(self._has_any)
            self._has_parts, self._has_expiry = self._keys_in_use()

    def flush(self) -> None:
        """Make what was written safe against loss of power.

        Raises:
            StoreFullError: The disk has no room for that; nothing was begun, and nothing is lost.
        """
        check_flushing(self.place)
        self.engine.flush()
        self._set_log_aside()

    def close(self) -> None:
        """Flush and close, the latter as soon as the disk has room; the second call does nothing.

        Raises:
            StoreError: Edge failed.
        """
        with translating_errors(f"the memory {str(self.folder)!r}"):
            self._closing()

    @property
    def is_open(self) -> bool:
        """Whether the engine is open: at the end of a process it may be closed first."""
        return self._closing.alive

    def index(self, lock: int | None) -> bool:
        """Index new points; return whether there was anything to gain.

        Args:
            lock: Descriptor of the lock of the memory's folder.
        Raises:
            StoreError: The process that indexes failed.
            StoreFullError: The disk has no room for a second copy; nothing was begun.
        """
        check_indexing(self.place)
        most = max(self._vector_counts(), default=0)
        self.flush()
        self.close()
        try:
            copies = self.schema.quantization is None  # else it was made with its own
            return index_shard(
                self.place, lock, placeholder=PLACEHOLDER, copies=copies, vectors=most
            )
        finally:
            self._use(_load(self.folder, self.name, self.schema))

    def unindexed(self) -> int:
        """Return about how many vectors `index` has to look at, of all owners and modalities.

        These are the new ones; in a shard that an earlier release indexed, all.
        """
        counts = self._vector_counts()
        is_kept = has_these_sizes(self.place, max(counts, default=0))
        done = self.engine.info().indexed_vectors_count if is_kept else 0
        return max(0, sum(counts) - done)

    def _vector_counts(self) -> list[int]:
        """Return how many points have a vector of each modality."""
        return [
            self._count(edge.Filter(must=[edge.HasVectorCondition(name)]))
            for name in self.modalities
        ]

    def _use(self, engine: edge.EdgeShard) -> None:
        """Use an engine; it is closed with this shard, when nobody uses that, or at exit."""
        self.engine, self.indexes = engine, PayloadIndexes(engine)
        self.is_indexed = engine.info().indexed_vectors_count > 0
        self._closing = finalize(self, close_engine, self.place, engine)

    def _keys_in_use(self) -> tuple[bool, bool]:
        """Return whether points are parts and expire, so that `translated` must mind them."""
        return self._has_indexed("part_of"), self._has_indexed("expires_at")

    def _has_indexed(self, field: str) -> bool:
        """Return whether any point has a field, without looking at a million that have no index."""
        return field not in self.indexes.missing and self._has_any(field)

    def _has_any(self, field: str) -> bool:
        """Return whether any point has a field."""
        return self._count(edge.Filter(must_not=[edge.IsEmptyCondition(field)])) > 0

    def _count(self, filter: edge.Filter) -> int:
        # Edge's estimate subtracts deleted points, and may say 0 where there are some
        return self.engine.count(edge.CountRequest(exact=True, filter=filter))

    def _set_log_aside(self) -> None:
        """Set aside what deletions on a full disk will need, while there is room for it."""
        try:
            set_log_aside(self.place)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise


def holds_points(place: Path) -> bool:
    """Return whether a shard that nobody has open holds points; one that is half made does not.

    Args:
        place: Folder of the shard.
    Raises:
        StoreFullError: The disk has no room to look.
    """
    if not (place / CONFIG).exists():
        return False
    try:
        with _opening(place.parent):
            check_headers(place)
            check_opening(place)
            engine = edge.EdgeShard.load(str(place))
            count = engine.count(edge.CountRequest(exact=True))
            close_engine(place, engine)
    except StoreFullError:
        raise
    except StoreError:  # it may hold points all the same
        return True
    return count > 0


def _load(folder: Path, name: str, schema: CollectionSchema) -> edge.EdgeShard:
    """Open a shard that is there."""
    place = folder / name
    with _opening(folder):
        close_left(place)
        check_headers(place)
        check_opening(place)
        return edge.EdgeShard.load(str(place), _recover_config(place, schema))


def _make(folder: Path, name: str, schema: CollectionSchema) -> edge.EdgeShard:
    """Make a shard with its payload indexes; it is safe against loss of power from then on."""
    place = folder / name
    with _opening(folder):
        check_making(folder)
        place.mkdir()
        config = edge.EdgeConfig(
            sparse_vectors={PLACEHOLDER: edge.EdgeSparseVectorParams()},
            quantization_config=_quantization(schema.quantization),
        )
        engine = edge.EdgeShard.create(str(place), config)
        PayloadIndexes(engine).begin()
        engine.flush()
        sync_tree(place)
        return engine


def _opening(folder: Path) -> AbstractContextManager[None]:
    """Turn the errors of an opening into ours."""
    return translating_errors(f"the memory {str(folder)!r}", opening=True)


def _named_vectors(place: Path) -> set[str]:
    """Read which named vectors a shard has."""
    config: dict[str, Any] = json.loads((place / CONFIG).read_text("utf-8"))
    return set(config.get("vectors") or {})


def _recover_config(place: Path, schema: CollectionSchema) -> edge.EdgeConfig | None:
    """Return the configuration of a shard whose process died while it made a named vector.

    Its segments have the vector and its configuration does not; Edge refuses to open it so.

    Returns:
        `None` where nothing is missing.
    """
    in_segments = [
        set(json.loads(file.read_text("utf-8"))["config"]["vector_data"])
        for file in (place / "segments").glob("*/segment.json")
    ]
    names = _named_vectors(place).union(*in_segments)
    if names == _named_vectors(place):
        return None
    vectors = {
        name: edge.EdgeVectorParams(
            size=schema.space.dimension,
            distance=edge.Distance.Cosine,
            multivector_config=_multivector(name),
            datatype=edge.VectorStorageDatatype.Float16,
        )
        for name in names
    }
    return edge.EdgeConfig(
        vectors=vectors,
        sparse_vectors={PLACEHOLDER: edge.EdgeSparseVectorParams()},
        quantization_config=_quantization(schema.quantization),
    )


def _multivector(modality: str) -> edge.MultiVectorConfig | None:
    return None if is_still(modality) else edge.MultiVectorConfig(edge.MultiVectorComparator.MaxSim)


def _quantization(kind: Quantization | None) -> Any:
    if kind == "int8":
        return edge.ScalarQuantizationConfig(edge.ScalarType.Int8, memory=edge.Memory.Pinned)
    if kind == "binary":
        return edge.BinaryQuantizationConfig(memory=edge.Memory.Pinned)
    return None
