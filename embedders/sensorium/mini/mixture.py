"""From how likely each class is to a point in the space: the mixture of the classes' names.

Source: Norouzi et al., "Zero-Shot Learning by Convex Combination of Semantic Embeddings"
(ICLR 2014), and what the towers add to it: the weights are tempered by the caller.

Letters: B batch, C classes, S semantic dimensions.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

TOP = 10  # classes mixed


def mixture(weights: Tensor, names: Tensor) -> Tensor:
    """Mix the names of the classes with the greatest weights.

    Args:
        weights: Shape `(B, C)`, none negative.
        names: Shape `(C, S)`, unit vectors.
    Returns:
        Shape `(B, S)`, unit length.
    """
    top = weights.topk(TOP, dim=-1)  # (B, TOP)
    return F.normalize((top.values[..., None] * names[top.indices]).sum(1), dim=-1)  # (B, S)
