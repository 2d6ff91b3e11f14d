"""Maximal marginal relevance, with LangChain's meaning of `lambda_mult`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def diverse(
    question: NDArray[np.float32], rows: NDArray[np.float32], *, k: int, lambda_mult: float
) -> list[int]:
    """Choose rows that resemble a question and differ from each other.

    Args:
        question: Shape `(D,)`, unit length.
        rows: Shape `(N, D)`, unit length.
        k: How many to choose at most.
        lambda_mult: 1 looks at the question alone; 0, after the most similar row, at differences
            alone.
    Returns:
        Indices of rows, in the order they were chosen.
    """
    likeness = rows @ question  # (N,)
    nearest = np.full(len(rows), -1.0, np.float32)  # cosine of each with what is chosen
    chosen: list[int] = []
    while len(chosen) < min(k, len(rows)):
        worth = lambda_mult * likeness - (1 - lambda_mult) * nearest if chosen else likeness.copy()
        worth[chosen] = -np.inf
        chosen.append(int(worth.argmax()))
        nearest = np.maximum(nearest, rows @ rows[chosen[-1]])
    return chosen
