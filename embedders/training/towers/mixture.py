"""From the probabilities of classes to a vector: the mixture of the vectors of their names.

Source: Norouzi et al., "Zero-Shot Learning by Convex Combination of Semantic Embeddings"
(ICLR 2014). Deliberate difference: the towers change the probabilities before they are used as
weights, by a temperature, or by how usual a class is and a square root.

Letters: B batch, C classes, S semantic dimensions.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

TOP = 10  # classes mixed


def mixture(weights: Tensor, names: Tensor) -> Tensor:
    """Mix the names of the classes with the greatest weights.

    Args:
        weights: Weights of the classes, shape `(B, C)`, at least 0.
        names: Vectors of the classes' names, shape `(C, S)`, unit length.
    Returns:
        Shape `(B, S)`, float32, unit length.
    """
    top = weights.topk(TOP, dim=-1)  # (B, TOP)
    mixed = (top.values[..., None] * names[top.indices]).sum(1)  # (B, S)
    return F.normalize(mixed.float(), dim=-1)  # (B, S)
