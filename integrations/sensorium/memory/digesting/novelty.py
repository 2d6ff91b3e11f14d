"""How telling each frame of a day is: novel beside its neighbours, and beside what is kept.

A frame is as novel as it is unlike the fourth of its neighbours in time, the most alike first: the
distance to the k-th neighbour of Ramaswamy, Rastogi and Shim, "Efficient Algorithms for Mining
Outliers from Large Data Sets" (2000), among the ten around it. So an event of up to four frames
does not hide itself. Frames are chosen one after another, the farthest from all that was chosen
first, as in Gonzalez, "Clustering to Minimize the Maximum Intercluster Distance" (1985), each
distance times the novelty. Ranks within a sense make senses comparable: see docs/digest.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

SIDE = 5  # neighbours in time that are looked at before and after a frame
NTH = 4  # the one of them that a frame must be unlike to be novel
GAIN = 4.0  # doublings of rarity that a frame wholly unlike all others is worth
SHARE = 20  # one in so many frames of a sense and day is telling by its novelty
STEP = 4  # salience is told in quarters

Rows = NDArray[np.float32]
Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Told:
    """What is known of some frames.

    Attributes:
        salience: How telling each is: the higher, the later it goes.
        telling: Whether it stays if nothing else is asked: typical of its episode, or novel.
    """

    salience: Numbers
    telling: NDArray[np.bool_]


def tell(
    rows: Sequence[Mapping[str, Rows]],
    episodes: Sequence[int],
    kept: Sequence[bool],
    scales: Mapping[str, float],
    before: Mapping[str, Rows],
) -> Told:
    """Tell how telling frames are, of one day and in order of time.

    Args:
        rows: A centred unit vector of each modality of each frame, `(D,)`.
        episodes: Number of the episode of each frame.
        kept: Whether an earlier digest has kept it.
        scales: Distance of two unrelated frames, by modality.
        before: The last rows before these, by modality, `(n, D)`.
    """
    salience = np.zeros(len(rows))
    telling = np.zeros(len(rows), bool)
    for modality in sorted({name for each in rows for name in each}):
        indices = np.array([i for i, each in enumerate(rows) if modality in each])
        block = np.stack([rows[i][modality] for i in indices])  # (n, D)
        earlier = np.asarray(kept, bool)[indices]
        of = np.asarray(episodes)[indices]
        novel = novelty(block, before.get(modality, block[:0])) / scales[modality]
        gains = np.zeros(len(indices))
        for number in np.unique(of):
            its = np.flatnonzero(of == number)
            gains[its] = chosen(block[its], novel[its], earlier[its], scales[modality])
            if not earlier[its].any():
                telling[indices[its[int((block[its] @ block[its].mean(axis=0)).argmax())]]] = True
        ranks, count = _ranks(gains, earlier), int((~earlier).sum())
        rarity = np.where(earlier, 0.0, np.log2(max(count, 1) / ranks))
        salience[indices] = np.maximum(salience[indices], rarity + GAIN * gains)
        telling[indices[~earlier & (ranks <= ceil(count / SHARE))]] = True
    salience[telling] = np.maximum(salience[telling], np.log2(SHARE))
    return Told(np.round(salience * STEP) / STEP, telling)


def novelty(block: Rows, before: Rows) -> Numbers:
    """Return how unlike its neighbours in time each row is, as 1 less a cosine.

    Args:
        block: Rows in order of time, `(n, D)`.
        before: Rows before them, in order of time, `(m, D)`.
    """
    joined = np.concatenate([before[-SIDE:], block])
    cosines = np.full((len(joined), 2 * SIDE), -np.inf, np.float32)
    for away in range(1, min(SIDE, len(joined) - 1) + 1):
        products = np.einsum("nd,nd->n", joined[away:], joined[:-away])
        cosines[away:, away - 1] = products
        cosines[:-away, SIDE + away - 1] = products
    cosines = -np.sort(-cosines[len(joined) - len(block) :], axis=1)[:, :NTH]  # most alike first
    known = np.isfinite(cosines)
    last = np.maximum(known.sum(axis=1) - 1, 0)
    fourth = np.where(known.any(axis=1), cosines[np.arange(len(block)), last], 0.0)
    return np.asarray(1.0 - fourth, np.float64)


def chosen(block: Rows, novel: Numbers, earlier: NDArray[np.bool_], scale: float) -> Numbers:
    """Choose rows of an episode one after another; return the gain that each was chosen for.

    Args:
        block: The rows, `(n, D)`.
        novel: How novel each is.
        earlier: Which are kept already; their gain is 0.
        scale: Distance of two unrelated rows.
    """
    apart = np.clip((1.0 - block @ block.T) / scale, 0.0, 1.0)  # (n, n)
    far = apart[earlier].min(axis=0) if earlier.any() else np.ones(len(block))
    left, gains = ~earlier, np.zeros(len(block))
    for _ in range(int(left.sum())):
        best = int(np.where(left, novel * far, -1.0).argmax())
        gains[best] = max(float(novel[best] * far[best]), 0.0)
        left[best] = False
        far = np.minimum(far, apart[best])
    return gains


def _ranks(gains: Numbers, earlier: NDArray[np.bool_]) -> Indices:
    """Return the place of each row among those that are not kept yet, from 1."""
    ranks = np.full(len(gains), len(gains) + 1)
    fresh = np.flatnonzero(~earlier)
    ranks[fresh[np.argsort(-gains[fresh], kind="stable")]] = np.arange(1, len(fresh) + 1)
    return ranks
