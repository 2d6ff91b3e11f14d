"""What the detection sees of the records in a store: time, place and a vector of each modality."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders import Background
from sensorium.memory.episodes.seen import KEYS
from sensorium.qdrant import Backend, Condition, Filter, OneOf, Range
from sensorium.qdrant.points import StoredPoint

PAGE = 64  # points with vectors held at a time: 256 MiB if each has as many rows as it can
LIGHT = 8  # times as many after a page whose points have a row or two
LEARNT = 128  # records of a modality from which its centre is learnt, where none is known
HELD_BACK = 8.0  # rows of zeros that count with them, so that a few are not all centre

Centres = Mapping[str, NDArray[np.float32]]
Row = NDArray[np.float32]


def read_pages(
    backend: Backend, filter: Filter, *, payload: bool | Sequence[str] = KEYS
) -> Iterator[Sequence[StoredPoint]]:
    """Yield points with their vectors in order of time, a page at a time.

    Args:
        backend: The collection.
        filter: The points.
        payload: Payload keys to read, or all.
    """
    cursor: str | None = None
    limit = PAGE
    while True:
        page = backend.scroll(
            filter, limit=limit, newest_first=False, cursor=cursor, payload=payload, vectors=True
        )
        yield page.points
        cursor = page.cursor
        if cursor is None:
            return
        rows = sum(len(each) for point in page.points for each in point.vectors.values())
        limit = PAGE * LIGHT if rows <= 2 * len(page.points) else PAGE


@dataclass(frozen=True, eq=False)
class Centring:
    """Mean vectors of the modalities: those an encoder ships, else of the first records in time.

    Attributes:
        centres: Mean vector of each modality, `(D,)`.
        unsettled: Modalities of too few records: more of them would move their means.
    """

    centres: Centres
    unsettled: frozenset[str] = frozenset()

    @classmethod
    def of(cls, background: Background | None, backend: Backend, everything: Filter) -> Centring:
        """Take what an encoder ships, and read the first records of all other modalities."""
        centres = {} if background is None else dict(background.centres)
        unsettled = set()
        for name in set(backend.schema.modalities) - centres.keys():
            mine = replace(everything, condition=OneOf("modalities", (name,)))
            page = backend.scroll(
                mine, limit=LEARNT, newest_first=False, payload=["at"], vectors=[name]
            )
            rows = [pooled(point.vectors[name]) for point in page.points if name in point.vectors]
            if rows:
                mean = np.sum(rows, axis=0) / (len(rows) + HELD_BACK)
                centres[name] = np.asarray(mean, np.float32)
            if len(rows) < LEARNT:
                unsettled.add(name)
        return cls(centres, frozenset(unsettled))

    def centred(self, points: Sequence[StoredPoint]) -> list[dict[str, Row]]:
        """Return a row of each modality of each point, `(D,)`, of unit length.

        It is the mean of its windows without the mean of the modality; rows that are that mean are
        left out.
        """
        found: list[dict[str, Row]] = [{} for _ in points]
        for name in {name for point in points for name in point.vectors}:
            having = [
                index for index, point in enumerate(points) if len(point.vectors.get(name, ()))
            ]
            block = np.stack([pooled(points[index].vectors[name]) for index in having])
            block -= self.centres.get(name, np.float32(0))
            lengths = np.linalg.norm(block, axis=1, keepdims=True)
            block /= np.where(lengths > 0, lengths, 1)
            for index, row, length in zip(having, block, lengths, strict=True):
                if length > 0:
                    found[index][name] = row
        return found


def pooled(rows: Row) -> Row:
    """Return the mean of the windows of a modality, `(D,)`."""
    mean: Row = rows[0] if len(rows) == 1 else rows.mean(axis=0)
    return mean


def newer(than: datetime | None) -> tuple[Condition, ...]:
    """Return the condition that a record was remembered after a time; none without a time."""
    return () if than is None else (Range("created_at", gt=than),)
