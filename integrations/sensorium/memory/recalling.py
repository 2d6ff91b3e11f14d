"""Recalling: every sense is searched at once, and what is found put on one scale.

The store answers with the best points of each modality. A candidate's score from the store's answer
alone is never below its score once more is known (how many rows were compared, how many senses the
record has), so candidates are looked at best first, until none that is left could be a hit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from sensorium.memory.calibration import Asked, Calibration, Scale, fuse_ranks, record_score
from sensorium.memory.payloads import matched, record_of, row_offset
from sensorium.memory.records import Hit
from sensorium.qdrant import Backend, Condition, Filter, Search
from sensorium.qdrant.points import StoredPoint

KEYWORDS = "keywords"
NEEDED = ("part_of", "part", "modalities", "windows", "page_content", "at")
WIDER = 4  # times the limit: candidates of which recency, diversity or keywords choose
SPARE = 8  # candidates beyond the limit, for those that belong to one record
KEYWORD_SHARE = 0.5  # of a record's score, where it has words that could have matched
NEVER = float("-inf")


@dataclass(frozen=True)
class Wish:
    """What a recall is to return.

    Attributes:
        limit: Hits at most.
        modalities: To search.
        condition: What records must fulfil.
        ranking: How modalities are put on one scale.
        keywords: Words to look for in the records' text.
        min_confidence: Leave out what is less certain, or cannot be judged.
        half_life: Age at which a score counts half.
        diversity: 0 ranks by score alone, 1 by difference from the hits before alone.
    """

    limit: int
    modalities: Sequence[str]
    condition: Condition | None = None
    ranking: str = "centred"
    keywords: str | None = None
    min_confidence: float | None = None
    half_life: timedelta | None = None
    diversity: float | None = None

    @property
    def pool(self) -> int:
        """How many candidates are needed to choose from."""
        chosen = self.half_life or self.diversity or self.keywords
        return self.limit * WIDER if chosen else self.limit


@dataclass(eq=False)
class Candidate:
    """A record that may become a hit."""

    id: str
    score: float  # to rank by
    modality: str
    point: str  # that matched: the record's, or one that continues it
    rank_score: float | None = None  # of a fusion of ranks, which takes the place of scores
    bm25: float = 0.0
    rows: NDArray[np.float32] | None = field(default=None, repr=False)


class Recaller:
    """Answers the questions of one owner."""

    def __init__(self, backend: Backend, *, owner: str) -> None:
        """Read from a store."""
        self._backend = backend
        self._owner = owner

    def recall(self, asked: Sequence[Asked], wish: Wish, calibration: Calibration) -> list[Hit]:
        """Find what answers a question, best first.

        Args:
            asked: Vectors; none to look for keywords alone.
            wish: What to return.
            calibration: Of this owner's collection.
        """
        now = datetime.now(timezone.utc)
        scales: dict[str, Scale] = {}
        if asked:
            scales = calibration.scales(asked, wish.modalities, ranking=wish.ranking)
        found = Found(self._backend, self._filter(wish, now), scales, wish)
        candidates = found.candidates()
        if wish.keywords is not None:
            candidates = found.with_keywords(candidates, wish.keywords)
        if wish.half_life is not None:
            candidates = [_aged(one, found.points, wish.half_life, now) for one in candidates]
        candidates.sort(key=lambda one: -one.score)
        candidates = candidates[: wish.pool]
        found.read_rows(candidates)
        if wish.diversity:
            candidates = diverse(candidates, scales, wish.diversity, wish.limit)
        return self._hits(candidates[: wish.limit], found, wish, now)

    def _filter(self, wish: Wish, now: datetime) -> Filter:
        return Filter(self._owner, wish.condition, alive_at=now, parts=True)

    def _hits(
        self, candidates: Sequence[Candidate], found: Found, wish: Wish, now: datetime
    ) -> list[Hit]:
        """Read the records of what was chosen, and say what of them matched."""
        ids = [one.id for one in candidates]
        read = self._backend.retrieve(ids, payload=True, vectors=False)
        records = {point.id: point for point in read if point.payload.get("owner") == self._owner}
        hits = [
            self._hit(one, records[one.id], found, wish, now)
            for one in candidates
            if one.id in records  # it may have been forgotten meanwhile
        ]
        if wish.min_confidence is not None:
            hits = [hit for hit in hits if (hit.confidence or NEVER) >= wish.min_confidence]
        chosen_otherwise = wish.diversity or wish.ranking in ("rrf", "dbsf")
        return hits if chosen_otherwise else sorted(hits, key=lambda hit: -hit.score)

    def _hit(
        self, one: Candidate, point: StoredPoint, found: Found, wish: Wish, now: datetime
    ) -> Hit:
        record = record_of(point)
        scale = found.scales.get(one.modality)
        age = now - record.at
        if scale is None or one.rows is None:
            none = None
            return Hit(record, one.score, none, False, KEYWORDS, none, none, none, age)
        score, row, similarity = scale.exact(one.rows)
        score = found.of_record(one.modality, score, found.compared(point))
        confidence = scale.confidence(score)
        part = found.points[one.point].payload.get("part", 0)
        medium, span = matched(record, one.modality, row + row_offset(one.modality, part))
        replaced = wish.keywords or wish.half_life or one.rank_score is not None
        return Hit(
            record,
            one.score if replaced else score,
            confidence,
            scale.calibrated,
            one.modality,
            span,
            medium,
            similarity,
            age,
        )


class Found:
    """What one search found, and what was read of it so far."""

    def __init__(
        self, backend: Backend, filter: Filter, scales: Mapping[str, Scale], wish: Wish
    ) -> None:
        """Search nothing yet."""
        self.backend = backend
        self.filter = filter
        self.scales = scales
        self.wish = wish
        self.points: dict[str, StoredPoint] = {}  # with the payload in NEEDED

    def candidates(self) -> list[Candidate]:
        """Search every modality at once; return records, best first, at least the pool's size."""
        if not self.scales:
            return []
        count = self.wish.pool + SPARE
        searches = [Search(name, scale.vector, count) for name, scale in self.scales.items()]
        answers = self.backend.search(searches, self.filter)
        if self.wish.ranking in ("rrf", "dbsf"):
            return self._fused({s.modality: a for s, a in zip(searches, answers, strict=True)})
        optimistic = [
            (self.scales[search.modality].score(hit.score), hit.score, search.modality, hit.id)
            for search, answer in zip(searches, answers, strict=True)
            for hit in answer
        ]
        optimistic.sort(key=lambda one: -one[0])
        return self._best(optimistic)

    def _best(self, optimistic: Sequence[tuple[float, float, str, str]]) -> list[Candidate]:
        best: dict[str, Candidate] = {}
        need = self.wish.pool
        for block in _blocks(optimistic, need + SPARE):
            kept = sorted((one.score for one in best.values()), reverse=True)
            if len(kept) >= need and kept[need - 1] >= block[0][0]:
                break
            self.read([point for *_, point in block])
            for _, similarity, modality, point in block:
                if point not in self.points:
                    continue
                rows = self.points[point].payload.get("windows", {}).get(modality, 1)
                score = self.scales[modality].score(similarity, rows)
                score = self.of_record(modality, score, self.compared(self.points[point]))
                record = self.points[point].payload.get("part_of", point)
                if record not in best or best[record].score < score:
                    best[record] = Candidate(record, score, modality, point)
        return list(best.values())

    def _fused(self, answers: Mapping[str, Sequence[object]]) -> list[Candidate]:
        from sensorium.qdrant import Scored

        lists: dict[str, list[tuple[str, float]]] = {}
        for modality, answer in answers.items():
            hits = [hit for hit in answer if isinstance(hit, Scored)]
            lists[modality] = [(hit.id, hit.score) for hit in hits]
        fused = fuse_ranks(lists, method=self.wish.ranking)
        self.read([point for point, *_ in fused])
        best: dict[str, Candidate] = {}
        for point, score, modality in fused:
            if point in self.points:
                record = self.points[point].payload.get("part_of", point)
                best.setdefault(record, Candidate(record, score, modality, point, score))
        return list(best.values())

    def compared(self, point: StoredPoint) -> list[str]:
        """Return the modalities of a point that were searched."""
        return [name for name in point.payload["modalities"] if name in self.scales]

    def of_record(self, modality: str, score: float, compared: Sequence[str]) -> float:
        """Take back what a record gains by being compared in several senses."""
        if len(compared) < 2:
            return score
        pairs = [(self.scales[modality], score)]
        pairs += [(self.scales[other], NEVER) for other in compared if other != modality]
        return record_score(pairs)[0]

    def read(self, ids: Sequence[str]) -> None:
        """Read what ranking needs of points not read yet."""
        missing = [one for one in dict.fromkeys(ids) if one not in self.points]
        if missing:
            read = self.backend.retrieve(missing, payload=NEEDED, vectors=False)
            self.points.update({point.id: point for point in read})

    def read_rows(self, candidates: Sequence[Candidate]) -> None:
        """Read the vectors that matched, one request a modality."""
        wanted: dict[str, list[Candidate]] = {}
        for one in candidates:
            if one.rows is None and one.modality in self.scales:
                wanted.setdefault(one.modality, []).append(one)
        for modality, group in wanted.items():
            ids = [one.point for one in group]
            read = self.backend.retrieve(ids, payload=False, vectors=[modality])
            rows = {point.id: point.vectors.get(modality) for point in read}
            for one in group:
                one.rows = rows.get(one.point)

    def with_keywords(self, candidates: Sequence[Candidate], words: str) -> list[Candidate]:
        """Fuse with the records whose text holds the words.

        A record is judged by the signals it has: one without text is not blamed for lacking the
        words. What only the words found is scored by the senses it has, too.
        """
        self.filter = replace(self.filter, parts=False)
        answer = self.backend.search_text(words, self.filter, limit=self.wish.pool)
        weights = {hit.id: hit.score / answer[0].score for hit in answer}
        known = {one.id for one in candidates}
        self.read([*known, *weights])
        extra = [one for one in weights if one not in known and one in self.points]
        everyone = [*candidates, *(self._scored(one) for one in extra)]
        for one in everyone:
            one.bm25 = weights.get(one.id, 0.0)
            text = one.id in self.points and self.points[one.id].payload.get("page_content")
            if not self.scales:
                one.score = one.bm25
            elif text:
                one.score = (1 - KEYWORD_SHARE) * one.score + KEYWORD_SHARE * one.bm25
        return everyone

    def _scored(self, record: str) -> Candidate:
        """Compare a record that only its words brought up."""
        senses = self.compared(self.points[record])
        if not senses:
            return Candidate(record, 0.0, KEYWORDS, record)
        best = Candidate(record, NEVER, KEYWORDS, record)
        for point in self.backend.retrieve([record], payload=False, vectors=senses):
            for name, rows in point.vectors.items():
                score = self.of_record(name, self.scales[name].exact(rows)[0], senses)
                if score > best.score:
                    best = Candidate(record, score, name, record, rows=rows)
        return best


def diverse(
    candidates: Sequence[Candidate], scales: Mapping[str, Scale], diversity: float, limit: int
) -> list[Candidate]:
    """Choose hits that are good and differ from each other (maximal marginal relevance).

    Args:
        candidates: Best first, with their rows.
        scales: Of the modalities.
        diversity: 0 is the order as it is; 1 looks at differences alone, after the first.
        limit: How many to choose.
    """
    pool = list(candidates)
    directions = {one.id: _direction(one, scales) for one in pool}
    chosen: list[Candidate] = []
    nearest = dict.fromkeys(directions, NEVER)
    while pool and len(chosen) < limit:
        values = [
            (1 - diversity) * one.score - (diversity * nearest[one.id] if chosen else 0.0)
            for one in pool
        ]
        best = pool.pop(int(np.argmax(values)))
        chosen.append(best)
        for one in pool:
            similar = float(directions[one.id] @ directions[best.id])
            nearest[one.id] = max(nearest[one.id], similar)
    return chosen


def _direction(one: Candidate, scales: Mapping[str, Scale]) -> NDArray[np.float32]:
    """Return the matching row, centred, so that senses can be compared; zeros where unknown."""
    scale = scales.get(one.modality)
    if scale is None or one.rows is None:
        return np.zeros(len(next(iter(scales.values())).vector) if scales else 1, np.float32)
    away = one.rows[scale.exact(one.rows)[1]] - scale.centre
    length = float(np.linalg.norm(away))
    centred: NDArray[np.float32] = away / np.float32(length or 1.0)
    return centred


def _aged(
    one: Candidate, points: Mapping[str, StoredPoint], half_life: timedelta, now: datetime
) -> Candidate:
    """Let a score fade with age; what is worth less than nothing does not gain by it."""
    from sensorium.qdrant.points import from_iso

    source = points.get(one.point) or points.get(one.id)
    if source is None or one.score <= 0:
        return one
    age = max((now - from_iso(source.payload["at"])).total_seconds(), 0.0)
    return replace(one, score=one.score * 0.5 ** (age / half_life.total_seconds()))


def _blocks(
    ranked: Sequence[tuple[float, float, str, str]], size: int
) -> Iterator[Sequence[tuple[float, float, str, str]]]:
    for start in range(0, len(ranked), size):
        yield ranked[start : start + size]
