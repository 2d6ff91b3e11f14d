"""A standing question: encoded once, and compared with each record that arrives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone

from sensorium.errors import QueryError
from sensorium.memory.calibrating.calibration import Calibration
from sensorium.memory.calibrating.calibrator import Calibrator
from sensorium.memory.calibrating.scale import Scale
from sensorium.memory.chronology.ends import hit_of_time
from sensorium.memory.holding.links import is_superseded
from sensorium.memory.layout.lookup import FOREVER
from sensorium.memory.layout.payload import record_of
from sensorium.memory.recalling.options import RecallOptions
from sensorium.memory.recalling.query import (
    EncodedQuestion,
    Query,
    check_modalities,
    encode_question,
)
from sensorium.memory.recalling.recaller import Recaller, question_scales
from sensorium.memory.records import Hit
from sensorium.memory.shelf import Setup, Shelf
from sensorium.memory.watching.arrivals import Arrival
from sensorium.qdrant.points import StoredPoint, iso


class StandingQuestion:
    """Compares records with one question, as surely as a recall would."""

    def __init__(
        self,
        recaller: Recaller,
        calibrator: Calibrator,
        shelf: Shelf,
        *,
        query: Query | None,
        options: RecallOptions,
        weights: Sequence[float] | None,
    ) -> None:
        """Encode nothing yet.

        Args:
            recaller: Answers the questions of the owner.
            calibrator: Calibration of the owner's records.
            shelf: What the owner may read.
            query: The question; `None` lets all records through.
            options: Its options.
            weights: Weight of each of its parts.
        """
        self._recaller, self._calibrator, self._shelf = recaller, calibrator, shelf
        self._query, self._options, self._weights = query, options, weights
        # Of an encoder that may be exchanged, and of a calibration that learns
        self._encoded: tuple[Setup, EncodedQuestion] | None = None
        self._scaled: tuple[Calibration, Mapping[str, Scale]] | None = None

    def check(self, setup: Setup) -> None:
        """Check that the question can be asked.

        Raises:
            QueryError: It cannot, or no confidence is known by which a record could be told.
            EncodingError: A percept of the question cannot be encoded.
        """
        if self._query is not None:
            self._scales(setup)

    def compare(self, setup: Setup, arrivals: Sequence[Arrival]) -> Mapping[str, Hit]:
        """Return the hits among some records, by the ids of their points.

        Raises:
            QueryError: No confidence is known any more.
        """
        if not arrivals:
            return {}
        if self._query is None:
            return self._all_of(setup, arrivals)
        options = replace(self._options, limit=len(arrivals))
        points = [point for each in arrivals for point in each.points]
        return self._recaller.hits_among(setup, self._scales(setup), options, points)

    def _all_of(self, setup: Setup, arrivals: Sequence[Arrival]) -> Mapping[str, Hit]:
        """Return all records that live and hold."""
        now = datetime.now(timezone.utc)

        def holds(point: StoredPoint) -> bool:
            payload = point.payload
            lives = str(payload.get("expires_at") or FOREVER) > iso(now)
            return lives and not is_superseded(payload, now)

        owner, names = self._shelf.owner, [each.point for each in arrivals]
        points = setup.backend.retrieve(
            names, owner=owner, payload=True, vectors=False, shared=self._shelf.shared()
        )
        hits = {p.id: hit_of_time([record_of(p, owner)]) for p in points if holds(p)}
        return {name: hit for name, hit in hits.items() if hit is not None}

    def _scales(self, setup: Setup) -> Mapping[str, Scale]:
        modalities = check_modalities(self._options.modalities, setup.encoder)
        if self._encoded is None or self._encoded[0] is not setup:
            question = encode_question(self._query, setup.encoder, self._weights)
            self._encoded, self._scaled = (setup, question), None
        calibration = self._calibrator.current(setup)
        if self._scaled is None or self._scaled[0] is not calibration:
            _, question = self._encoded
            found = question_scales(calibration, question, modalities, self._options.ranking)
            self._scaled = calibration, found
        scales = self._scaled[1]
        judged = any(scale.calibrated for scale in scales.values())
        if self._options.min_confidence is not None and not judged:
            raise QueryError(
                "a watch without confidences",
                "an encoder with background statistics, or 64 memories of a modality",
                "remember more, or pass min_confidence=0 to be told of all that arrives; see "
                "docs/calibration.md",
            )
        return scales
