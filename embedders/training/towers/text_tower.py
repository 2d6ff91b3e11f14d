"""The text tower: all-MiniLM-L6-v2, a small post-norm BERT with mean pooling.

Written from the papers (BERT, arXiv 1810.04805; MiniLM, arXiv 2002.10957; mean pooling,
arXiv 1908.10084). Deliberate differences: the token type, always 0 here, is folded into the
positions; query, key and value are one product; 256 of the 512 positions are kept, the length the
original reads.

Letters: B batch, N tokens, D width, H heads, d = D / H.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sensorium.imagebind.linear import Linear
from sensorium.mini.wordpiece import POSITIONS

NORM_EPS = 1e-12


@dataclass(frozen=True)
class TextSizes:
    """Sizes of the tower; the defaults are all-MiniLM-L6-v2's."""

    vocabulary: int = 30_522  # word pieces
    positions: int = POSITIONS  # N, at most
    width: int = 384  # D, also of the result
    blocks: int = 6
    heads: int = 12  # H
    hidden: int = 1_536  # width inside a block's MLP


class Block(nn.Module):
    """Attention, then an MLP; each is added to its input, and the sum is normalised."""

    def __init__(self, sizes: TextSizes) -> None:
        super().__init__()
        self.heads = sizes.heads
        self.query_key_value = Linear(sizes.width, 3 * sizes.width)
        self.out = Linear(sizes.width, sizes.width)
        self.norm_attention = nn.LayerNorm(sizes.width, eps=NORM_EPS)
        self.expand = Linear(sizes.width, sizes.hidden)
        self.contract = Linear(sizes.hidden, sizes.width)
        self.norm_mlp = nn.LayerNorm(sizes.width, eps=NORM_EPS)

    def forward(self, tokens: Tensor, seen: Tensor) -> Tensor:
        """Map `(B, N, D)` to `(B, N, D)`; `seen` `(B, 1, 1, N)` is false at the padding."""
        joint = self.query_key_value(tokens).unflatten(-1, (3, self.heads, -1))  # (B, N, 3, H, d)
        q, k, v = joint.permute(2, 0, 3, 1, 4)  # 3 x (B, H, N, d)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=seen)  # (B, H, N, d)
        joined = mixed.transpose(1, 2).flatten(2)  # (B, N, D)
        tokens = self.norm_attention(tokens + self.out(joined))  # (B, N, D)
        change = self.contract(self.expand(tokens, gelu=True))  # (B, N, D)
        normed: Tensor = self.norm_mlp(tokens + change)  # (B, N, D)
        return normed


class TextTower(nn.Module):
    """Turns word pieces into a unit vector for each text."""

    def __init__(self, sizes: TextSizes | None = None) -> None:
        super().__init__()
        sizes = sizes or TextSizes()
        self.sizes = sizes
        self.words = nn.Parameter(torch.zeros(sizes.vocabulary, sizes.width))
        self.positions = nn.Parameter(torch.zeros(sizes.positions, sizes.width))
        self.norm = nn.LayerNorm(sizes.width, eps=NORM_EPS)
        self.blocks = nn.ModuleList(Block(sizes) for _ in range(sizes.blocks))

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Map a batch of texts to float32 unit vectors `(B, D)`.

        Args:
            ids: Shape `(B, N)`, int64, `N` at most `sizes.positions`; any id at the padding.
            mask: Shape `(B, N)`, bool, false at the padding; each text has a token at least.
        """
        tokens = F.embedding(ids, self.words) + self.positions[: ids.shape[1]]  # (B, N, D)
        tokens = self.norm(tokens)  # (B, N, D)
        seen = mask[:, None, None]  # (B, 1, 1, N)
        for block in self.blocks:
            tokens = block(tokens, seen)  # (B, N, D)
        total = (tokens * mask[..., None]).sum(1)  # (B, D); its direction is the mean's
        return F.normalize(total.float(), dim=-1)  # (B, D)
