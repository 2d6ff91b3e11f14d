"""Fusing ranked lists, one for each modality, without a scale: alternatives to calibration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from sensorium.errors import QueryError, show

RRF_CONSTANT = 60  # ranks: how little the first places differ; Cormack et al., SIGIR 2009
DBSF_SPREADS = 3  # standard deviations on either side of the mean that become 0 to 1

Ranked = Sequence[tuple[str, float]]  # ids with their similarities, best first


def fuse_ranks(lists: Mapping[str, Ranked], *, method: str) -> list[tuple[str, float, str]]:
    """Fuse ranked lists; an id in several lists gets the sum of its shares.

    Args:
        lists: List of each modality: ids with their similarities, best first, no id twice.
        method: `"rrf"`, reciprocal rank fusion, or `"dbsf"`, distribution-based score fusion, which
            scales each list's similarities by their own mean and spread.
    Returns:
        Id, score, and the modality that gave the largest share; best first.
    Raises:
        QueryError: Another method.
    """
    if method not in SHARES:
        raise QueryError(
            f"method={show(method)}", f"one of {', '.join(SHARES)}", "pass one of these"
        )
    totals: dict[str, float] = {}
    largest: dict[str, tuple[float, str]] = {}
    for modality, ranked in lists.items():
        for (found, _), share in zip(ranked, SHARES[method](ranked), strict=True):
            totals[found] = totals.get(found, 0.0) + share
            if found not in largest or share > largest[found][0]:
                largest[found] = share, modality
    order = sorted(totals, key=totals.__getitem__, reverse=True)
    return [(found, totals[found], largest[found][1]) for found in order]


def _by_rank(ranked: Ranked) -> list[float]:
    return [1 / (RRF_CONSTANT + rank) for rank in range(1, len(ranked) + 1)]


def _by_distribution(ranked: Ranked) -> list[float]:
    similarities = np.array([similarity for _, similarity in ranked], dtype=np.float64)
    reach = DBSF_SPREADS * similarities.std() if len(ranked) else 0.0
    if not reach > 0:  # a single id, or equal similarities: in the middle
        return [0.5] * len(ranked)
    shares: list[float] = (
        ((similarities - similarities.mean()) / (2 * reach) + 0.5).clip(0, 1).tolist()
    )
    return shares


SHARES: Mapping[str, Callable[[Ranked], list[float]]] = {
    "rrf": _by_rank,
    "dbsf": _by_distribution,
}
