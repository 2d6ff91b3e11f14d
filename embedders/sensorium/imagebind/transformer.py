"""Pre-norm transformer blocks, as the paper's towers use them.

Letters: B batch, N tokens, K keys (N, or N + 1 with a learned key), D width, H heads, d = D / H.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sensorium.imagebind.linear import Linear

NORM_EPS = 1e-6
MLP_RATIO = 4  # hidden width of the MLP, over the width of a token


class Attention(nn.Module):
    """Multi-head attention, optionally with one learned key and value that every query sees."""

    def __init__(self, width: int, heads: int, *, learned_key: bool) -> None:
        super().__init__()
        self.heads = heads
        self.query = Linear(width, width)
        self.key_value = Linear(width, 2 * width)
        self.out = Linear(width, width)
        self.bias_k = nn.Parameter(torch.zeros(1, 1, width)) if learned_key else None
        self.bias_v = nn.Parameter(torch.zeros(1, 1, width)) if learned_key else None

    def forward(self, queries: Tensor, tokens: Tensor, seen: Tensor | None) -> Tensor:
        """Let `queries` `(B, Q, D)` attend to `tokens` `(B, N, D)`.

        Args:
            queries: The tokens to compute: all of `tokens`, or the pooled one alone.
            tokens: The tokens that are attended to.
            seen: Bool, broadcastable to `(B, 1, Q, N)`, true where a query may see a token; `None`
                means everywhere.
        Returns:
            Shape `(B, Q, D)`.
        """
        key, value = self.key_value(tokens).chunk(2, dim=-1)  # 2 x (B, N, D)
        if self.bias_k is not None and self.bias_v is not None:
            batch = tokens.shape[0]
            key = torch.cat([key, self.bias_k.expand(batch, -1, -1)], dim=1)  # (B, K, D)
            value = torch.cat([value, self.bias_v.expand(batch, -1, -1)], dim=1)  # (B, K, D)
        q, k, v = (self._split(x) for x in (self.query(queries), key, value))  # (B, H, ., d)
        mixed = attend(q, k, v, seen)  # (B, H, Q, d)
        joined: Tensor = self.out(mixed.transpose(1, 2).flatten(2))  # (B, Q, D)
        return joined

    def _split(self, x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:2], self.heads, -1).transpose(1, 2)  # (B, H, ., d)


def attend(q: Tensor, k: Tensor, v: Tensor, seen: Tensor | None) -> Tensor:
    """Compute scaled dot-product attention of `(B, H, Q, d)` over `(B, H, K, d)`.

    In bfloat16 on a CPU two batched products are twice as fast as torch's fused kernel (257
    tokens, 16 heads, torch 2.14); everywhere else the fused kernel is used.
    """
    if q.device.type != "cpu" or q.dtype != torch.bfloat16:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=seen)
    rows, heads = q.shape[0], q.shape[1]
    q, k, v = (x.flatten(0, 1) for x in (q, k, v))  # (B H, ., d)
    logits = torch.bmm(q, k.transpose(1, 2)).mul_(q.shape[-1] ** -0.5)  # (B H, Q, K)
    if seen is not None:
        hidden = seen.logical_not().expand(rows, heads, -1, -1)  # (B, H, Q, K)
        logits = logits.masked_fill_(hidden.flatten(0, 1), float("-inf"))
    return torch.bmm(logits.softmax(-1), v).reshape(rows, heads, *q.shape[1:])  # (B, H, Q, d)


class Block(nn.Module):
    """Attention, then an MLP, each on a normalised copy and added back."""

    def __init__(self, width: int, heads: int, *, learned_key: bool) -> None:
        super().__init__()
        self.norm_attention = nn.LayerNorm(width, eps=NORM_EPS)
        self.attention = Attention(width, heads, learned_key=learned_key)
        self.norm_mlp = nn.LayerNorm(width, eps=NORM_EPS)
        self.expand = Linear(width, MLP_RATIO * width)
        self.contract = Linear(MLP_RATIO * width, width)

    def forward(self, tokens: Tensor, seen: Tensor | None = None) -> Tensor:
        """Map `(B, N, D)` to `(B, N, D)`; `seen` as in `Attention.forward`."""
        normed = self.norm_attention(tokens)  # (B, N, D)
        return self._mlp(tokens + self.attention(normed, normed, seen))  # (B, N, D)

    def pooled(self, tokens: Tensor, at: Tensor, seen: Tensor | None = None) -> Tensor:
        """Compute the pooled token of each item alone, the only output needed of the last block.

        Args:
            tokens: Shape `(B, N, D)`.
            at: Index of the pooled token, shape `(B,)`, int64.
            seen: Bool, broadcastable to `(B, 1, 1, N)`, as in `Attention.forward`.
        Returns:
            Shape `(B, D)`.
        """
        normed = self.norm_attention(tokens)  # (B, N, D)
        items = torch.arange(tokens.shape[0], device=tokens.device)
        attended = self.attention(normed[items, at][:, None], normed, seen)[:, 0]  # (B, D)
        return self._mlp(tokens[items, at] + attended)  # (B, D)

    def _mlp(self, tokens: Tensor) -> Tensor:
        hidden = self.expand(self.norm_mlp(tokens), gelu=True)  # (..., 4 D)
        change: Tensor = self.contract(hidden)  # (..., D)
        return tokens + change
