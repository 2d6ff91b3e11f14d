"""The points that one recall looks at, each read once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sensorium.qdrant import Backend
from sensorium.qdrant.filters import Shared
from sensorium.qdrant.points import StoredPoint, Vectors

# What ranking needs of a point. Of many, everything else is read of the hits alone; a few are read
# whole, which costs less than another request.
NEEDED = (
    *("part_of", "part", "parts", "modalities", "windows", "rows", "page_content", "at"),
    *("superseded_by", "superseded_until"),
)
FEW = 64


class PointReader:
    """Reads the payload that ranking needs, and knows which record each point belongs to."""

    def __init__(self, backend: Backend, owner: str, shared: Sequence[Shared] = ()) -> None:
        """Read from a store; nothing is read yet.

        Args:
            backend: Store of the points.
            owner: Owner of the points.
            shared: What others let the owner read.
        """
        self._backend = backend
        self._owner = owner
        self._shared = shared
        self._points: dict[str, StoredPoint] = {}
        self._rows: dict[tuple[str, str], Vectors | None] = {}  # by point and modality
        self._whole: set[str] = set()

    def __contains__(self, point: str) -> bool:
        """Return whether a point was read and exists."""
        return point in self._points

    def payload(self, point: str) -> Mapping[str, Any]:
        """Return the fields of a point, those in `NEEDED` at least."""
        return self._points[point].payload

    def keep(self, points: Iterable[StoredPoint | None]) -> None:
        """Keep whole points that a search read, and their rows."""
        found = [point for point in points if point is not None]
        self._points.update({point.id: point for point in found})
        self._whole.update(point.id for point in found)
        self._keep_rows(found)

    def read(self, ids: Iterable[str], *, vectors: Sequence[str] = ()) -> None:
        """Read points that were not read before, and the records that they continue.

        Args:
            ids: The points.
            vectors: Modalities whose rows are read in the same request.
        """
        missing = [point for point in dict.fromkeys(ids) if point not in self._points]
        while missing:
            points = self._read(missing, whole=len(missing) <= FEW, vectors=vectors)
            records = {point.payload["part_of"] for point in points if "part_of" in point.payload}
            missing = [record for record in records if record not in self._points]

    def read_whole(self, ids: Sequence[str]) -> dict[str, StoredPoint]:
        """Return points with all their fields; those that were removed meanwhile are left out."""
        if missing := [point for point in ids if point not in self._whole]:
            self._read(missing, whole=True)
        return {point: self._points[point] for point in ids if point in self._whole}

    def read_rows(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Read the rows of points in modalities, where they were not read before, in one request.

        Args:
            pairs: Points and modalities. All named modalities of all named points may be read.
        """
        missing = [pair for pair in pairs if pair not in self._rows]
        if not missing:
            return
        ids = list(dict.fromkeys(point for point, _ in missing))
        names = list(dict.fromkeys(name for _, name in missing))
        read = self._backend.retrieve(
            ids, owner=self._owner, payload=False, vectors=names, shared=self._shared
        )
        self._rows.update(dict.fromkeys(missing))
        self._keep_rows(read)

    def rows(self, point: str, modality: str) -> Vectors | None:
        """Return rows that were read, shape `(W, D)`; `None` if the point does not have them."""
        return self._rows.get((point, modality))

    def _keep_rows(self, points: Sequence[StoredPoint]) -> None:
        for point in points:
            self._rows.update({(point.id, name): rows for name, rows in point.vectors.items()})

    def _read(
        self, ids: Sequence[str], *, whole: bool, vectors: Sequence[str] = ()
    ) -> Sequence[StoredPoint]:
        points = self._backend.retrieve(
            ids,
            owner=self._owner,
            payload=True if whole else NEEDED,
            vectors=list(vectors) or False,
            shared=self._shared,
        )
        self._keep_rows(points)
        self._points.update({point.id: point for point in points})
        if whole:
            self._whole.update(point.id for point in points)
        return points

    def record_of(self, point: str) -> str | None:
        """Return the record that a point belongs to.

        Returns:
            `None` if the point was removed meanwhile, or was left behind when its record became
            shorter.
        """
        if point not in self._points:
            return None
        payload = self._points[point].payload
        record: str | None = payload.get("part_of")
        if record is None:
            return point
        if record not in self._points:
            return None
        parts = self._points[record].payload.get("parts", 0)
        return record if payload["part"] <= parts else None

    def row_count(self, point: str, modality: str) -> int:
        """Return how many rows of a modality the record of a point has."""
        payload = self._points[point].payload
        counts: Mapping[str, int] = payload.get("rows") or payload.get("windows", {})
        return counts.get(modality, 1)

    def is_long(self, point: str) -> bool:
        """Return whether some modality of a point has more than one row."""
        return "windows" in self._points[point].payload
