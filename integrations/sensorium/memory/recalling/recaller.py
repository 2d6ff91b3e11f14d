"""Recalling: a question is answered with hits, in order."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import QueryError
from sensorium.memory.calibrating.calibration import Calibration
from sensorium.memory.calibrating.calibrator import RECOUNT, Calibrator
from sensorium.memory.calibrating.scale import Scale
from sensorium.memory.holding.links import holding, is_superseded
from sensorium.memory.layout.lookup import find_record
from sensorium.memory.layout.parts import row_offset, rows_of
from sensorium.memory.layout.payload import Match, matched, record_of
from sensorium.memory.recalling.candidates import NEVER, Candidate, CandidateSearch
from sensorium.memory.recalling.diversity import choose_diverse
from sensorium.memory.recalling.keywords import KEYWORDS
from sensorium.memory.recalling.matching import Matches, gather
from sensorium.memory.recalling.options import RecallOptions
from sensorium.memory.recalling.points import PointReader
from sensorium.memory.recalling.query import (
    EncodedQuestion,
    Query,
    check_modalities,
    encode_question,
    vectors_like,
)
from sensorium.memory.recalling.recency import fade
from sensorium.memory.records import Hit, Record
from sensorium.memory.shelf import Setup, Shelf
from sensorium.qdrant import Backend, Equal, Every, Filter, Ids, Not
from sensorium.qdrant.filters import Shared
from sensorium.qdrant.points import from_iso
from sensorium.qdrant.schema import TENANT

logger = logging.getLogger(__name__)

UNJUDGED = (
    "sensorium: min_confidence leaves out every hit that was not found by keywords, because no "
    'confidence is known: with ranking="raw", or in a small memory whose encoder ships no '
    "background statistics; see docs/calibration.md"
)


class Recaller:
    """Answers the questions of one owner."""

    def __init__(self, shelf: Shelf, calibrator: Calibrator) -> None:
        """Answer from the records of a shelf.

        Args:
            shelf: Place, encoder and owner of the records.
            calibrator: Calibration of the same records.
        """
        self._shelf = shelf
        self._calibrator = calibrator
        self._owner = shelf.owner
        self._lent: tuple[tuple[Shared, ...], float, int] | None = None  # shares, when, points

    def recall(
        self,
        query: Query | None,
        options: RecallOptions,
        *,
        like: str | None = None,
        weights: Sequence[float] | None = None,
    ) -> list[Hit]:
        """Return the records that answer a question, best first; see `Memory.recall`.

        Raises:
            QueryError: No question, two of them, a wrong vector, or weights that do not fit.
            UnsupportedModalityError: A modality to search that the encoder does not have.
            EncodingError: A percept of the query cannot be encoded.
            RecordNotFoundError: No record has the id `like`.
        """
        _check_question(query, like=like, weights=weights, keywords=options.keywords)

        # The vectors of the question and those they are compared with are of one encoder, even if
        # another is exchanged for it meanwhile: then the whole question is asked again.
        def answer(setup: Setup) -> list[Hit]:
            scales, narrowed = self._scales(setup, query, options, like, weights)
            return self._answers(setup.backend, scales, narrowed)

        return self._shelf.ask(answer)

    def matches(
        self, query: Query, options: RecallOptions, *, weights: Sequence[float] | None = None
    ) -> Matches:
        """Return all records that match a question at least as surely as `min_confidence`.

        Raises:
            QueryError: As of `recall`.
            EncodingError: A percept of the query cannot be encoded.
        """
        _check_question(query, like=None, weights=weights, keywords=None)
        least = options.min_confidence or 0.0

        def answer(setup: Setup) -> Matches:
            scales, narrowed = self._scales(setup, query, options, None, weights)
            now = datetime.now(timezone.utc)

            def search(limit: int) -> tuple[Sequence[Candidate], Callable[[str], Any]]:
                wide = replace(narrowed, limit=limit)
                candidates, points = self._candidates(setup.backend, scales, wide, now)
                candidates.sort(key=lambda candidate: -candidate.score)
                _limit_confidence(candidates)
                return candidates, points.payload

            known = any(scale.calibrated for scale in scales.values())
            return gather(search, least=least, calibrated=known)

        return self._shelf.ask(answer)

    def _scales(
        self,
        setup: Setup,
        query: Query | None,
        options: RecallOptions,
        like: str | None,
        weights: Sequence[float] | None,
    ) -> tuple[dict[str, Scale], RecallOptions]:
        """Return the scale of each modality for a question, and the options to search with."""
        modalities = check_modalities(options.modalities, setup.encoder)
        if like is not None:
            shared = self._shelf.shared()
            main = find_record(setup.backend, self._owner, like, vectors=True, shared=shared)
            rows = rows_of(setup.backend, self._owner, main, shared=shared)
            question = EncodedQuestion(vectors_like(rows))
            options = options.without(main.id)
        else:
            question = encode_question(query, setup.encoder, weights)
        if not question.vectors:
            return {}, options
        calibration = self._calibrator.current(setup)
        scales = question_scales(calibration, question, modalities, options.ranking)
        return self._with_others(setup.backend, scales), options

    def _with_others(self, backend: Backend, scales: dict[str, Scale]) -> dict[str, Scale]:
        """Count what others share among what a question is compared with: one may be luck, too."""
        if not (shared := self._shelf.shared()):
            return scales
        known, now = self._lent, time.monotonic()
        if known is None or known[0] != shared or now - known[1] > RECOUNT:
            others = Filter(self._owner, Not(Equal(TENANT, self._owner)), parts=True, shared=shared)
            self._lent = known = shared, now, backend.count(others)
        more = known[2]
        return {name: replace(s, compared=s.compared + more) for name, s in scales.items()}

    def _answers(
        self, backend: Backend, scales: Mapping[str, Scale], options: RecallOptions
    ) -> list[Hit]:
        """Search, rank and read the hits; without scales, search for keywords alone."""
        now = datetime.now(timezone.utc)
        candidates, points = self._candidates(backend, scales, options, now)
        # Confidence comes first, so that recency and diversity choose among certain candidates.
        if options.min_confidence is not None:
            if not any(scale.calibrated for scale in scales.values()):
                logger.warning(UNJUDGED)
            candidates = [
                candidate
                for candidate in candidates
                if _is_certain(candidate, options.min_confidence)
            ]
        if options.half_life is not None:
            for candidate in candidates:
                at = from_iso(points.payload(candidate.id)["at"])
                candidate.score = fade(candidate.score, now - at, options.half_life)
        candidates.sort(key=lambda candidate: -candidate.score)
        if options.in_order_of_score:
            _limit_confidence(candidates)
        if options.diversity:
            candidates = _diversify(candidates[: options.pool], scales, options)
        return self._hits(candidates[: options.limit], points, now)

    def _candidates(
        self,
        backend: Backend,
        scales: Mapping[str, Scale],
        options: RecallOptions,
        now: datetime,
    ) -> tuple[list[Candidate], PointReader]:
        """Search for the records that hold now; most memories have none that does not.

        A second search is made only where too many of the best do not hold.
        """
        mine = replace(self._shelf.readable(options.condition, now=now), parts=True)
        search = CandidateSearch(backend, mine, scales, options)
        found = search.run()
        living = [each for each in found if not is_superseded(search.points.payload(each.id), now)]
        if len(living) < len(found) and search.is_sure_of(found, living):
            return living, search.points
        if len(living) < len(found):
            asked = [] if options.condition is None else [options.condition]
            mine = replace(mine, condition=Every((*asked, holding(now))))
            search = CandidateSearch(backend, mine, scales, options)
            found = search.run()
        return found, search.points

    def hits_among(
        self,
        setup: Setup,
        scales: Mapping[str, Scale],
        options: RecallOptions,
        points: Sequence[str],
    ) -> dict[str, Hit]:
        """Return those of some records that answer a question, each as if it were the only one.

        Only these records are compared, whatever else is there.

        Args:
            setup: The collection.
            scales: Scale of each modality for the question.
            options: Options of the question, whose limit is the number of records.
            points: Ids of the records' points, those that continue them among these.
        Returns:
            Hits by the ids of the records' own points.
        """
        now = datetime.now(timezone.utc)
        asked = [] if options.condition is None else [options.condition]
        among = replace(options, condition=Every((*asked, Ids(tuple(points)))))
        candidates, read = self._candidates(setup.backend, scales, among, now)
        least = options.min_confidence
        chosen = [each for each in candidates if least is None or _is_certain(each, least)]
        return self._hits_by_id(chosen, read, now)

    def _hits(
        self, candidates: Sequence[Candidate], points: PointReader, now: datetime
    ) -> list[Hit]:
        return list(self._hits_by_id(candidates, points, now).values())

    def _hits_by_id(
        self, candidates: Sequence[Candidate], points: PointReader, now: datetime
    ) -> dict[str, Hit]:
        """Read the records of the chosen candidates."""
        read = points.read_whole([candidate.id for candidate in candidates])
        records = {name: record_of(point, self._owner) for name, point in read.items()}
        return {
            candidate.id: _hit(candidate, records[candidate.id], points, now)
            for candidate in candidates
            if candidate.id in records  # it may have been forgotten meanwhile
        }


def question_scales(
    calibration: Calibration, question: EncodedQuestion, modalities: Sequence[str], ranking: str
) -> dict[str, Scale]:
    """Return the scale of each modality for a question.

    Args:
        calibration: Calibration of the records.
        question: The question.
        modalities: Modalities to search.
        ranking: As of `Memory.recall`.
    """
    named = question.named
    scales = calibration.scales(question.vectors, modalities, ranking=ranking, named=named)
    if question.less:
        # Asked of all modalities, so that all scales count the same records as luck.
        exclusive = calibration.scales(question.less, modalities, ranking=ranking, named=named)
        scales |= {name: exclusive[name] for name in modalities if name != "text"}
    return scales


def _check_question(
    query: object, *, like: str | None, weights: object, keywords: str | None
) -> None:
    if query is None and like is None and keywords is None:
        raise QueryError(
            "a recall without a question", "query, like or keywords", "use timeline() to list"
        )
    if query is not None and like is not None:
        raise QueryError("both query and like", "one of them", "call recall twice")
    if weights is not None and query is None:
        raise QueryError("weights without a query", "parts to weigh", "leave them out")


def _is_certain(candidate: Candidate, min_confidence: float) -> bool:
    """Return whether a candidate may be returned; one that matches the keywords always may."""
    if candidate.keyword_match > 0:
        return True
    return candidate.confidence is not None and candidate.confidence >= min_confidence


def _limit_confidence(candidates: Sequence[Candidate]) -> None:
    """Give no candidate more confidence than one before it.

    Scores and confidences are on one scale, but for long recordings: among many rows, a stretch is
    as sure as alone, while its record gives way to shorter ones that match as well.
    """
    least = 1.0
    for candidate in candidates:
        if candidate.confidence is not None:
            least = candidate.confidence = min(least, candidate.confidence)


def _diversify(
    candidates: Sequence[Candidate], scales: Mapping[str, Scale], options: RecallOptions
) -> list[Candidate]:
    """Choose candidates that differ from each other, from candidates in order of their score."""
    if not candidates or options.diversity is None:
        return list(candidates)
    chosen = choose_diverse(
        [candidate.score for candidate in candidates],
        np.stack([_direction(candidate, scales) for candidate in candidates]),
        diversity=options.diversity,
        limit=options.limit,
    )
    return [candidates[index] for index in chosen]


def _direction(candidate: Candidate, scales: Mapping[str, Scale]) -> NDArray[np.float32]:
    """Return the best row, centred so that modalities can be compared; zeros if there is none."""
    if candidate.vector is None or candidate.modality == KEYWORDS:
        size = len(next(iter(scales.values())).vector) if scales else 1
        return np.zeros(size, np.float32)
    away = candidate.vector - scales[candidate.modality].centre
    length = float(np.linalg.norm(away))
    centred: NDArray[np.float32] = away / np.float32(length or 1.0)
    return centred


def _hit(candidate: Candidate, record: Record, points: PointReader, now: datetime) -> Hit:
    match = Match()
    if candidate.row is not None:
        part = points.payload(candidate.point).get("part", 0)
        # The row counts within its point; media and spans count within the whole record.
        before = row_offset(candidate.modality, part, record.modalities)
        match = matched(record, candidate.modality, candidate.row + before)
    return Hit(
        record=record,
        score=candidate.score if candidate.score > NEVER else 0.0,
        confidence=candidate.confidence,
        calibrated=candidate.confidence is not None,
        modality=candidate.modality,
        span=match.span,
        medium=match.medium,
        finding=match.finding,
        similarity=candidate.similarity,
        age=now - record.at,
        vector=candidate.vector,
    )
