"""Recalling: what was found is judged, put in order, and read."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import QueryError
from sensorium.memory.calibrating.calibration import QueryVector
from sensorium.memory.calibrating.calibrator import Calibrator
from sensorium.memory.calibrating.scale import Scale
from sensorium.memory.layout.parts import row_offset, rows_of
from sensorium.memory.layout.payload import matched, record_of
from sensorium.memory.lookup import find_record
from sensorium.memory.recalling.candidates import KEYWORDS, NEVER, Candidate, Finder
from sensorium.memory.recalling.options import RecallOptions
from sensorium.memory.recalling.query import Query, checked_modalities, query_vectors, resembling
from sensorium.memory.records import Hit, Record
from sensorium.memory.shelf import Shelf
from sensorium.qdrant import Backend, Filter
from sensorium.qdrant.points import from_iso

logger = logging.getLogger(__name__)

UNJUDGED = (
    "sensorium: min_confidence leaves out all that likeness finds: nothing is judged with "
    'ranking="raw", nor in a small memory whose encoder has no background statistics; see '
    "docs/calibration.md"
)


class Recaller:
    """Answers the questions of one owner."""

    def __init__(self, shelf: Shelf, calibrator: Calibrator) -> None:
        """Read from a shelf what a calibrator judges."""
        self._shelf = shelf
        self._calibrator = calibrator
        self._owner = shelf.owner

    def recall(
        self,
        query: Query | None,
        options: RecallOptions,
        *,
        like: str | None = None,
        weights: Sequence[float] | None = None,
    ) -> list[Hit]:
        """Find what answers a question, best first; see `Memory.recall`."""
        if query is None and like is None and options.keywords is None:
            raise QueryError(
                "a recall without a question", "query, like or keywords", "use timeline() to list"
            )
        if query is not None and like is not None:
            raise QueryError("both query and like", "one of them", "call recall twice")
        if weights is not None and query is None:
            raise QueryError("weights without a query", "parts to weigh", "leave them out")
        # Taken once: the vectors of the question and those it is compared with fit each other.
        setup = self._shelf.setup
        modalities = checked_modalities(options.modalities, setup.encoder)
        asked: list[QueryVector] = []
        if like is not None:
            main = find_record(setup.backend, self._owner, like, vectors=True)
            asked = resembling(rows_of(setup.backend, self._owner, main))
            options = options.without(main.id)
        elif query is not None:
            asked = query_vectors(query, setup.encoder, weights)
        scales: dict[str, Scale] = {}
        if asked:
            calibration = self._calibrator.current(setup)
            scales = calibration.scales(asked, modalities, ranking=options.ranking)
        return self._answers(setup.backend, scales, options)

    def _answers(
        self, backend: Backend, scales: Mapping[str, Scale], options: RecallOptions
    ) -> list[Hit]:
        """Search, judge and choose; without scales, look for keywords alone."""
        now = datetime.now(timezone.utc)
        where = Filter(self._owner, options.condition, alive_at=now, parts=True)
        if options.min_confidence is not None and not any(
            one.calibrated for one in scales.values()
        ):
            logger.warning(UNJUDGED)
        finder = Finder(backend, where, scales, options)
        found = finder.candidates()
        if options.min_confidence is not None:
            found = [one for one in found if _is_sure(one, options.min_confidence)]
        if options.half_life is not None:
            for one in found:
                at = from_iso(finder.points[one.id].payload["at"])
                one.score = faded(one.score, now - at, options.half_life)
        found.sort(key=lambda one: -one.score)
        if options.diversity:
            found = diverse(found[: options.pool], scales, options.diversity, options.limit)
        return self._hits(backend, found[: options.limit], finder, now)

    def _hits(
        self, backend: Backend, found: Sequence[Candidate], finder: Finder, now: datetime
    ) -> list[Hit]:
        """Read the records of what was chosen."""
        ids = [one.id for one in found]
        read = backend.retrieve(ids, owner=self._owner, payload=True, vectors=False)
        records = {point.id: record_of(point) for point in read}
        return [
            _hit(one, records[one.id], finder, now)
            for one in found
            if one.id in records  # it may have been forgotten meanwhile
        ]


def _hit(one: Candidate, record: Record, finder: Finder, now: datetime) -> Hit:
    medium = span = None
    if one.row is not None:
        part = finder.points[one.point].payload.get("part", 0)
        before = row_offset(one.modality, part, record.modalities)
        medium, span = matched(record, one.modality, one.row + before)
    return Hit(
        record=record,
        score=one.score if one.score > NEVER else 0.0,
        confidence=one.confidence,
        calibrated=one.confidence is not None,
        modality=one.modality,
        span=span,
        medium=medium,
        similarity=one.similarity,
        age=now - record.at,
        vector=one.vector,
    )


def _is_sure(one: Candidate, least: float) -> bool:
    """Whether a candidate may be returned: what holds the words looked for always may."""
    return one.words > 0 or (one.confidence is not None and one.confidence >= least)


def faded(score: float, age: timedelta, half_life: timedelta) -> float:
    """Let a score fade with age; what is worth less than nothing does not gain by it."""
    spent = max(age / half_life, 0.0)
    return score * 0.5**spent if score > 0 else score


def diverse(
    candidates: Sequence[Candidate], scales: Mapping[str, Scale], diversity: float, limit: int
) -> list[Candidate]:
    """Choose hits that are good and differ from each other (maximal marginal relevance).

    Args:
        candidates: Best first.
        scales: Of the modalities.
        diversity: 0 is the order as it is; 1 looks at differences alone, after the first.
        limit: How many to choose.
    """
    pool = list(candidates)
    directions = {one.id: _direction(one, scales) for one in pool}
    nearest = dict.fromkeys(directions, NEVER)
    chosen: list[Candidate] = []
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
    if one.vector is None or one.modality == KEYWORDS:
        size = len(next(iter(scales.values())).vector) if scales else 1
        return np.zeros(size, np.float32)
    away = one.vector - scales[one.modality].centre
    length = float(np.linalg.norm(away))
    centred: NDArray[np.float32] = away / np.float32(length or 1.0)
    return centred
