"""Unit vectors that lie as those of real texts do, for `scale.py`.

Uniform random vectors make every index look worst: all are equally far from each other, and no
search can be led. Vectors of a model are neither uniform nor equal in all directions. Of 6,000
English sentences, encoded with sensorium-mini (512 dimensions), the variance is spread as over 84
equal directions (participation ratio) and the ten nearest of 5,800 have a mean cosine of .51. These
are drawn about 500 topics from a normal distribution whose spread falls with the number of the
direction to the power of .4: 83 directions, and .3 to .4 among so many.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders import normalise

TOPICS = 500
SPREAD = 0.8  # standard deviation of a vector about its topic, over that of the topics
FALL = 0.4  # exponent with which the spread falls from direction to direction
BLOCK = 10_000  # vectors

Rows = NDArray[np.float32]


class Clustered:
    """A distribution of vectors, the same for every run."""

    def __init__(self, dimension: int, seed: int = 0) -> None:
        """Draw the topics.

        Args:
            dimension: Numbers of a vector.
            seed: Seed of everything that is drawn.
        """
        self._seed = seed
        draw = np.random.default_rng(seed)
        spread = np.arange(1, dimension + 1, dtype=np.float32) ** np.float32(-FALL)
        self._spread = spread / np.sqrt(np.mean(spread**2))
        self._topics = draw.standard_normal((TOPICS, dimension), np.float32) * self._spread

    def blocks(self, count: int) -> Iterator[Rows]:
        """Yield `count` rows in blocks, shape `(B, D)`."""
        draw = np.random.default_rng(self._seed + 1)
        for start in range(0, count, BLOCK):
            yield self._rows(min(BLOCK, count - start), draw)

    def questions(self, count: int) -> Rows:
        """Draw questions about the same topics, shape `(count, D)`."""
        return self._rows(count, np.random.default_rng(self._seed + 2))

    def _rows(self, count: int, draw: np.random.Generator) -> Rows:
        about = self._topics[draw.integers(TOPICS, size=count)]
        noise = draw.standard_normal(about.shape, np.float32) * self._spread
        return normalise(about + np.float32(SPREAD) * noise)
