"""One scale for all modalities, from statistics of the encoder and of the collection.

A question is centred as stored vectors are: the mean vector of its modality is subtracted. `scale`
computes scores from similarities; the mathematics are in docs/calibration.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders import Background, combine, normalise
from sensorium.encoders.background import Pair
from sensorium.errors import QueryError, VectorError, show
from sensorium.memory.calibrating.modality_statistics import (
    NARROWEST,
    UNCOUNTED,
    learn_statistics,
    unrelated_scores,
)
from sensorium.memory.calibrating.sample import Sample
from sensorium.memory.calibrating.scale import EVEN, Scale

Vector = NDArray[np.float32]
RANKINGS = ("centred", "z", "raw", "rrf", "dbsf")
UNNAMED = 4.0  # typical spreads that a hit needs more if the question names another modality
OWN_SPREAD = 0.25  # weight of a pair's own variance; the rest is the encoder's typical variance


@dataclass(frozen=True, eq=False)
class QueryVector:
    """The vector of one part of a question.

    Attributes:
        vector: Shape `(D,)`, float32, unit length.
        modality: Modality that the vector was encoded from; `None` for a vector that the caller
            passed, which has no centre.
        weight: Weight among several parts; negative to subtract.
    """

    vector: Vector
    modality: str | None
    weight: float = 1.0


class _Expected(NamedTuple):
    """What to expect in one stored modality, by the shipped statistics alone."""

    overlap: float
    scores: Pair | None
    margin: float = EVEN


class Calibration:
    """Puts the similarities of all modalities on one scale.

    The statistics start as those shipped with the encoder, and approach the collection's own as its
    sample grows. Without either, similarities stay as they are, and scales are not `calibrated`.
    """

    def __init__(self, background: Background | None, sample: Sample) -> None:
        """Learn the statistics of each modality.

        Args:
            background: Statistics shipped with the encoder; `None` if it ships none.
            sample: Sample of the collection, of the same encoder's vectors.
        """
        self._background = background
        self._stored = learn_statistics(background, sample)
        self._counts = sample.counts
        self._typical = None if background is None else _typical_variance(background)

    def scales(
        self,
        query: Sequence[QueryVector],
        modalities: Sequence[str],
        *,
        ranking: str = "centred",
        named: Collection[str] = (),
    ) -> dict[str, Scale]:
        """Return the scale of each stored modality for one question.

        Args:
            query: Parts of the question; each is centred, then they are weighed and added.
            modalities: Modalities to search.
            ranking: `"centred"` for scores that are cosines, `"z"` for the same in typical spreads
                of unrelated rows, `"raw"` for similarities; `"rrf"` and `"dbsf"`, for `fuse_ranks`,
                order each modality as `"centred"` does.
            named: Modalities that the question names: hits of others are less likely meant. They
                are not if none of these is searched, or nothing is stored in any of them.
        Raises:
            QueryError: An unknown ranking.
            VectorError: No part, vectors of different shapes, or weights that cancel.
        """
        if ranking not in RANKINGS:
            raise QueryError(
                f"ranking={show(ranking)}", f"one of {', '.join(RANKINGS)}", "pass one"
            )
        self._check_shapes(query)
        plain = _added([part.vector for part in query], query)
        if ranking == "raw" or not self._stored:
            return {name: Scale.raw(plain) for name in modalities}
        vector = _added([self._centre(part) for part in query], query)
        # What is shipped with the encoder says the typical spread; else all modalities do
        looked_at = self._stored if self._typical is None else modalities
        expected = {name: self._expected(query, name) for name in looked_at if name in self._stored}
        own = self._own_scores(vector, expected)
        typical = self._typical
        if typical is None:
            typical = sum(spread**2 for _, spread in own.values()) / len(own)
        compared = sum(self._counts.get(name, 0) for name in modalities) or UNCOUNTED
        meant = {each for each in modalities if each in named and self._counts.get(each)}
        meant = meant or set(modalities)
        return {
            name: Scale(
                vector=vector,
                calibrated=True,
                asked=plain,
                centre=stored.centre,
                offset=float(vector @ stored.centre),
                length=stored.length,
                overlap=expected[name].overlap,
                unrelated=Pair(own[name].mean, _moderate(own[name].spread, typical)),
                points=stored.points,
                share=stored.share,
                compared=compared,
                margin=expected[name].margin + (0.0 if name in meant else UNNAMED),
                typical=max(sqrt(typical), NARROWEST),
                in_spreads=ranking == "z",
            )
            if (stored := self._stored.get(name))
            else Scale.raw(plain)
            for name in modalities
        }

    def unrelated_distance(self, modality: str) -> float:
        """Return the typical distance of two unrelated rows of a modality: 1 less their cosine.

        What an encoder ships goes before the sample; it is 1 where nothing is known.
        """
        pair = (modality, modality)
        if self._background is not None and pair in self._background.centred:
            return max(1.0 - self._background.centred[pair].mean, NARROWEST)
        stored = self._stored.get(modality)
        if stored is None or len(stored.rows) < 2:
            return 1.0
        cosines = stored.rows @ stored.rows.T
        others = cosines[~np.eye(len(cosines), dtype=bool)]
        return max(1.0 - float(others.mean()), NARROWEST)

    def _check_shapes(self, query: Sequence[QueryVector]) -> None:
        shapes = {part.vector.shape for part in query}
        known = {stored.centre.shape for stored in self._stored.values()}
        if not shapes or len(shapes | known) > 1:
            raise VectorError(
                f"{len(query)} query vectors, of shapes {sorted(shapes)}",
                f"at least one, all of one shape{''.join(f' {shape}' for shape in known)}",
                "pass vectors of the memory's encoder",
            )

    def _centre(self, part: QueryVector) -> Vector:
        stored = self._stored.get(part.modality or "")
        return part.vector if stored is None else part.vector - stored.centre

    def _expected(self, query: Sequence[QueryVector], name: str) -> _Expected:
        """Return what the shipped statistics say of the scores of one stored modality.

        Parts count by their weights. A part of an unknown modality counts as the average of all
        modalities.
        """
        shipped = self._background
        if shipped is None or name not in shipped.centres:
            return _Expected(1.0, None)
        total = np.zeros(5)
        for part in query:
            sources = [part.modality] if part.modality in shipped.centres else [*shipped.centres]
            for source in sources:
                pair = (str(source), name)
                margin = shipped.margins.get(pair, EVEN)
                numbers = (1.0, shipped.overlap[pair], *shipped.centred[pair], margin)
                total += abs(part.weight) / len(sources) * np.array(numbers)
        overlap, mean, spread, margin = (total[1:] / total[0]).tolist()
        return _Expected(overlap, Pair(mean / overlap, spread / overlap), margin)

    def _own_scores(self, vector: Vector, expected: Mapping[str, _Expected]) -> dict[str, Pair]:
        """Return mean and spread of the scores of unrelated rows, for each stored modality."""
        return {
            name: unrelated_scores(
                self._stored[name].rows @ vector / expectation.overlap, expectation.scores
            )
            for name, expectation in expected.items()
        }


def _added(vectors: Sequence[Vector], query: Sequence[QueryVector]) -> Vector:
    """Weigh and add the vectors of the parts of a question; of one part nothing is to be added."""
    if len(query) == 1 and query[0].weight > 0:
        return normalise(vectors[0])
    return combine(np.stack(vectors), [part.weight for part in query])


def _typical_variance(background: Background) -> float:
    """Return the mean variance of unrelated scores over all pairs of modalities."""
    spreads = [pair.spread / background.overlap[key] for key, pair in background.centred.items()]
    return float(np.mean(np.square(spreads)))


def _moderate(spread: float, typical: float) -> float:
    """Move a spread towards the typical one.

    The spread of a single pair is uncertain: it was measured on too few kinds of content.
    """
    return max(sqrt(OWN_SPREAD * spread**2 + (1 - OWN_SPREAD) * typical), NARROWEST)
