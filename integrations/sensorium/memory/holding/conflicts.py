"""Records of one owner that may contradict each other: they are offered, and nothing is decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from sensorium.memory.filters import events_among
from sensorium.memory.holding.contradictions import LONGEST, Difference, differences
from sensorium.memory.holding.links import holding
from sensorium.memory.layout.payload import record_of
from sensorium.memory.records import Record
from sensorium.qdrant import Backend, Condition, Equal, Every, Filter, Search
from sensorium.qdrant.points import StoredPoint

TEXT = "text"
NEIGHBOURS = 8  # texts that each one is compared with: the nearest, of which it is one itself
NEAR = 0.5  # cosine from which two texts may be of one matter
PAGE = 64  # texts looked at together


@dataclass(frozen=True)
class Conflict:
    """Two records that say nearly the same, and differ in what cannot both hold.

    Attributes:
        earlier: The record of the earlier moment.
        later: The other one.
        differences: In what they differ: `"numbers"`, `"names"` or `"negation"`.
        similarity: Cosine of their texts.
    """

    earlier: Record
    later: Record
    differences: tuple[Difference, ...]
    similarity: float

    def to_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {
            "earlier": self.earlier.to_dict(),
            "later": self.later.to_dict(),
            "differences": list(self.differences),
            "similarity": self.similarity,
        }


def find_conflicts(
    backend: Backend, owner: str, condition: Condition | None, *, among: int, limit: int
) -> list[Conflict]:
    """Compare the newest texts with their nearest neighbours.

    Args:
        backend: The collection.
        owner: Owner of the records.
        condition: Which records are compared.
        among: How many texts are looked at, the newest first: one search each.
        limit: The most conflicts to return.
    Returns:
        The conflicts, the most alike texts first.
    """
    now = datetime.now(timezone.utc)
    asked = [] if condition is None else [condition]
    among_texts = Every((*asked, Equal("modalities", TEXT), holding(now)))
    texts = Filter(owner, events_among(among_texts), alive_at=now)
    found: dict[frozenset[str], Conflict] = {}
    for page in _newest(backend, texts, among):
        own = [point for point in page if TEXT in point.vectors and _is_short(point)]
        searches = [Search(TEXT, point.vectors[TEXT][0], NEIGHBOURS) for point in own]
        answers = backend.search(searches, texts) if searches else []
        near = {
            (point.id, hit.id): hit.score
            for point, answer in zip(own, answers, strict=True)
            for hit in answer
            if hit.id != point.id and hit.score >= NEAR
        }
        ids = list({other for _, other in near})
        others = backend.retrieve(ids, owner=owner, payload=True, vectors=False) if ids else []
        known = {point.id: point for point in (*others, *own)}
        for (one, other), score in near.items():
            pair = frozenset((one, other))
            if pair not in found and other in known:
                conflict = _conflict(known[one], known[other], score)
                if conflict is not None:
                    found[pair] = conflict
    return sorted(found.values(), key=lambda each: -each.similarity)[:limit]


def _newest(backend: Backend, texts: Filter, among: int) -> Iterator[Sequence[StoredPoint]]:
    cursor: str | None = None
    while among > 0:
        page = backend.scroll(
            texts, limit=min(PAGE, among), newest_first=True, cursor=cursor, vectors=[TEXT]
        )
        yield page.points
        among -= len(page.points)
        cursor = page.cursor
        if cursor is None:
            return


def _is_short(point: StoredPoint) -> bool:
    return 0 < len(str(point.payload.get("page_content", ""))) <= LONGEST


def _conflict(one: StoredPoint, other: StoredPoint, similarity: float) -> Conflict | None:
    """Return the conflict of two records, if there is one."""
    a, b = record_of(one), record_of(other)
    if not _is_short(other):
        return None
    found = differences(a.text, b.text)
    earlier, later = sorted((a, b), key=lambda record: (record.at, record.created_at))
    return Conflict(earlier, later, found, similarity) if found else None
