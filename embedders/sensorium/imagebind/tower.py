"""One tower: stem, transformer blocks, head; from a batch of one modality to unit vectors.

Written from the paper (arXiv 2305.05665, section 3.3 and appendix B) and the key names and shapes
of the released checkpoint. Deliberate differences: the last block computes the pooled token only;
a still picture is convolved once, not as two equal frames; texts are cut to the longest of the
batch; outputs are unit vectors, with the logit scale kept beside them.

Letters: B batch, N tokens, D width, E embedding.
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sensorium.imagebind.config import ImageBindConfig
from sensorium.imagebind.linear import Linear
from sensorium.imagebind.stems import (
    AUDIO_STRIDE,
    MAP_PATCH,
    MEL_BINS,
    MEL_FRAMES,
    PICTURE,
    ClassTokenStem,
    IMUStem,
    MapStem,
    TextStem,
    VisionStem,
)
from sensorium.imagebind.transformer import NORM_EPS, Block

MAX_LOGIT_SCALE = 100.0


class Tower(nn.Module):
    """One of the six: `vision`, `text`, `audio`, `depth`, `thermal` or `imu`."""

    def __init__(self, config: ImageBindConfig, name: str) -> None:
        """Build a tower with weights of zero.

        Args:
            config: Sizes of the whole model.
            name: Name of the tower, one of `TOWERS`.
        """
        super().__init__()
        sizes = config.tower(name)
        learned_key = name not in ("vision", "text")
        self.name = name
        self.stem = _stem(name, sizes.width)
        self.blocks = nn.ModuleList(
            Block(sizes.width, sizes.heads, learned_key=learned_key) for _ in range(sizes.blocks)
        )
        self.norm = nn.LayerNorm(sizes.width, eps=NORM_EPS)
        self.head = Linear(sizes.width, config.embedding, bias=False)
        # The other modalities were bound to pictures, whose scale is therefore 1 and not learned.
        self.log_logit_scale = None if name == "vision" else nn.Parameter(torch.zeros(()))

    @property
    def logit_scale(self) -> float:
        """Factor by which the reference multiplies this tower's unit vectors, at most 100."""
        if self.log_logit_scale is None:
            return 1.0
        return min(math.exp(self.log_logit_scale.item()), MAX_LOGIT_SCALE)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map one batch to float32 unit vectors `(B, E)`.

        Args:
            inputs: Inputs of the stem: token ids `(B, N)`; pictures `(B, 3, 224, 224)` or frame
                pairs `(B, 3, 2, 224, 224)`; maps `(B, 1, 224, 224)`; log-mels `(B, 1, 128, 204)`;
                IMU `(B, 6, 2000)`. All but ids have the tower's dtype.
        """
        tokens: Tensor = self.stem(inputs)  # (B, N, D)
        pooling = self.stem.pooling(inputs)
        for block in self.blocks[:-1]:
            tokens = block(tokens, pooling.seen)  # (B, N, D)
        last = cast(Block, self.blocks[-1])
        pooled = last.pooled(tokens, pooling.at, pooling.seen_at_end)  # (B, D)
        return F.normalize(self.head(self.norm(pooled)).float(), dim=-1)  # (B, E)


def _stem(name: str, width: int) -> TextStem | ClassTokenStem:
    if name == "text":
        return TextStem(width)
    if name == "vision":
        return VisionStem(width)
    if name == "imu":
        return IMUStem(width)
    if name == "audio":
        return MapStem(width, height=MEL_BINS, across=MEL_FRAMES, stride=AUDIO_STRIDE)
    return MapStem(width, height=PICTURE, across=PICTURE, stride=MAP_PATCH)
