"""Statistics of an encoder's vectors, which make scores of different modalities comparable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders.arithmetic import normalise
from sensorium.errors import UnsupportedModalityError, VectorError


class Pair(NamedTuple):
    """Cosines between unrelated percepts of two modalities."""

    mean: float
    spread: float  # standard deviation


@dataclass(frozen=True, eq=False)
class Background:
    """Statistics of an encoder's vectors over a mixed set of percepts.

    Cosines of different pairs of modalities cannot be compared as they are: unrelated pictures are
    nearer to each other than a text is to its picture. Centring makes them comparable enough to
    rank: subtract from each vector the mean of its modality, and scale it to unit length again.

    Attributes:
        centres: Mean vector of each modality, shape `(D,)`, float32.
        raw: Cosines of unrelated vectors, for each pair of modalities (asked, stored).
        centred: Cosines of unrelated vectors after centring, for each pair.
        overlap: Share of a vector's length in the dimensions that both modalities use, in (0, 1],
            for each pair. Divide a centred cosine by it before comparing it across pairs.
        margins: How far beyond the best unrelated row a match is as likely right as wrong, in
            typical spreads, for pairs where that was measured. Others have the common margin.
    """

    centres: Mapping[str, NDArray[np.float32]]
    raw: Mapping[tuple[str, str], Pair]
    centred: Mapping[tuple[str, str], Pair]
    overlap: Mapping[tuple[str, str], float]
    margins: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def centre(self, vectors: NDArray[np.float32], modality: str) -> NDArray[np.float32]:
        """Subtract the modality's mean and scale to unit length.

        Args:
            vectors: Shape `(..., D)`, unit length. Not modified.
            modality: Modality of the vectors.
        Returns:
            The same shape, float32, unit length.
        Raises:
            UnsupportedModalityError: There are no statistics of that modality.
            VectorError: The vectors have another dimension, NaN or infinity in them, or one of them
                equals the mean.
        """
        mean = self.centres.get(modality)
        if mean is None:
            raise UnsupportedModalityError(
                f"the modality {modality!r}",
                f"one of {', '.join(sorted(self.centres))}",
                "measure a background that includes it",
            )
        if vectors.shape[-1:] != mean.shape:
            raise VectorError(
                f"vectors of shape {vectors.shape}",
                f"(..., {len(mean)})",
                "pass vectors of the encoder the background belongs to",
            )
        return normalise(vectors - mean)

    def scores(
        self,
        asked: NDArray[np.float32],
        stored: NDArray[np.float32],
        *,
        modalities: tuple[str, str],
    ) -> NDArray[np.float32]:
        """Compare vectors on a scale that is the same for every pair of modalities.

        Args:
            asked: Query vectors, shape `(Q, D)`, unit length.
            stored: Vectors to compare them with, shape `(N, D)`, unit length.
            modalities: Modality of `asked`, and modality of `stored`.
        Returns:
            Shape `(Q, N)`: centred cosines divided by the overlap of the two modalities. 0 means
            unrelated, 1 the same.
        Raises:
            UnsupportedModalityError: There are no statistics of one of the modalities.
            VectorError: `centre` refuses the vectors.
        """
        left, right = (
            self.centre(rows, modality)
            for rows, modality in zip((asked, stored), modalities, strict=True)
        )
        scores: NDArray[np.float32] = left @ right.T / np.float32(self.overlap[modalities])
        return scores
