"""The text tower: all-MiniLM-L6-v2, a small post-norm BERT with mean pooling.

Written from the papers (BERT, arXiv 1810.04805; MiniLM, arXiv 2002.10957; mean pooling,
arXiv 1908.10084). Deliberate differences: the token type, always 0 here, is folded into the
positions; query, key and value are one product; 256 of the 512 positions are kept, the length the
original reads.

Letters: B batch, N tokens, D width, H heads, d = D / H.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sensorium.encoders.linear import Linear
from sensorium.mini.wordpiece import CONTENT, POSITIONS, Pieces, frame, wordpiece
from sensorium.percepts import Span

NORM_EPS = 1e-12
FILL = 224  # pieces aimed at, fewer than `CONTENT`, so that windows can end with a word
READ = 2**15  # characters tokenised at a time, as each takes 200 bytes of memory


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


def text_windows(text: str) -> Iterator[tuple[Span, Tensor]]:
    """Cut a text into a few windows that fit a forward pass, of about equal length.

    Cuts fall between words, never inside: a word is at most 100 pieces, in any script. The vector
    of a window equals that of the text `text[start:end]`.

    Args:
        text: Any string.
    Yields:
        Span in characters, in order, back to back from 0 to the end; token ids `(N,)`, int64, with
        start and end tokens.
    """
    start, reach = 0, READ
    while True:
        pieces = wordpiece().pieces(text[start : start + reach])
        cuts = _cuts(pieces)
        for (first, at), (last, end) in pairwise([(0, 0), *cuts]):
            yield Span(start + at, start + end), frame(pieces.ids[first:last])
        first, at = cuts[-1] if cuts else (0, 0)
        if start + reach >= len(text):
            yield Span(start + at, len(text)), frame(pieces.ids[first:])
            return
        start += at  # the last window is read again, with what follows it
        reach = READ if cuts else 2 * reach


def _cuts(pieces: Pieces) -> list[tuple[int, int]]:
    """Return the starts of all windows but the first, each as a piece and as a character."""
    cuts: list[tuple[int, int]] = []
    first = 0
    while (left := len(pieces.ids) - first) > CONTENT:
        parts = -(-left // FILL)  # rounded up: at least two
        word = bisect_right(pieces.firsts, first + left // parts) - 1
        first = pieces.firsts[word]
        cuts.append((first, pieces.starts[word]))
    return cuts
