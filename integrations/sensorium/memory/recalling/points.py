"""The points that one recall looks at, each read once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sensorium.qdrant import Backend
from sensorium.qdrant.points import StoredPoint

# What ranking needs of a point; everything else is read of the hits alone.
NEEDED = ("part_of", "part", "parts", "modalities", "windows", "rows", "page_content", "at")


class PointReader:
    """Reads the payload that ranking needs, and knows which record each point belongs to."""

    def __init__(self, backend: Backend, owner: str) -> None:
        """Read from a store; nothing is read yet.

        Args:
            backend: Store of the points.
            owner: Owner of the points.
        """
        self._backend = backend
        self._owner = owner
        self._points: dict[str, StoredPoint] = {}

    def __contains__(self, point: str) -> bool:
        """Return whether a point was read and exists."""
        return point in self._points

    def payload(self, point: str) -> Mapping[str, Any]:
        """Return the fields in `NEEDED` that a point has."""
        return self._points[point].payload

    def read(self, ids: Iterable[str]) -> None:
        """Read points that were not read before, and the records that they continue."""
        missing = [point for point in dict.fromkeys(ids) if point not in self._points]
        while missing:
            points = self._backend.retrieve(
                missing, owner=self._owner, payload=NEEDED, vectors=False
            )
            self._points.update({point.id: point for point in points})
            records = {point.payload["part_of"] for point in points if "part_of" in point.payload}
            missing = [record for record in records if record not in self._points]

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
