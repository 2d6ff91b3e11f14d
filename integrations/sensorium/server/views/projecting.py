"""All records on a plane: the two directions in which their vectors differ most."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Unpack

from sensorium.encoders import normalise
from sensorium.memory import Filters, Memory
from sensorium.qdrant import Condition, Filter, StoredPoint

MOST_POINTS = 20_000  # records on a plane; of more, as many are chosen at random
PAGE = 1_000  # records whose descriptions are read together
ROWS = 4_096  # windows whose vectors are read together: 16 MiB at 1024 dimensions
KEYS = ("id", "modalities", "windows")  # of a record, which say where its vector is
TURNS = 16  # of the iteration that finds the directions
SPARE = 6  # directions followed beside the two, so that the two are found sooner
SEED = 20  # the same records give the same plane


class Directions(NamedTuple):
    """Where vectors lie on a plane.

    Attributes:
        places: `(N, 2)` float32.
        explained: Shares of the spread that the two directions have.
    """

    places: NDArray[np.float32]
    explained: tuple[float, float]


@dataclass(frozen=True)
class PlanePoint:
    """A record on the plane.

    Attributes:
        id: Id of the record.
        modality: The modality whose vectors place it.
        x: Place along the first direction.
        y: Place along the second.
    """

    id: str
    modality: str
    x: float
    y: float


@dataclass(frozen=True)
class Plane:
    """Records on a plane.

    Attributes:
        points: The records.
        sampled: Whether some were chosen at random.
        explained: Shares of the spread that the two directions have.
    """

    points: Sequence[PlanePoint]
    sampled: bool
    explained: tuple[float, float]


def plane_of(memory: Memory, *, limit: int = MOST_POINTS, **filters: Unpack[Filters]) -> Plane:
    """Lay a memory's records out on a plane, in bounded time and memory.

    Each modality is centred on its own mean, so that a bark lies beside a dog, not beside a flute.

    Args:
        memory: The memory.
        limit: Largest number of records; of more, as many are chosen at random.
        filters: Which records; see `Filters`.
    Raises:
        FilterError: A filter is wrong; see `Filters`.
    """
    found, sampled = _chosen(memory, memory._conditions("plane", filters), limit)
    names = [point.payload.get("id", point.id) for point in found]
    shown = [_shown_modality(point) for point in found]
    vectors, present = _vectors(memory, found, shown)
    kept = [index for index in range(len(found)) if present[index]]
    modalities = [shown[index] for index in kept]
    directions = principal(_centred(vectors[kept], modalities))
    points = [
        PlanePoint(names[index], shown[index], float(x), float(y))
        for index, (x, y) in zip(kept, directions.places, strict=True)
    ]
    return Plane(points, sampled, directions.explained)


def principal(vectors: NDArray[np.float32]) -> Directions:
    """Project vectors on the two directions in which they differ most, their principal components.

    Found by subspace iteration, which reads the vectors a fixed number of times.

    Args:
        vectors: Centred vectors, `(N, D)`. Not modified.
    """
    count, dimension = vectors.shape
    total = float(np.square(vectors, dtype=np.float64).sum())
    if count < 2 or total == 0:
        return Directions(np.zeros((count, 2), np.float32), (0.0, 0.0))
    size = min(2 + SPARE, dimension)
    basis = np.linalg.qr(np.random.default_rng(SEED).normal(size=(dimension, size)))[0]
    for _ in range(TURNS):
        spread = vectors.T @ (vectors @ basis.astype(np.float32))  # (D, k)
        basis = np.linalg.qr(spread.astype(np.float64))[0]
    within = vectors @ basis.astype(np.float32)  # (N, k)
    _, lengths, turns = np.linalg.svd(within.astype(np.float64), full_matrices=False)
    axes = basis @ turns.T[:, :2]  # (D, 2)
    axes = np.pad(axes, ((0, 0), (0, 2 - axes.shape[1])))
    # Of the two signs that an axis may have, the one whose largest part is positive
    axes *= np.where(axes[np.abs(axes).argmax(axis=0), [0, 1]] < 0, -1, 1)
    shares = [*(np.square(lengths[:2]) / total), 0.0][:2]
    return Directions(
        (vectors @ axes.astype(np.float32)).astype(np.float32), (float(shares[0]), float(shares[1]))
    )


def _centred(vectors: NDArray[np.float32], modalities: Sequence[str]) -> NDArray[np.float32]:
    centred = vectors.copy()
    named = np.array(modalities)
    for modality in set(modalities):
        of = named == modality
        centred[of] -= centred[of].mean(axis=0)
    return centred


def _chosen(
    memory: Memory, condition: Condition | None, limit: int
) -> tuple[list[StoredPoint], bool]:
    """Return the records to show, without their vectors, and whether they were chosen."""
    alive = Filter(memory.owner, condition, alive_at=datetime.now(timezone.utc))
    backend = memory.backend
    count = backend.count(alive)
    if count <= limit:
        return list(_scrolled(memory, alive, limit)), False
    counts = backend.facet("modalities", alive, limit=100)
    total = sum(counts.values()) or 1
    chosen: dict[str, StoredPoint] = {}
    for modality, number in counts.items():
        share = math.ceil(limit * number / total)
        sample = backend.sample(modality, alive, limit=share, payload=KEYS, vectors=False)
        chosen.update((point.id, point) for point in sample)
    return list(chosen.values())[:limit], True


def _scrolled(memory: Memory, alive: Filter, limit: int) -> Iterator[StoredPoint]:
    cursor, left = None, limit
    while left > 0:
        page = memory.backend.scroll(alive, limit=min(PAGE, left), cursor=cursor, payload=KEYS)
        yield from page.points
        cursor, left = page.cursor, left - len(page.points)
        if cursor is None:
            return


def _shown_modality(point: StoredPoint) -> str:
    """Return the modality that places a record: a picture with a caption is a picture."""
    names: Sequence[str] = point.payload.get("modalities", ())
    return next((name for name in names if name != "text"), names[0] if names else "")


def _vectors(
    memory: Memory, found: Sequence[StoredPoint], modalities: Sequence[str]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Read the mean vector of each record, `(N, D)`, and say which have one."""
    vectors = np.zeros((len(found), memory.encoder.space.dimension), np.float32)
    present = np.zeros(len(found), bool)
    index_of = {point.id: index for index, point in enumerate(found)}
    for modality in sorted(set(modalities) - {""}):
        of = [p for p, name in zip(found, modalities, strict=True) if name == modality]
        for batch in _batches(of, modality):
            read = memory.backend.retrieve(
                batch, owner=memory.owner, payload=False, vectors=[modality]
            )
            for point in read:
                rows = point.vectors.get(modality)
                if rows is not None and len(rows):
                    index = index_of[point.id]
                    vectors[index], present[index] = normalise(rows.mean(axis=0)), True
    return vectors, present


def _batches(points: Sequence[StoredPoint], modality: str) -> Iterator[list[str]]:
    """Yield ids of which few enough windows are read together."""
    batch: list[str] = []
    rows = 0
    for point in points:
        windows = point.payload.get("windows", {})
        of = windows.get(modality, 1) if isinstance(windows, dict) else 1
        if batch and rows + of > ROWS:
            yield batch
            batch, rows = [], 0
        batch.append(point.id)
        rows += of
    if batch:
        yield batch
