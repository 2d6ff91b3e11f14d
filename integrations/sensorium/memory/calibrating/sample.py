"""A random sample of a collection's rows, and the file that keeps it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any, ClassVar
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from sensorium.qdrant.durability import write_whole
from sensorium.qdrant.regular_files import open_regular_file

ROWS = "rows."  # prefix of a modality's name, in the file
NUMBERS = "numbers"  # in the file: JSON as bytes, {"total", "counts", "shares", "mark"}
# What reading a damaged file raises: the zip archive, an .npy member, the JSON, and numbers of the
# wrong kind each raise errors of their own.
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
UNIT_TOLERANCE = 1e-2  # largest error in the length of a unit vector that was stored as float16


@dataclass(frozen=True, eq=False)
class Sample:
    """Random rows of a collection, and how many points it had when they were drawn.

    Attributes:
        rows: Rows by modality, shape `(n, D)`, float32, unit length: one random row from each of n
            random points.
        counts: Number of points that had a modality.
        shares: Rows of a modality that a point has on average; 1 where that is not said.
        total: Number of all points.
        mark: Mark of the removals before it was drawn, see `Removals`.
    """

    rows: Mapping[str, NDArray[np.float32]] = field(repr=False)
    counts: Mapping[str, int]
    total: int = 0
    mark: str = ""
    shares: Mapping[str, float] = field(default_factory=dict)

    EMPTY: ClassVar[Sample]

    def save(self, path: Path) -> None:
        """Write the sample, rows as float16; the file is replaced whole or not at all.

        Raises:
            OSError: The disk is full, or the directory does not exist.
        """
        numbers = {
            "total": self.total,
            "counts": dict(self.counts),
            "shares": dict(self.shares),
            "mark": self.mark,
        }
        arrays: dict[str, Any] = {
            ROWS + name: rows.astype(np.float16) for name, rows in self.rows.items()
        }
        arrays[NUMBERS] = np.frombuffer(json.dumps(numbers).encode(), dtype=np.uint8)
        content = io.BytesIO()
        np.savez(content, **arrays)
        write_whole(path, content.getvalue())

    @classmethod
    def load(cls, path: Path) -> Sample | None:
        """Read a sample; return `None` if the file is missing or damaged.

        A damaged file is no error, because another sample can be drawn.
        """
        try:
            with open_regular_file(path) as file, np.load(file, allow_pickle=False) as archive:
                numbers = json.loads(archive[NUMBERS].tobytes())
                rows = {
                    key.removeprefix(ROWS): archive[key].astype(np.float32)
                    for key in archive.files
                    if key.startswith(ROWS)
                }
            counts = {name: int(count) for name, count in numbers["counts"].items()}
            shares = {name: float(share) for name, share in numbers["shares"].items()}
            total, mark = int(numbers["total"]), str(numbers.get("mark", ""))
        except DAMAGE:
            return None
        sample = cls(rows, counts, total, mark, shares)
        return sample if sample._is_sound() else None

    def _is_sound(self) -> bool:
        """Return whether all rows are unit vectors of one dimension and no count is negative."""
        return (
            all(rows.ndim == 2 for rows in self.rows.values())
            and len({rows.shape[1] for rows in self.rows.values()}) <= 1
            and all(
                (np.abs(np.linalg.norm(rows, axis=1) - 1) < UNIT_TOLERANCE).all()
                for rows in self.rows.values()
            )
            and min(self.total, *self.counts.values(), 0) >= 0
            and all(1 <= share < inf for share in self.shares.values())
        )


Sample.EMPTY = Sample({}, {})
