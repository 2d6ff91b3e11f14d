"""What an encoder's vectors look like when nothing in particular is meant: to calibrate against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
        centres: The mean vector `(D,)` of each modality, float32.
        raw: Of each pair (asked, stored): cosines of unrelated vectors as they are.
        centred: The same, of centred vectors.
        overlap: Of each pair: the share of a vector's length that both modalities use, above 0 to
            1. Divide a centred cosine by it before comparing it across pairs.
    """

    centres: Mapping[str, NDArray[np.float32]]
    raw: Mapping[tuple[str, str], Pair]
    centred: Mapping[tuple[str, str], Pair]
    overlap: Mapping[tuple[str, str], float]

    def centre(self, vectors: NDArray[np.float32], modality: str) -> NDArray[np.float32]:
        """Subtract the modality's mean and scale to unit length.

        Args:
            vectors: Shape `(..., D)`, unit length. Not modified.
            modality: Whose vectors they are.
        Returns:
            The same shape, float32, unit length.
        Raises:
            UnsupportedModalityError: There are no statistics of that modality.
            VectorError: Another dimension, NaN or infinity, or a vector equal to the mean.
        """
        mean = self.centres.get(modality)
        if mean is None:
            raise UnsupportedModalityError(
                f"the modality {modality!r}",
                f"one of {', '.join(sorted(self.centres))}",
                "measure a background of your own for it",
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
            asked: Shape `(Q, D)`, of the first modality.
            stored: Shape `(N, D)`, of the second.
            modalities: Of `asked` and of `stored`.
        Returns:
            Shape `(Q, N)`: centred cosines over the overlap of the two modalities; 0 is
            unrelated, 1 the same.
        Raises:
            UnsupportedModalityError: There are no statistics of that modality.
            VectorError: As `centre`.
        """
        left, right = (
            self.centre(rows, modality)
            for rows, modality in zip((asked, stored), modalities, strict=True)
        )
        scores: NDArray[np.float32] = left @ right.T / np.float32(self.overlap[modalities])
        return scores
