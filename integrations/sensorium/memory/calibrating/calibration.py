"""One scale for all modalities, from statistics of the encoder and of the collection.

What is asked is centred like what is stored: the mean vector of its modality is subtracted. How
scores are computed from similarities is in `scale`; the mathematics are in docs/calibration.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders import Background, combine
from sensorium.encoders.background import Pair
from sensorium.errors import QueryError, VectorError
from sensorium.memory.calibrating.sample import NARROWEST, Sample, learn, unrelated_scores
from sensorium.memory.calibrating.scale import Scale, record_score
from sensorium.memory.recalling.fusion import fuse_ranks

__all__ = ["RANKINGS", "Asked", "Calibration", "Scale", "fuse_ranks", "record_score"]

Vector = NDArray[np.float32]
RANKINGS = ("centred", "z", "raw", "rrf", "dbsf")
OWN_SPREAD = 0.25  # share of a pair's own variance; the rest is typical of the encoder


@dataclass(frozen=True, eq=False)
class Asked:
    """One thing asked for.

    Attributes:
        vector: Shape `(D,)`, float32, unit length.
        modality: Whose vector it is; `None` for a bare one, which has no centre.
        weight: Its share among several; negative to subtract.
    """

    vector: Vector
    modality: str | None
    weight: float = 1.0


class _Expected(NamedTuple):
    """What is expected of the scores of one stored modality, before any was seen."""

    overlap: float
    scores: Pair | None


class Calibration:
    """Puts the similarities of every modality on one scale.

    Statistics are those shipped with the encoder, and lean towards the collection's own as its
    sample grows. Without either, similarities stay as they are, and scales say so.
    """

    def __init__(self, background: Background | None, sample: Sample) -> None:
        """Prepare the statistics.

        Args:
            background: Shipped with the encoder; `None` if nothing is.
            sample: Of the collection, of the same encoder's vectors.
        """
        self._background = background
        self._stored = learn(background, sample)
        self._typical = None if background is None else _typical_variance(background)

    def scales(
        self, asked: Sequence[Asked], modalities: Sequence[str], *, ranking: str = "centred"
    ) -> dict[str, Scale]:
        """Return the scale of each stored modality for one question.

        Args:
            asked: What is asked for; several are centred, weighed and added.
            modalities: Those to search.
            ranking: `"centred"` for scores that are cosines, `"z"` for spreads above the unrelated,
                `"raw"` for similarities as they are; `"rrf"` and `"dbsf"`, for `fuse_ranks`, order
                each modality as `"centred"` does.
        Raises:
            QueryError: Another ranking.
            VectorError: Nothing asked, vectors of different shapes, or weights that cancel.
        """
        if ranking not in RANKINGS:
            raise QueryError(f"ranking={ranking!r}", f"one of {', '.join(RANKINGS)}", "pass one")
        weights = [one.weight for one in asked]
        plain = combine(self._stacked(asked), weights)
        if ranking == "raw" or not self._stored:
            return {name: Scale.raw(plain) for name in modalities}
        vector = combine(np.stack([self._centred(one) for one in asked]), weights)
        expected = {name: self._expected(asked, name) for name in self._stored}
        unrelated = self._unrelated(vector, expected)
        return {
            name: Scale(
                vector=vector,
                calibrated=True,
                asked=plain,
                centre=stored.centre,
                offset=float(vector @ stored.centre),
                length=stored.length,
                overlap=expected[name].overlap,
                unrelated=unrelated[name],
                points=stored.points,
                in_spreads=ranking == "z",
            )
            if (stored := self._stored.get(name))
            else Scale.raw(plain)
            for name in modalities
        }

    def _stacked(self, asked: Sequence[Asked]) -> Vector:
        shapes = {one.vector.shape for one in asked}
        known = {stored.centre.shape for stored in self._stored.values()}
        if not shapes or len(shapes | known) > 1:
            raise VectorError(
                f"{len(asked)} things asked, of shapes {sorted(shapes)}",
                f"at least one, all of one shape{''.join(f' {shape}' for shape in known)}",
                "pass vectors of the memory's encoder",
            )
        return np.stack([one.vector for one in asked])

    def _centred(self, one: Asked) -> Vector:
        stored = self._stored.get(one.modality or "")
        return one.vector if stored is None else one.vector - stored.centre

    def _expected(self, asked: Sequence[Asked], name: str) -> _Expected:
        """Return what the shipped statistics say of the scores of one stored modality.

        Several things asked count by their weights; one whose modality is not known, as the
        average of those that are.
        """
        shipped = self._background
        if shipped is None or name not in shipped.centres:
            return _Expected(1.0, None)
        total = np.zeros(4)
        for one in asked:
            sources = [one.modality] if one.modality in shipped.centres else [*shipped.centres]
            for source in sources:
                pair = (str(source), name)
                numbers = (1.0, shipped.overlap[pair], *shipped.centred[pair])
                total += abs(one.weight) / len(sources) * np.array(numbers)
        overlap, mean, spread = (total[1:] / total[0]).tolist()
        return _Expected(overlap, Pair(mean / overlap, spread / overlap))

    def _unrelated(self, vector: Vector, expected: Mapping[str, _Expected]) -> dict[str, Pair]:
        """Return mean and spread of the scores of unrelated rows, of each stored modality."""
        own = {
            name: unrelated_scores(
                stored.rows @ vector / expected[name].overlap, expected[name].scores
            )
            for name, stored in self._stored.items()
        }
        typical = self._typical
        if typical is None:
            typical = float(np.mean([spread**2 for _, spread in own.values()]))
        return {
            name: Pair(mean, _moderated(spread, typical)) for name, (mean, spread) in own.items()
        }


def _typical_variance(background: Background) -> float:
    """Return the mean variance of unrelated scores over all pairs of modalities."""
    spreads = [pair.spread / background.overlap[key] for key, pair in background.centred.items()]
    return float(np.mean(np.square(spreads)))


def _moderated(spread: float, typical: float) -> float:
    """Move a spread towards the typical variance: few pairs were seen in all their variety."""
    return max(sqrt(OWN_SPREAD * spread**2 + (1 - OWN_SPREAD) * typical), NARROWEST)
