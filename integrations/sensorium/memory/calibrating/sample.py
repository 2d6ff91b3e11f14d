"""What a collection looks like when nothing in particular is asked for: a sample of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, ClassVar
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders import Background
from sensorium.encoders.background import Pair

ROWS = "rows."  # before the name of a modality, in the file
NUMBERS = "numbers"  # in the file: JSON as bytes, {"total": ..., "counts": {modality: ...}}
ENOUGH = 64  # rows from which a sample can do without shipped statistics
PRIOR = 256  # rows that shipped statistics are worth, beside those of a sample
UNCOUNTED = 100  # points assumed where none were counted
NARROWEST = 1e-3  # least spread of scores, and least distance of a row from the centre
# what reading a damaged archive raises: of zip, of .npy, of JSON, and of numbers of the wrong kind
DAMAGE = (
    OSError,
    EOFError,
    BadZipFile,
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
)
UNIT_TOLERANCE = 1e-2  # rows that were float16 are at most this far from unit length


@dataclass(frozen=True, eq=False)
class Sample:
    """Random rows of a collection, and how much of each modality it held when they were drawn.

    Attributes:
        rows: Of each modality shape `(n, D)`, float32, unit length: one random row of each of n
            random points.
        counts: Points that had the modality.
        total: Points in all.
    """

    rows: Mapping[str, NDArray[np.float32]] = field(repr=False)
    counts: Mapping[str, int]
    total: int = 0

    EMPTY: ClassVar[Sample]

    def save(self, path: Path) -> None:
        """Write the sample, rows as float16, whole or not at all.

        Raises:
            OSError: The disk is full, or the directory is not there.
        """
        numbers = {"total": self.total, "counts": dict(self.counts)}
        arrays: dict[str, Any] = {
            ROWS + name: rows.astype(np.float16) for name, rows in self.rows.items()
        }
        arrays[NUMBERS] = np.frombuffer(json.dumps(numbers).encode(), dtype=np.uint8)
        with NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
            try:
                np.savez(file, **arrays)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise

    @classmethod
    def load(cls, path: Path) -> Sample | None:
        """Read a sample; `None` if there is none or it is damaged, for another can be drawn."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                numbers = json.loads(archive[NUMBERS].tobytes())
                rows = {
                    key.removeprefix(ROWS): archive[key].astype(np.float32)
                    for key in archive.files
                    if key.startswith(ROWS)
                }
            counts = {name: int(count) for name, count in numbers["counts"].items()}
            total = int(numbers["total"])
        except DAMAGE:
            return None
        sample = cls(rows, counts, total)
        return sample if sample._is_sound() else None

    def _is_sound(self) -> bool:
        """Say whether rows are unit vectors of one dimension, and numbers are what they can be."""
        return (
            all(rows.ndim == 2 for rows in self.rows.values())
            and len({rows.shape[1] for rows in self.rows.values()}) <= 1
            and all(
                (np.abs(np.linalg.norm(rows, axis=1) - 1) < UNIT_TOLERANCE).all()
                for rows in self.rows.values()
            )
            and min(self.total, *self.counts.values(), 0) >= 0
        )


Sample.EMPTY = Sample({}, {})


@dataclass(frozen=True, eq=False)
class Stored:
    """What is known of one stored modality.

    Attributes:
        centre: Its mean vector, shape `(D,)`.
        length: Mean distance of its rows from the centre.
        rows: Sampled rows, centred and of unit length, shape `(n, D)`; n may be 0.
        points: How many points have the modality.
    """

    centre: NDArray[np.float32]
    length: float
    rows: NDArray[np.float32]
    points: int


def learn(background: Background | None, sample: Sample) -> dict[str, Stored]:
    """Blend shipped centres with those of a sample; what neither knows enough of is left out."""
    shipped = {} if background is None else background.centres
    known = dict.fromkeys([*shipped, *(n for n, r in sample.rows.items() if len(r) >= ENOUGH)])
    return {name: _learned(shipped.get(name), sample, name) for name in known}


def _learned(shipped: NDArray[np.float32] | None, sample: Sample, name: str) -> Stored:
    points = max(sample.counts.get(name, UNCOUNTED), 1)
    rows = sample.rows.get(name)
    if rows is None or not len(rows):
        centre = np.asarray(shipped, dtype=np.float32)
        length = sqrt(max(1 - float(centre @ centre), NARROWEST**2))  # root mean square
        return Stored(centre, length, np.empty((0, len(centre)), np.float32), points)
    centre = rows.mean(axis=0)
    if shipped is not None:
        centre = np.average([centre, shipped], axis=0, weights=[len(rows), PRIOR])
    away = rows - centre.astype(np.float32)
    lengths = np.maximum(np.linalg.norm(away, axis=1, keepdims=True), NARROWEST)
    return Stored(centre.astype(np.float32), float(lengths.mean()), away / lengths, points)


def unrelated_scores(scores: NDArray[np.float32], shipped: Pair | None) -> Pair:
    """Return mean and spread of unrelated scores, from a sample that holds related ones, too.

    Those are in the upper half, so only the median and the lower half are looked at.
    """
    if not len(scores):
        return shipped or Pair(0.0, 1.0)
    median = float(np.median(scores))
    below = np.minimum(scores - median, 0)
    variance = 2 * float(below @ below) / len(scores)
    if shipped is None:
        return Pair(median, sqrt(variance))
    share = len(scores) / (len(scores) + PRIOR)
    mean = share * median + (1 - share) * shipped.mean
    return Pair(mean, sqrt(share * variance + (1 - share) * shipped.spread**2))
