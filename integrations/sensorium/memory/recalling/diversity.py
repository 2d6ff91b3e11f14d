"""Diversity: choosing results that are relevant and differ from each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def choose_diverse(
    relevance: Sequence[float], rows: NDArray[np.float32], *, diversity: float, limit: int
) -> list[int]:
    """Choose results by maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998).

    Args:
        relevance: How relevant each result is.
        rows: Vector of each result, shape `(N, D)`, unit length, or zeros if it has none.
        diversity: 0 chooses by relevance alone; 1 chooses the most relevant result first, then by
            difference from the chosen ones alone.
        limit: Number of results to choose at most.
    Returns:
        Indices of the chosen results, in the order in which they were chosen.
    """
    left = list(range(len(relevance)))
    nearest = [float("-inf")] * len(relevance)  # cosine of each result and the nearest chosen one
    chosen: list[int] = []
    while left and len(chosen) < limit:
        if chosen:
            values = [(1 - diversity) * relevance[i] - diversity * nearest[i] for i in left]
        else:
            values = [relevance[i] for i in left]
        best = left.pop(int(np.argmax(values)))
        chosen.append(best)
        for i in left:
            nearest[i] = max(nearest[i], float(rows[i] @ rows[best]))
    return chosen
