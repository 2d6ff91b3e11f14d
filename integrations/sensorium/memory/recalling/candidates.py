"""Finding the records that may be hits, best first, without missing a better one.

The store answers with the best points of each modality. What a point scores by the store's answer
alone is never less than what it scores once more is known: how many rows it has, in how many senses
its record was compared. So candidates are looked at in that order, and the search widens until
nothing that is left could still be among the best.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sensorium.memory.calibrating.scale import Scale, record_score
from sensorium.memory.recalling.fusion import fuse_ranks
from sensorium.memory.recalling.options import RecallOptions
from sensorium.qdrant import Backend, Condition, Filter, Ids, Scored, Search
from sensorium.qdrant.points import StoredPoint

KEYWORDS = "keywords"  # the modality of what only its words brought up
NEEDED = ("part_of", "part", "parts", "modalities", "windows", "rows", "page_content", "at")
SPARE = 3  # candidates beyond those needed: exact scores may change places with them
WIDEST = 65_536  # points of a modality looked at in the worst case
KEYWORD_SHARE = 0.5  # of the way to the highest score that the best match of the words gains
HEADROOM = 1.25  # times the best score is the highest: the best one gains by words, too
NEVER = float("-inf")

Ranking = tuple[float, float, str, str]  # score at the most, similarity, modality, point


@dataclass(eq=False)
class Candidate:
    """A record that may become a hit.

    Attributes:
        id: Of its point.
        modality: That matched best.
        point: That matched: the record's own, or one that continues it.
        score: To rank by.
        row: The best one of the point's rows; `None` before it was looked at, and for words.
        similarity: Of that row and the question, as they are.
        confidence: `None` where not calibrated.
        words: How well its text matched, from 0 to 1.
    """

    id: str
    modality: str
    point: str
    score: float
    row: int | None = None
    similarity: float | None = None
    confidence: float | None = None
    words: float = 0.0
    vector: NDArray[np.float32] | None = field(default=None, repr=False)


class Finder:
    """Looks for the candidates of one question.

    Attributes:
        points: Those looked at so far, with the payload in `NEEDED`.
    """

    def __init__(
        self, backend: Backend, filter: Filter, scales: Mapping[str, Scale], options: RecallOptions
    ) -> None:
        """Prepare; nothing is searched yet.

        Args:
            backend: Where to look.
            filter: Whose points, and which; those that continue records are included.
            scales: Of each modality to search; none to look for words alone.
            options: What is to be found.
        """
        self.points: dict[str, StoredPoint] = {}
        self._backend = backend
        self._filter = filter
        self._scales = scales
        self._options = options

    def candidates(self) -> list[Candidate]:
        """Return the best records in no order: at least `options.pool` if there are so many."""
        words = self._words()
        found: list[Candidate] = []
        if self._by_rank:
            found = self._fused(words)
        elif self._scales:
            found = self._nearest()
        found += self._worded(words, {one.id for one in found})
        self._measure(found)
        if words:
            self._judge_words(found, words)
        return found

    @property
    def _by_rank(self) -> bool:
        """Whether candidates are ranked by their places in lists, not by scores."""
        return bool(self._scales) and self._options.ranking in ("rrf", "dbsf")

    def _nearest(self) -> list[Candidate]:
        """Search all modalities, and again those that could still hold something better."""
        need = self._options.pool + SPARE
        limits = dict.fromkeys(self._scales, need)
        answers: dict[str, list[Scored]] = {}
        while True:
            answers |= self._search({name: limits[name] for name in limits})
            best = self._best(answers, need)
            least = sorted((one.score for one in best.values()), reverse=True)[:need]
            least_needed = least[-1] if len(least) == need else NEVER
            limits = {
                name: 4 * limit
                for name, limit in limits.items()
                if len(answers[name]) == limit < WIDEST
                and self._scales[name].score(answers[name][-1].score) > least_needed
            }
            if not limits:
                return list(best.values())

    def _search(self, limits: Mapping[str, int]) -> dict[str, list[Scored]]:
        searches = [Search(name, self._scales[name].vector, n) for name, n in limits.items()]
        return dict(zip(limits, self._backend.search(searches, self._filter), strict=True))

    def _best(self, answers: Mapping[str, Sequence[Scored]], need: int) -> dict[str, Candidate]:
        """Look at what was found, best first, until what is left cannot be among the best."""
        ranked: list[Ranking] = [
            (self._scales[name].score(hit.score), hit.score, name, hit.id)
            for name, answer in answers.items()
            for hit in answer
        ]
        ranked.sort(key=lambda one: -one[0])
        best: dict[str, Candidate] = {}
        for start in range(0, len(ranked), need):
            block = ranked[start : start + need]
            kept = sorted((one.score for one in best.values()), reverse=True)
            if len(kept) >= need and kept[need - 1] >= block[0][0]:
                break
            self._read(point for *_, point in block)
            for _, similarity, name, point in block:
                record = self._record(point)
                if record is None:
                    continue
                score = self._scales[name].score(similarity, self._rows(point, name))
                score = self._of_record(name, score, point)
                if record not in best or best[record].score < score:
                    best[record] = Candidate(record, name, point, score)
        return best

    def _fused(self, words: Mapping[str, float]) -> list[Candidate]:
        """Rank by places in the lists of the modalities, that of the words among them."""
        count = self._options.pool + SPARE
        answers = self._search(dict.fromkeys(self._scales, count))
        self._read(hit.id for answer in answers.values() for hit in answer)
        matched: dict[tuple[str, str], str] = {}  # by record and modality: the best point
        lists: dict[str, list[tuple[str, float]]] = {}
        for name, answer in answers.items():
            for hit in answer:
                record = self._record(hit.id)
                if record is not None and matched.setdefault((record, name), hit.id) == hit.id:
                    lists.setdefault(name, []).append((record, hit.score))
        senses = {
            record: name for record, _, name in fuse_ranks(lists, method=self._options.ranking)
        }
        if words:
            self._read(words)
            there = [(record, score) for record, score in words.items() if record in self.points]
            lists[KEYWORDS] = sorted(there, key=lambda one: -one[1])
        found = []
        for record, score, name in fuse_ranks(lists, method=self._options.ranking):
            sense = senses.get(record, name)
            found.append(Candidate(record, sense, matched.get((record, sense), record), score))
        return found

    def _words(self) -> dict[str, float]:
        """Return the records whose text holds words of the options, with their BM25 scores."""
        if self._options.keywords is None:
            return {}
        return self._bm25(self._filter.condition, self._options.pool + SPARE)

    def _bm25(self, condition: Condition | None, limit: int) -> dict[str, float]:
        where = replace(self._filter, condition=condition, parts=False)
        found = self._backend.search_text(self._options.keywords or "", where, limit=limit)
        return {hit.id: hit.score for hit in found if hit.score > 0}

    def _worded(self, words: Mapping[str, float], known: set[str]) -> list[Candidate]:
        """Add the records that only their words brought up."""
        new = [record for record in words if record not in known]
        self._read(new)
        return [Candidate(one, KEYWORDS, one, NEVER) for one in new if one in self.points]

    def _judge_words(self, found: Sequence[Candidate], words: Mapping[str, float]) -> None:
        """Raise what holds the words: the absence of words, or of any text, lowers nothing."""
        texts = [
            one.id
            for one in found
            if one.id not in words and self.points[one.id].payload.get("page_content")
        ]
        every = {**words, **(self._bm25(Ids(tuple(texts)), len(texts)) if texts else {})}
        most = max(words.values())
        highest = max([1.0, *(HEADROOM * one.score for one in found)])
        share = KEYWORD_SHARE if self._scales else 1.0
        for one in found:
            one.words = min(every.get(one.id, 0.0) / most, 1.0)
            if not self._by_rank:  # where words have a list of their own
                base = one.score if one.score > NEVER else 0.0
                one.score = base + share * one.words * (highest - base)

    def _measure(self, found: Sequence[Candidate]) -> None:
        """Score candidates by their vectors themselves, read in as few requests as pays."""
        single: dict[str, list[Candidate]] = {}
        several: dict[str, list[Candidate]] = {}
        for one in found:
            senses = [one.modality] if one.modality in self._scales else self._compared(one.point)
            short = "windows" not in self.points[one.point].payload
            for name in senses:  # of a long recording, only the sense that is needed is read
                (single if short else several).setdefault(name, []).append(one)
        self._measure_all(single)
        for name, group in several.items():
            self._measure_all({name: group})

    def _measure_all(self, groups: Mapping[str, Sequence[Candidate]]) -> None:
        if not groups:
            return
        ids = list({one.point: None for group in groups.values() for one in group})
        read = self._backend.retrieve(
            ids, owner=self._filter.owner, payload=False, vectors=list(groups)
        )
        rows = {point.id: point.vectors for point in read}
        for name, group in groups.items():
            for one in group:
                if name in rows.get(one.point, {}):
                    self._measure_one(one, name, rows[one.point][name], keep_score=self._by_rank)

    def _measure_one(
        self, one: Candidate, name: str, rows: NDArray[np.float32], *, keep_score: bool
    ) -> None:
        scale = self._scales[name]
        score, row, similarity = scale.score_rows(rows, total=self._rows(one.point, name))
        score = self._of_record(name, score, one.point)
        if one.row is not None and not keep_score and score <= one.score:
            return  # another sense of a record that its words brought up matched better
        one.row, one.similarity, one.vector = row, similarity, rows[row]
        one.confidence = scale.confidence(score)
        one.score = one.score if keep_score else score
        one.modality = name

    def _rows(self, point: str, name: str) -> int:
        """Return how many rows of a modality a point's record has."""
        payload = self.points[point].payload
        counts: Mapping[str, int] = payload.get("rows") or payload.get("windows", {})
        return counts.get(name, 1)

    def _compared(self, point: str) -> list[str]:
        """Return the modalities of a point that were searched."""
        return [name for name in self.points[point].payload["modalities"] if name in self._scales]

    def _of_record(self, name: str, score: float, point: str) -> float:
        """Take back what a record gains by being compared in several senses."""
        compared = self._compared(point)
        if len(compared) < 2:
            return score
        pairs = [(self._scales[name], score)]
        pairs += [(self._scales[other], NEVER) for other in compared if other != name]
        return record_score(pairs)[0]

    def _record(self, point: str) -> str | None:
        """Return the record a point belongs to; `None` for a continuation that is not its own."""
        if point not in self.points:
            return None
        payload = self.points[point].payload
        record: str | None = payload.get("part_of")
        if record is None:
            return point
        if record not in self.points:
            return None
        return record if payload["part"] <= self.points[record].payload.get("parts", 0) else None

    def _read(self, ids: Iterable[str]) -> None:
        """Read what ranking needs of points, and of the records that they continue."""
        missing = [one for one in dict.fromkeys(ids) if one not in self.points]
        while missing:
            read = self._backend.retrieve(
                missing, owner=self._filter.owner, payload=NEEDED, vectors=False
            )
            self.points.update({point.id: point for point in read})
            records = {point.payload["part_of"] for point in read if "part_of" in point.payload}
            missing = [one for one in records if one not in self.points]
