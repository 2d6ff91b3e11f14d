"""Finding the records that may become hits, without missing a better one.

The store answers with the best points of each modality. What a point scores by the store's answer
alone is never less than what it scores once more is known: how many rows it has, in how many
modalities its record was compared. So candidates are looked at in that order, and the search widens
until nothing that is left could still be among the best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sensorium.memory.calibrating.scale import BestRow, Scale, record_score
from sensorium.memory.recalling.fusion import fuse_ranks
from sensorium.memory.recalling.keywords import (
    BOOST,
    KEYWORDS,
    KeywordSearch,
    boost_score,
    highest_score,
)
from sensorium.memory.recalling.options import RecallOptions
from sensorium.memory.recalling.points import FEW, PointReader
from sensorium.percepts.percept import is_still
from sensorium.qdrant import Backend, Filter, Scored, Search

SPARE = 3  # candidates beyond those needed: exact scores may change places with them
WIDENING = 4  # times more points in each further search
WIDEST = 65_536  # points of a modality to look at in the worst case
NEVER = float("-inf")  # score of a record that was not compared

Bound = tuple[float, Scored, str]  # highest possible score, point that was found, modality


@dataclass(eq=False)
class Candidate:
    """A record that may become a hit.

    Attributes:
        id: Id of the record's own point.
        modality: Modality that matched best.
        point: Point that matched: the record's own, or one that continues it.
        score: Score to rank by.
        row: Index of the best row in that point; `None` before the vectors were read, and for a
            match of the keywords alone.
        similarity: Cosine of that row and the question, before centring.
        confidence: Confidence of the match; `None` if it is not calibrated.
        keyword_match: How well the text matches the keywords, from 0 to 1.
        vector: The best row, shape `(D,)`.
    """

    id: str
    modality: str
    point: str
    score: float
    row: int | None = None
    similarity: float | None = None
    confidence: float | None = None
    keyword_match: float = 0.0
    vector: NDArray[np.float32] | None = field(default=None, repr=False)


class CandidateSearch:
    """The search for the candidates of one question.

    Attributes:
        points: The points looked at so far.
    """

    def __init__(
        self, backend: Backend, filter: Filter, scales: Mapping[str, Scale], options: RecallOptions
    ) -> None:
        """Prepare the search; nothing is searched yet.

        Args:
            backend: Store of the points.
            filter: Points to search, those that continue records included.
            scales: Scale of each modality to search; empty to search for keywords alone.
            options: Options of the recall.
        """
        self.points = PointReader(backend, filter.owner, filter.shared)
        self._backend = backend
        self._filter = filter
        self._scales = scales
        self._options = options
        self._count = options.pool + SPARE
        self._keywords = (
            None if options.keywords is None else KeywordSearch(backend, filter, options.keywords)
        )

    def run(self) -> list[Candidate]:
        """Return the best records in no order: at least `options.pool` if there are so many."""
        texts = {} if self._keywords is None else self._keywords.best(self._count)
        candidates: list[Candidate] = []
        if self._by_rank:
            candidates = self._fuse(texts)
        elif self._scales:
            candidates = self._nearest()
        candidates += self._only_by_keywords(texts, {candidate.id for candidate in candidates})
        self._measure(candidates)
        if texts:
            self._boost(candidates, texts)
        return candidates

    def is_sure_of(self, found: Sequence[Candidate], left: Sequence[Candidate]) -> bool:
        """Return whether the best records without some are among those that are left.

        Only the best `pool + SPARE` are sure to be the best. Ranks, and words, count the others.

        Args:
            found: What `run` returned.
            left: Those of them that may answer.
        """
        if self._keywords is not None or self._by_rank:
            return False
        best = sorted(found, key=lambda candidate: -candidate.score)[: self._count]
        kept = {candidate.id for candidate in left}
        enough = sum(candidate.id in kept for candidate in best) >= self._options.pool
        return enough or len(found) < self._count

    @property
    def _by_rank(self) -> bool:
        """Whether candidates are ranked by their places in lists, not by scores."""
        return bool(self._scales) and self._options.ranking in ("rrf", "dbsf")

    def _nearest(self) -> list[Candidate]:
        """Search all modalities, and again those that could still hold something better."""
        limits = dict.fromkeys(self._scales, self._count)
        answers: dict[str, list[Scored]] = {}
        while True:
            answers |= self._search(limits)
            best = self._best(answers)
            scores = sorted((candidate.score for candidate in best.values()), reverse=True)
            least = scores[self._count - 1] if len(scores) >= self._count else NEVER
            # A full answer whose last point might still score more than the least candidate that
            # is needed may hide better ones behind it.
            limits = {
                name: WIDENING * limit
                for name, limit in limits.items()
                if len(answers[name]) == limit < WIDEST
                and self._scales[name].score(answers[name][-1].score) > least
            }
            if not limits:
                return list(best.values())

    def _search(self, limits: Mapping[str, int]) -> dict[str, list[Scored]]:
        searches = [
            Search(
                name,
                self._scales[name].vector,
                limit,
                whole=limit <= FEW,
                exact=self._options.exact,
            )
            for name, limit in limits.items()
        ]
        answers = self._backend.search(searches, self._filter)
        self.points.keep(hit.point for answer in answers for hit in answer)
        return dict(zip(limits, answers, strict=True))

    def _best(self, answers: Mapping[str, Sequence[Scored]]) -> dict[str, Candidate]:
        """Look at points, best first, until what is left cannot be among the best."""
        count = self._count
        bounds: list[Bound] = []
        for name, answer in answers.items():
            highest = self._scales[name].bounds([hit.score for hit in answer])
            bounds += [(most, hit, name) for most, hit in zip(highest, answer, strict=True)]
        bounds.sort(key=lambda bound: -bound[0])
        best: dict[str, Candidate] = {}
        for start in range(0, len(bounds), count):
            block = bounds[start : start + count]
            scores = sorted((candidate.score for candidate in best.values()), reverse=True)
            if len(scores) >= count and scores[count - 1] >= block[0][0]:
                break
            # Most of the first block are candidates, whose vectors will be needed
            self.points.read(
                (hit.id for _, hit, _ in block), vectors=() if start else self._read_early(block)
            )
            for _, hit, name in block:
                point = hit.id
                record = self.points.record_of(point)
                if record is None:
                    continue
                rows = self.points.row_count(point, name)
                score = self._discount(self._scales[name].score(hit.score, rows), name, point)
                if record not in best or best[record].score < score:
                    best[record] = Candidate(record, name, point, score)
        return best

    def _read_early(self, block: Sequence[Bound]) -> list[str]:
        """Return the modalities whose vectors are read with the payload: those of few rows."""
        names = {name for *_, name in block}
        return sorted(name for name in names if is_still(name) or self._scales[name].is_short)

    def _fuse(self, texts: Mapping[str, float]) -> list[Candidate]:
        """Rank by places in one list for each modality, and one for the keywords."""
        method = self._options.ranking
        answers = self._search(dict.fromkeys(self._scales, self._count))
        self.points.read(hit.id for answer in answers.values() for hit in answer)
        matched: dict[tuple[str, str], str] = {}  # best point, by record and modality
        lists: dict[str, list[tuple[str, float]]] = {}
        for name, answer in answers.items():
            for hit in answer:
                record = self.points.record_of(hit.id)
                if record is not None and matched.setdefault((record, name), hit.id) == hit.id:
                    lists.setdefault(name, []).append((record, hit.score))
        # A hit names the modality that matched best, even if the keywords gave it more.
        modalities = {record: name for record, _, name in fuse_ranks(lists, method=method)}
        if texts:
            self.points.read(texts)
            existing = [(record, score) for record, score in texts.items() if record in self.points]
            lists[KEYWORDS] = sorted(existing, key=lambda pair: -pair[1])
        candidates = []
        for record, score, name in fuse_ranks(lists, method=method):
            modality = modalities.get(record, name)
            point = matched.get((record, modality), record)
            candidates.append(Candidate(record, modality, point, score))
        return candidates

    def _only_by_keywords(self, texts: Mapping[str, float], known: set[str]) -> list[Candidate]:
        """Return the records that the keywords found and no vector did."""
        new = [record for record in texts if record not in known]
        self.points.read(new)
        return [
            Candidate(record, KEYWORDS, record, NEVER) for record in new if record in self.points
        ]

    def _boost(self, candidates: Sequence[Candidate], texts: Mapping[str, float]) -> None:
        """Raise the scores of candidates whose text contains keywords; never lower the others."""
        assert self._keywords is not None
        unsearched = [
            candidate.id
            for candidate in candidates
            if candidate.id not in texts and self.points.payload(candidate.id).get("page_content")
        ]
        matches = self._keywords.matches(texts, unsearched)
        highest = highest_score([candidate.score for candidate in candidates])
        boost = BOOST if self._scales else 1.0
        for candidate in candidates:
            candidate.keyword_match = matches.get(candidate.id, 0.0)
            if not self._by_rank:  # there, the keywords count by a list of their own
                score = candidate.score if candidate.score > NEVER else 0.0
                candidate.score = boost_score(
                    score, candidate.keyword_match, highest=highest, boost=boost
                )

    def _measure(self, candidates: Sequence[Candidate]) -> None:
        """Score candidates exactly, by their vectors, with few requests and little to read."""
        short: dict[str, list[Candidate]] = {}
        long: dict[str, list[Candidate]] = {}
        for candidate in candidates:
            names = [candidate.modality]
            if candidate.modality not in self._scales:  # found by its keywords alone
                names = self._compared(candidate.point)
            groups = long if self.points.is_long(candidate.point) else short
            for name in names:
                groups.setdefault(name, []).append(candidate)
        # One request reads all named modalities of all its points. That is cheap for short records;
        # of a long recording, with a thousand rows, only the modality that is needed is read.
        self._measure_groups(short)
        for name, group in long.items():
            self._measure_groups({name: group})

    def _measure_groups(self, groups: Mapping[str, Sequence[Candidate]]) -> None:
        """Read the vectors of candidates, grouped by modality, in one request, and score them."""
        self.points.read_rows(
            (candidate.point, name) for name, group in groups.items() for candidate in group
        )
        for name, group in groups.items():
            there, stacks = [], []
            for candidate in group:
                rows = self.points.rows(candidate.point, name)
                if rows is not None:
                    there.append(candidate)
                    stacks.append(rows)
            if not there:
                continue
            totals = [self.points.row_count(each.point, name) for each in there]
            scored = self._scales[name].score_points(stacks, totals)
            for candidate, rows, best in zip(there, stacks, scored, strict=True):
                self._measure_candidate(candidate, name, rows, best)

    def _measure_candidate(
        self, candidate: Candidate, name: str, rows: NDArray[np.float32], best: BestRow
    ) -> None:
        scale = self._scales[name]
        score = self._discount(best.score, name, candidate.point)
        # A record that its keywords found is measured in all modalities; the best one stays.
        if candidate.row is not None and not self._by_rank and score <= candidate.score:
            return
        candidate.row, candidate.similarity = best.row, best.similarity
        candidate.vector = rows[best.row]
        candidate.confidence = scale.confidence(
            self._discount(best.evidence, name, candidate.point)
        )
        candidate.modality = name
        if not self._by_rank:
            candidate.score = score

    def _compared(self, point: str) -> list[str]:
        """Return the modalities of a point that were searched."""
        modalities = self.points.payload(point)["modalities"]
        return [name for name in modalities if name in self._scales]

    def _discount(self, score: float, name: str, point: str) -> float:
        """Return a score in one modality, less what a record gains by having several."""
        if len(self.points.payload(point)["modalities"]) < 2:  # as of most records
            return score
        compared = self._compared(point)
        if len(compared) < 2:
            return score
        pairs = [(self._scales[name], score)]
        pairs += [(self._scales[other], NEVER) for other in compared if other != name]
        return record_score(pairs)[0]
